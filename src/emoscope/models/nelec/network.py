"""NELEC: LSTM and GRU states, each pooled three ways (Agrawal & Suri 2019, arXiv 1904.03223)."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from emoscope.models.nelec.heads import Head, make_head, make_hidden
from emoscope.models.nelec.recurrent import Recurrent
from emoscope.models.shared.attention import (
    AdditiveAttention,
    FeedForwardAttention,
    masked_max,
    masked_mean,
)
from emoscope.models.shared.output import EmotionOutput

Attention = Literal["feed_forward", "additive"]
ATTENTIONS: dict[str, type[FeedForwardAttention] | type[AdditiveAttention]] = {
    "feed_forward": FeedForwardAttention,
    "additive": AdditiveAttention,
}

# Texts that a CPU works on at a time. The states of 8,192 texts at every step do not fit in its
# caches: sorted by length and in chunks they take less than half the time (`nelec_epoch.py`).
CHUNK = 512


class NelecConfig(PretrainedConfig):
    """Shape of a NELEC network.

    The published "Keras" form has `shared_branches=False, output_hidden=True`, the "PyTorch" form
    `shared_branches=True, output_hidden=False`.

    Args:
        vocabulary_size: rows of the embedding that belong to words of the training text.
        extension_size: further rows, for words that only the pretrained vectors know; never
            trained.
        embedding_size: dimensions of a word vector.
        hidden_size: units of each recurrent layer and direction, and of each dense layer.
        bidirectional: read the text in both directions.
        attention: `"feed_forward"` or `"additive"`.
        shared_branches: one attention and dense layer for the LSTM's and the GRU's states, or one
            each.
        output_hidden: a hidden layer between the concatenation and the logits.
        pooled_turns: how many turns, counted from the last one, are pooled on their own beside
            the whole text: it is the last turn whose emotion is asked for.
        boundary_token_id: id of the token between two turns; `pooled_turns` needs it.
        train_embeddings: whether the word vectors are parameters.
        spatial_dropout: probability of dropping a dimension of the word vectors from a whole text.
        layer_dropout: the same between the LSTM and the GRU.
        dropout: probability of dropping a unit of the pooled features and of the dense layers.
        recurrent_dropout: the same of the states that LSTM and GRU pass on, see `Recurrent`.
        head: how the features become logits, see `emoscope.models.nelec.heads`.
        others: places of the labels that are left out of averages; the heads `"two_stage"` and
            `"multitask"` need one.
    """

    model_type = "nelec"

    def __init__(  # noqa: PLR0913 - a configuration
        self,
        vocabulary_size: int = 2,
        extension_size: int = 0,
        embedding_size: int = 50,
        hidden_size: int = 32,
        bidirectional: bool = False,
        attention: Attention = "feed_forward",
        shared_branches: bool = False,
        output_hidden: bool = True,
        pooled_turns: int = 0,
        boundary_token_id: int | None = None,
        train_embeddings: bool = False,
        spatial_dropout: float = 0.25,
        layer_dropout: float = 0.0,
        dropout: float = 0.25,
        recurrent_dropout: float = 0.0,
        head: Head = "flat",
        others: Sequence[int] = (),
        pad_token_id: int = 0,
        **kwargs: Any,
    ) -> None:
        self.vocabulary_size = vocabulary_size
        self.extension_size = extension_size
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.bidirectional = bidirectional
        self.attention = attention
        self.shared_branches = shared_branches
        self.output_hidden = output_hidden
        self.pooled_turns = pooled_turns
        self.boundary_token_id = boundary_token_id
        self.train_embeddings = train_embeddings
        self.spatial_dropout = spatial_dropout
        self.layer_dropout = layer_dropout
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.head = head
        self.others = list(others)
        super().__init__(pad_token_id=pad_token_id, **kwargs)  # type: ignore[call-arg]


class SpatialDropout(nn.Module):
    """Drops whole dimensions of a sequence: the same ones at every token of a text."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, states: Tensor) -> Tensor:
        """(batch, tokens, hidden) → the same shape."""
        if not self.training or self.probability == 0:
            return states
        keep = states.new_ones(states.shape[0], 1, states.shape[2])
        return states * nn.functional.dropout(keep, self.probability)


class WordEmbedding(nn.Module):
    """Vectors of the training words, and fixed vectors of words never seen in training.

    Ids below `vocabulary_size` are rows of `words`; the others are rows of `extension`, kept in
    half precision because there may be 400,000 of them.
    """

    extension: Tensor

    def __init__(self, config: NelecConfig) -> None:
        super().__init__()
        self.words = nn.Embedding(
            config.vocabulary_size, config.embedding_size, padding_idx=config.pad_token_id
        )
        self.words.weight.requires_grad_(config.train_embeddings)
        self.register_buffer(
            "extension",
            torch.zeros(config.extension_size, config.embedding_size, dtype=torch.float16),
        )

    def forward(self, input_ids: Tensor) -> Tensor:
        """(batch, tokens) → (batch, tokens, embedding)."""
        size = self.words.num_embeddings
        vectors: Tensor = self.words(input_ids.where(input_ids < size, 0))
        if not len(self.extension):
            return vectors
        unseen = (input_ids >= size).unsqueeze(-1)
        rows = nn.functional.embedding((input_ids - size).clamp(min=0), self.extension)
        return torch.where(unseen, rows.to(vectors.dtype), vectors)


class Pooling(nn.Module):
    """Attention, mean and maximum of the states that a mask chooses."""

    def __init__(self, attention: Attention, input_size: int) -> None:
        super().__init__()
        self.attention = ATTENTIONS[attention](input_size)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled states, (batch, 3 · input), and attention weights, (batch, tokens).

        Args:
            states: (batch, tokens, input).
            mask: (batch, tokens), bool, at least one true a row.
        """
        attended, weights = self.attention(states, mask)
        pooled = [attended, masked_mean(states, mask), masked_max(states, mask)]
        return torch.cat(pooled, dim=-1), weights


class Branch(nn.Module):
    """States of one recurrent layer, pooled over the text and over turns → a dense layer."""

    def __init__(self, config: NelecConfig, input_size: int) -> None:
        super().__init__()
        views = 1 + config.pooled_turns
        self.poolings = nn.ModuleList(Pooling(config.attention, input_size) for _ in range(views))
        self.dropout = nn.Dropout(config.dropout)
        self.dense = nn.Linear(3 * input_size * views, config.hidden_size)

    def forward(self, states: Tensor, masks: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Features, (batch, hidden), and the attention weights over the text, (batch, tokens).

        Args:
            states: (batch, tokens, input).
            masks: (batch, tokens), bool: of the text, then of each turn pooled on its own.
        """
        views = [pool(states, mask) for pool, mask in zip(self.poolings, masks, strict=True)]
        pooled = torch.cat([features for features, _ in views], dim=-1)
        return torch.relu(self.dense(self.dropout(pooled))), views[0][1]


def make_turn_masks(
    input_ids: Tensor, mask: Tensor, boundary: int | None, turns: int
) -> list[Tensor]:
    """The real tokens of the last turn, of the one before it, and so on.

    A turn that is empty or that a text does not have is taken to be the whole text, so that there
    is something to pool.

    Args:
        input_ids: (batch, tokens).
        mask: (batch, tokens), bool.
        boundary: id of the token between two turns.
        turns: how many.
    """
    boundaries = (input_ids == boundary) & mask if boundary is not None else mask & ~mask
    from_end = boundaries.sum(1, keepdim=True) - boundaries.cumsum(1)
    words = mask & ~boundaries
    chosen = [words & (from_end == turn) for turn in range(turns)]
    return [torch.where(one_turn.any(1, keepdim=True), one_turn, mask) for one_turn in chosen]


class Nelec(PreTrainedModel):
    """Word vectors → LSTM → GRU; both layers' states pooled, concatenated and classified."""

    config_class = NelecConfig
    config: NelecConfig
    base_model_prefix = "nelec"
    main_input_name = "input_ids"
    attention_branches = ("LSTM", "GRU")

    def __init__(self, config: NelecConfig) -> None:
        super().__init__(config)
        self.embedding = WordEmbedding(config)
        self.spatial_dropout = SpatialDropout(config.spatial_dropout)
        hidden, both = config.hidden_size, config.bidirectional
        again = config.recurrent_dropout
        self.lstm = Recurrent("lstm", config.embedding_size, hidden, both, again)
        width = self.lstm.output_size
        self.layer_dropout = SpatialDropout(config.layer_dropout)
        self.gru = Recurrent("gru", width, hidden, both, again)
        self.lstm_branch = Branch(config, width)
        self.gru_branch = None if config.shared_branches else Branch(config, width)
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = (
            make_hidden(2 * hidden, hidden, config.dropout)
            if config.output_hidden
            else nn.Identity()
        )
        features = hidden if config.output_hidden else 2 * hidden
        self.classifier = make_head(config, features, len(config.id2label or {}))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Keep the initialisation that each layer's own constructor made."""

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> EmotionOutput:
        """Scores of a batch of texts.

        Args:
            input_ids: (batch, tokens), word ids, padded at the end.
            attention_mask: (batch, tokens), true at real tokens; at least one a row.

        Returns:
            Logits (batch, labels) and the attention weights of the LSTM's and the GRU's branch,
            (batch, 2, tokens).
        """
        mask = attention_mask.bool()
        if len(mask) <= CHUNK or input_ids.device.type != "cpu":
            logits, weights = self.score(input_ids, mask)
            return self.to_output(logits, weights)
        lengths, order = mask.sum(1).sort(descending=True, stable=True)
        parts = [
            self.score(input_ids[rows, :width], mask[rows, :width])
            for rows, width in zip(
                torch.split(order, CHUNK), lengths[::CHUNK].tolist(), strict=True
            )
        ]
        longest = mask.shape[1]
        padded = [nn.functional.pad(part, (0, longest - part.shape[2])) for _, part in parts]
        back = order.argsort()
        return self.to_output(
            torch.cat([logits for logits, _ in parts])[back], torch.cat(padded)[back]
        )

    def to_output(self, logits: Tensor, weights: Tensor) -> EmotionOutput:
        """What the head gave, (batch, labels) or with a column more, and attention weights."""
        if self.config.head != "multitask":
            return EmotionOutput(logits=logits, attentions=weights)
        return EmotionOutput(logits=logits[:, :-1], attentions=weights, stage=logits[:, -1])

    def score(self, input_ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """What the head gives of one chunk, and attention weights (batch, 2, tokens).

        Args:
            input_ids: (batch, tokens).
            mask: (batch, tokens), bool.
        """
        inputs = self.spatial_dropout(self.embedding(input_ids))
        lstm_states = self.lstm(inputs, mask)
        gru_states = self.gru(self.layer_dropout(lstm_states), mask)
        boundary, turns = self.config.boundary_token_id, self.config.pooled_turns
        masks = [mask, *make_turn_masks(input_ids, mask, boundary, turns)]
        of_lstm, lstm_weights = self.lstm_branch(lstm_states, masks)
        of_gru, gru_weights = (self.gru_branch or self.lstm_branch)(gru_states, masks)
        features = self.hidden(self.dropout(torch.cat([of_lstm, of_gru], dim=-1)))
        return self.classifier(features), torch.stack([lstm_weights, gru_weights], dim=1)
