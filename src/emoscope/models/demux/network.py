"""Demux: labels are read as words, and each gets one vector and one score.

h_i is the mean of the encoder's states over the sub-tokens of label i; a head shared by all labels
scores it. As the labels are input, they can be added, removed, translated or regrouped after
training (Chochlakis et al. 2022, arXiv 2210.15842 and 2211.00171). As published, all labels stand
in one prompt and see each other; independent labels (`emoscope.models.demux.independent`) do not.
"""

from typing import Any, Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from emoscope.models.demux.independent import ask, read_label_words, read_texts
from emoscope.models.shared.backbone import make_backbone, make_encoder_inputs
from emoscope.models.shared.late_interaction import check_joint_layers, compute_late_states
from emoscope.models.shared.output import EmotionOutput

Cluster = Literal["tokens", "max", "mean", "logsumexp"]
Labels = Literal["joint", "independent"]
SCALE = 20.0
"""What a cosine is multiplied by before training, as sentence encoders are trained with."""
USUAL_COSINE = 0.25
"""Of a text and a word that have little to do with each other; scores begin at 0 there."""


class TextReading(NamedTuple):
    """What independent labels make of texts.

    Attributes:
        scores: the scores of the head, (batch, labels).
        states: the states of the labels, (batch, labels, hidden).
        vectors: the vectors of the texts, unit length, (batch, hidden); None without `similarity`.
    """

    scores: Tensor
    states: Tensor
    vectors: Tensor | None


class DemuxConfig(PretrainedConfig):
    """Shape of a Demux model.

    Args:
        backbone: configuration of the pretrained encoder, `PretrainedConfig.to_dict()`.
        cluster: what a label of several words is: `"tokens"`, the mean state of all their tokens;
            or the maximum, mean or log-sum-exp of the words' own scores.
        dropout: probability of dropping a unit in the head.
        joint_layers: how many of the encoder's top layers let labels and text see each other; see
            `emoscope.models.shared.late_interaction`. All of them if None, as published. Of
            independent labels: in how many they read the text.
        labels: `"joint"`, in one prompt as published, or `"independent"`, each for itself.
        label_feed_forward: of independent labels, how many of the top layers have their
            feed-forward part for labels too; all joint ones if None.
        similarity: of independent labels, begin with the cosine of text and label under the
            encoder, to which the head adds what reading tells. A sentence encoder then starts from
            what it knows of any words, rather than unlearning it.
    """

    model_type = "demux"

    def __init__(  # noqa: PLR0913 - a configuration
        self,
        backbone: dict[str, Any] | None = None,
        cluster: Cluster = "tokens",
        dropout: float = 0.1,
        joint_layers: int | None = None,
        labels: Labels = "joint",
        label_feed_forward: int | None = None,
        similarity: bool = False,
        **kwargs: Any,
    ) -> None:
        self.backbone = backbone or {}
        self.cluster = cluster
        self.dropout = dropout
        self.joint_layers = joint_layers
        self.labels = labels
        self.label_feed_forward = label_feed_forward
        self.similarity = similarity
        super().__init__(**kwargs)


class Demux(PreTrainedModel):
    """A pretrained encoder that reads labels and text; the states of each label are scored.

    Args:
        config: the configuration of the model.
        backbone: the pretrained encoder; a new one of the configured shape if None.
    """

    config_class = DemuxConfig
    config: DemuxConfig
    base_model_prefix = "demux"
    main_input_name = "input_ids"
    _supports_sdpa = True

    def __init__(self, config: DemuxConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        self.backbone = make_backbone(config.backbone) if backbone is None else backbone
        if config.joint_layers is not None or config.labels == "independent":
            check_joint_layers(self.backbone, self.joint_layers)
        hidden = self.backbone.config.hidden_size
        self.head = nn.Sequential(
            nn.Linear(hidden, hidden), nn.Tanh(), nn.Dropout(config.dropout), nn.Linear(hidden, 1)
        )
        if config.similarity:
            self.scale = nn.Parameter(torch.tensor(SCALE))
            score = cast(nn.Linear, self.head[-1])
            nn.init.zeros_(score.weight)
            nn.init.constant_(score.bias, -SCALE * USUAL_COSINE)
        self.post_init()

    @property
    def joint_layers(self) -> int:
        """In how many of the encoder's top layers labels read the text."""
        every = int(self.backbone.config.num_hidden_layers)
        return every if self.config.joint_layers is None else self.config.joint_layers

    def _init_weights(self, module: nn.Module) -> None:
        """Keep the initialisation that each layer's own constructor made."""

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        word_mask: Tensor,
        word_labels: Tensor,
        token_type_ids: Tensor | None = None,
        label_tokens: Tensor | None = None,
    ) -> EmotionOutput:
        """Scores of a batch of texts, all asked for the same labels.

        Args:
            input_ids: (batch, tokens), joint labels first.
            attention_mask: (batch, tokens), true at real tokens.
            word_mask: (words, P), tokens of each label word: among the first P tokens of the
                prompt, or of the word's own sequence.
            word_labels: (words,), the label that each word belongs to.
            token_type_ids: (batch, tokens).
            label_tokens: the label tokens of independent labels, (2, words, P): ids of each word's
                own sequence, and 1 at its real tokens.

        Returns:
            Logits (batch, labels) and label representations (batch, labels, hidden).
        """
        inputs = make_encoder_inputs(
            self.backbone, input_ids, attention_mask.long(), token_type_ids
        )
        if label_tokens is not None:
            return self.ask(inputs, self.read_labels(label_tokens, word_mask), word_labels)
        labels = int(word_labels.max()) + 1
        member = nn.functional.one_hot(word_labels, labels).T.float()  # (labels, words)
        tokens = word_mask.float()
        of_labels = normalise_rows(member @ tokens)
        if self.config.cluster == "tokens":
            representations = self.states(inputs, of_labels)
            logits = self.head(representations).squeeze(-1)
        else:
            states = self.states(inputs, torch.cat([of_labels, normalise_rows(tokens)]))
            representations, words = states[:, :labels], states[:, labels:]
            logits = combine_scores(self.head(words).squeeze(-1), member, self.config.cluster)
        return EmotionOutput(logits=logits, representations=representations)

    def read_labels(self, label_tokens: Tensor, word_mask: Tensor) -> Tensor:
        """States of label words that have read no text; once for any texts.

        Args:
            label_tokens: as of `forward`.
            word_mask: as of `forward`.

        Returns:
            (words, hidden), or (words, 2 hidden) with `similarity`.
        """
        tokens, mask = label_tokens
        inputs = make_encoder_inputs(self.backbone, tokens, mask, torch.zeros_like(tokens))
        return read_label_words(
            self.backbone, self.joint_layers, inputs, word_mask, self.config.similarity
        )

    def ask(self, inputs: dict[str, Tensor], words: Tensor, word_labels: Tensor) -> EmotionOutput:
        """Scores of independent labels.

        Args:
            inputs: the inputs of the encoder, each (batch, tokens).
            words: from `read_labels`, (words, hidden).
            word_labels: as of `forward`.
        """
        labels = int(word_labels.max()) + 1
        member = nn.functional.one_hot(word_labels, labels).T.to(words)  # (labels, words)
        queries = normalise_rows(member) @ words if self.config.cluster == "tokens" else words
        reading = self.read(inputs, queries)
        scores, states = self.scores(reading, queries), reading.states
        if self.config.cluster == "tokens":
            return EmotionOutput(logits=scores, representations=states)
        return EmotionOutput(
            logits=combine_scores(scores, member.float(), self.config.cluster),
            representations=normalise_rows(member).to(states) @ states,
        )

    def read(self, inputs: dict[str, Tensor], queries: Tensor) -> TextReading:
        """What labels make of texts.

        Args:
            inputs: as of `ask`.
            queries: states of the labels, as of `read_labels`.
        """
        joint, fed = self.joint_layers, self.config.label_feed_forward
        texts = read_texts(self.backbone, joint, inputs, self.config.similarity)
        hidden = int(self.backbone.config.hidden_size)
        fed = joint if fed is None else fed
        states = ask(self.backbone, joint, texts, queries[:, :hidden], fed)
        return TextReading(self.head(states).squeeze(-1), states, texts.vectors)

    def scores(self, reading: TextReading, queries: Tensor) -> Tensor:
        """Logits (batch, labels): what was read, and the similarity of text and label.

        Args:
            reading: from `read`.
            queries: as of `read`.
        """
        if reading.vectors is None:
            return reading.scores
        vectors = queries[:, reading.states.shape[-1] :].float()
        cosines = reading.vectors @ nn.functional.normalize(vectors, dim=-1).T
        return reading.scores + self.scale * cosines

    def states(self, inputs: dict[str, Tensor], rows: Tensor) -> Tensor:
        """Mean states of groups of label tokens, (batch, rows, hidden).

        Args:
            inputs: the inputs of the encoder, labels first.
            rows: (rows, P), weights that average the tokens of each group.
        """
        if self.config.joint_layers is not None:
            return compute_late_states(self.backbone, self.config.joint_layers, inputs, rows)
        states: Tensor = self.backbone(**inputs).last_hidden_state[:, : rows.shape[1]]
        return rows.to(states) @ states


def normalise_rows(weights: Tensor) -> Tensor:
    """Scale rows so that they sum to one."""
    return weights / weights.sum(dim=-1, keepdim=True)


def combine_scores(scores: Tensor, member: Tensor, how: Cluster) -> Tensor:
    """Scores of words → scores of labels.

    Args:
        scores: (batch, words).
        member: (labels, words), 1 where a word belongs to a label.
        how: `"max"`, `"mean"` or `"logsumexp"`.
    """
    if how == "mean":
        return scores @ normalise_rows(member).T
    inside = scores[:, None].masked_fill(member[None] == 0, -torch.inf)
    return inside.amax(dim=-1) if how == "max" else inside.logsumexp(dim=-1)
