"""Labels first, then the text: the input of Demux.

    [CLS] anger anticipation … or trust [SEP] the text [SEP]

Chochlakis et al. 2022, arXiv 2210.15842 and 2211.00171; after SpanEmo, Alhuzali & Ananiadou 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Batch
from emoscope.encoding.prompt import Frame
from emoscope.encoding.prompted import PromptedEncoder
from emoscope.encoding.tokens import TextTokenizer
from emoscope.taxonomy import Taxonomy

DISJUNCTIONS = {
    "ar": "أو",
    "de": "oder",
    "en": "or",
    "es": "o",
    "fr": "ou",
    "hi": "या",
    "it": "o",
    "pt": "ou",
}
"""The word before the last one shown, by language; others have none."""


@dataclass(frozen=True)
class LabelPrompt:
    """The labels of a taxonomy as tokens.

    Attributes:
        frame: around the text.
        word_mask: tokens of each word, (W, P) over the tokens before the text.
        word_labels: which label each word belongs to, (W,), counted over the labels shown, in the
            order of the taxonomy.
    """

    frame: Frame
    word_mask: NDArray[np.bool_]
    word_labels: NDArray[np.int64]


def make_label_prompt(
    tokenizer: TextTokenizer, taxonomy: Taxonomy, order: Sequence[int] | None = None
) -> LabelPrompt:
    """Write the labels' words one after the other, and find the tokens of each by its offsets.

    Args:
        tokenizer: the tokenizer of the model.
        taxonomy: the labels; their words are shown in its language.
        order: places of the labels to show, in this order; all of them if None.

    Raises:
        InputError: a word that the tokenizer makes nothing of, or unknown tokens alone.
    """
    shown = list(range(len(taxonomy))) if order is None else list(order)
    rank = {label: place for place, label in enumerate(sorted(shown))}
    words = [(rank[label], word) for label in shown for word in taxonomy.labels[label].words]
    text, spans = "", []
    disjunction = DISJUNCTIONS.get(taxonomy.language)
    for place, (_, word) in enumerate(words):
        if place == len(words) - 1 and place and disjunction:
            text += f" {disjunction}"
        text += " " * bool(text)
        spans.append((len(text), len(text) + len(word)))
        text += word
    encoding = tokenizer.pair(text, "x")
    frame = Frame.around(encoding, 1, tokenizer.special_id("pad"))
    ours = np.array([owner == 0 for owner in encoding.sequence_ids[: len(frame.before)]])
    plain = np.where(ours, tokenizer.ordinary(frame.before), frame.before)
    frame = replace(frame, before=plain.tolist())
    starts, ends = np.array(encoding.offsets[: len(frame.before)]).T
    mask = np.stack([ours & (starts < end) & (ends > start) for start, end in spans])
    for (_, word), found in zip(words, mask, strict=True):
        tokenizer.check_word(word, plain[found].tolist())
    return LabelPrompt(frame, mask, np.array([label for label, _ in words], dtype=np.int64))


@dataclass(frozen=True)
class DemuxEncoder(PromptedEncoder):
    """Labels in the prompt, then the cleaned turns."""

    kind = "demux"

    @cached_property
    def prompt(self) -> LabelPrompt:
        """All labels in the taxonomy's order."""
        return make_label_prompt(self.tokenizer, self.taxonomy)

    @property
    def frame(self) -> Frame:
        """The labels, and the special tokens."""
        return self.prompt.frame

    def batch(
        self, encoded: Ragged, rows: NDArray[np.int64], order: Sequence[int] | None = None
    ) -> Batch:
        """Labels and texts.

        Returns:
            `input_ids`, `attention_mask`, `token_type_ids`, each (B, T); `word_mask` (W, P) and
            `word_labels` (W,), as in `LabelPrompt`.
        """
        prompt = (
            self.prompt
            if order is None
            else make_label_prompt(self.tokenizer, self.taxonomy, order)
        )
        # In another order the labels may take more tokens than the texts were cut for.
        arrays = prompt.frame.wrap(encoded, rows, self.tokenizer.window)
        return arrays | {"word_mask": prompt.word_mask, "word_labels": prompt.word_labels}
