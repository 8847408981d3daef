"""MEmo: a sentence about the emotion of a text, with the emotion masked.

What the encoder makes of the mask is classified (`ffn`), projected into one vector a label and
scored (`projections`), or read by the pretrained head that guesses masked words (`mlm`), which can
then score any labels (Chochlakis et al. 2022, arXiv 2210.15842).
"""

from contextvars import ContextVar
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from emoscope.models.demux.network import normalise_rows
from emoscope.models.shared.backbone import encode, make_backbone, make_encoder_inputs
from emoscope.models.shared.output import EmotionOutput

Head = Literal["ffn", "projections", "mlm"]
Masks = Literal["sum", "concatenate"]
Synonyms = Literal["sum", "mean", "product"]
_MASKS: ContextVar[Tensor | None] = ContextVar("masks", default=None)


class MemoConfig(PretrainedConfig):
    """Shape of a MEmo model.

    Args:
        backbone: configuration of the pretrained encoder, `PretrainedConfig.to_dict()`.
        head: `"ffn"`, `"projections"` or `"mlm"`.
        masks: how many the template has.
        combine_masks: the states of several masks are summed or concatenated.
        synonyms: how the `mlm` head combines the scores of a label's words.
        dropout: probability of dropping a unit in the head.
    """

    model_type = "memo"

    def __init__(
        self,
        backbone: dict[str, Any] | None = None,
        head: Head = "ffn",
        masks: int = 1,
        combine_masks: Masks = "sum",
        synonyms: Synonyms = "mean",
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        self.backbone = backbone or {}
        self.head = head
        self.masks = masks
        self.combine_masks = combine_masks
        self.synonyms = synonyms
        self.dropout = dropout
        super().__init__(**kwargs)


class Memo(PreTrainedModel):
    """A pretrained encoder that reads a masked sentence and a text; the mask is scored.

    Args:
        config: the configuration of the model.
        backbone: the pretrained encoder, with its masked-language head for the head `"mlm"`; a new
            one of the configured shape if None.
    """

    config_class = MemoConfig
    config: MemoConfig
    base_model_prefix = "memo"
    main_input_name = "input_ids"
    _supports_sdpa = True

    @property
    def fixed_labels(self) -> bool:
        """Whether the head scores the labels it was trained for, and no others."""
        return self.config.head != "mlm"

    def __init__(self, config: MemoConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        masked = config.head == "mlm"
        self.backbone = make_backbone(config.backbone, masked) if backbone is None else backbone
        hidden = self.backbone.config.hidden_size
        width = hidden * (config.masks if config.combine_masks == "concatenate" else 1)
        labels = len(config.id2label or {})
        if config.head == "ffn":
            self.dense = nn.Linear(width, hidden)
            self.scorer = nn.Linear(hidden, labels)
        elif config.head == "projections":
            self.dense = nn.Linear(width, labels * hidden)
            self.scorer = nn.Linear(hidden, 1)
        else:
            self.backbone.base_model.register_forward_hook(_keep_masks)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Keep the initialisation that each layer's own constructor made."""

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        mask_positions: Tensor,
        label_tokens: Tensor,
        word_labels: Tensor,
        token_type_ids: Tensor | None = None,
    ) -> EmotionOutput:
        """Scores of a batch of texts.

        Args:
            input_ids: (batch, tokens).
            attention_mask: (batch, tokens), true at real tokens.
            mask_positions: (batch, masks), where the masks stand.
            label_tokens: (words, L), sub-tokens of each label word, padded with -1; read by the
                head `"mlm"`.
            word_labels: (words,), the label that each word belongs to.
            token_type_ids: (batch, tokens).

        Returns:
            Logits (batch, labels), and with the head `"projections"` label representations
            (batch, labels, hidden).
        """
        mask = attention_mask.long()
        if self.config.head == "mlm":
            inputs = make_encoder_inputs(self.backbone, input_ids, mask, token_type_ids)
            guesses = self.guesses(inputs, mask_positions)
            return EmotionOutput(logits=self.word_scores(guesses, label_tokens, word_labels))
        states = encode(self.backbone, input_ids, mask, token_type_ids)
        found = _select_masks(states, mask_positions)
        joined = found.flatten(1) if self.config.combine_masks == "concatenate" else found.sum(1)
        hidden = self.dense(self.dropout(joined))
        if self.config.head == "ffn":
            return EmotionOutput(logits=self.scorer(self.dropout(torch.tanh(hidden))))
        representations = torch.tanh(hidden.unflatten(1, (-1, self.backbone.config.hidden_size)))
        logits = self.scorer(self.dropout(representations)).squeeze(-1)
        return EmotionOutput(logits=logits, representations=representations)

    def guesses(self, inputs: dict[str, Tensor], mask_positions: Tensor) -> Tensor:
        """Logits of the vocabulary at the masks by the encoder's own head, (batch, masks, words).

        Args:
            inputs: the inputs of the encoder.
            mask_positions: (batch, masks).
        """
        token = _MASKS.set(mask_positions)
        try:
            logits: Tensor = self.backbone(**inputs).logits
        finally:
            _MASKS.reset(token)
        return logits

    def word_scores(self, guesses: Tensor, label_tokens: Tensor, word_labels: Tensor) -> Tensor:
        """Logits (batch, labels) from the guesses at the masks.

        A word of several sub-tokens scores their mean; several masks score their mean.

        Args:
            guesses: logits of the vocabulary, (batch, masks, vocabulary).
            label_tokens: (words, L), padded with -1.
            word_labels: (words,).
        """
        vocabulary = guesses.mean(dim=1)
        real = label_tokens >= 0
        scores = vocabulary[:, label_tokens.clamp(min=0)] * real
        words = scores.sum(-1) / real.sum(-1)  # (batch, words)
        member = nn.functional.one_hot(word_labels, int(word_labels.max()) + 1).T.to(words)
        if self.config.synonyms == "product":
            inside = torch.where(member[None] > 0, words[:, None], 1.0)
            return torch.prod(inside, dim=-1)
        weights = normalise_rows(member) if self.config.synonyms == "mean" else member
        return nn.functional.linear(words, weights)


def _select_masks(states: Tensor, mask_positions: Tensor) -> Tensor:
    """States (batch, masks, hidden) of the masks among those of all tokens."""
    at = mask_positions.unsqueeze(-1).expand(-1, -1, states.shape[-1])
    return states.gather(1, at)


def _keep_masks(_module: nn.Module, _inputs: Any, output: Any) -> None:
    """Keep the masks' states alone of what an encoder made, so that its head guesses only there.

    Encoders differ in how they keep their head, so it is called through them; a vocabulary for
    every token would not fit into memory. The places come by a context variable, as texts may be
    scored in several threads.
    """
    positions = _MASKS.get()
    if positions is not None:
        output.last_hidden_state = _select_masks(output.last_hidden_state, positions)
