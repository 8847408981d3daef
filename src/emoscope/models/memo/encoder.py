"""A sentence with the emotion masked, then the text: the input of MEmo.

    [CLS] emotion [MASK] in tweet the text [SEP]

Chochlakis et al. 2022, arXiv 2210.15842.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emoscope.encoding.batching import Ragged
from emoscope.encoding.encoder import Batch
from emoscope.encoding.prompt import Frame
from emoscope.encoding.prompted import PromptedEncoder
from emoscope.encoding.tokens import TextTokenizer
from emoscope.errors import InputError
from emoscope.folder import ModelFolder
from emoscope.taxonomy import Taxonomy

TEMPLATES = {
    "ar": "عاطفة {mask} في تغريدة {text}",
    "de": "Gefühl {mask} im Text {text}",
    "en": "emotion {mask} in tweet {text}",
    "es": "emoción {mask} en tweet {text}",
    "fr": "émotion {mask} dans le tweet {text}",
    "hi": "भावना {mask} इस पाठ में {text}",
}
"""By language of the labels' words."""
MASK, TEXT = "{mask}", "{text}"
MAX_MASKS = 8


def find_template(language: str) -> str:
    """The template of a language; English where there is none."""
    return TEMPLATES.get(language, TEMPLATES["en"])


def check_template(template: str) -> int:
    """How many masks a template has.

    Raises:
        InputError: not exactly one `{text}`, or no `{mask}`, or too many.
    """
    masks = template.count(MASK)
    if template.count(TEXT) != 1 or not 1 <= masks <= MAX_MASKS:
        raise InputError(
            f"Expected a template with one {TEXT} and one to {MAX_MASKS} {MASK}, such as "
            f"{TEMPLATES['en']!r}; got {template!r}."
        )
    return masks


@dataclass(frozen=True)
class MaskedPrompt:
    """A template as tokens.

    Attributes:
        frame: around the text.
        before: places of the masks before the text, counted from the start.
        after: places of the masks after the text, counted from the first token after it.
    """

    frame: Frame
    before: tuple[int, ...]
    after: tuple[int, ...]


def make_masked_prompt(tokenizer: TextTokenizer, template: str) -> MaskedPrompt:
    """Put the masks, as the special token, among the tokens of a template.

    Args:
        tokenizer: the tokenizer of the model; it needs a mask token.
        template: with one `{text}` and one or more `{mask}`.

    Raises:
        InputError: a template or a tokenizer that will not do.
    """
    check_template(template)
    mask = tokenizer.special_id("mask")
    around = Frame.around(tokenizer.single("x"), 0, tokenizer.special_id("pad"))
    before, after = (_encode_side(tokenizer, side, mask) for side in template.split(TEXT))
    text_type = around.text_type
    frame = Frame(
        before=[*around.before, *before],
        after=[*after, *around.after],
        before_types=[*around.before_types, *[text_type] * len(before)],
        after_types=[*[text_type] * len(after), *around.after_types],
        text_type=text_type,
        pad=around.pad,
    )
    start = len(around.before)
    return MaskedPrompt(
        frame,
        tuple(start + place for place, token in enumerate(before) if token == mask),
        tuple(place for place, token in enumerate(after) if token == mask),
    )


def _encode_side(tokenizer: TextTokenizer, side: str, mask: int) -> list[int]:
    """Ids of what stands on one side of the text."""
    ids: list[int] = []
    for place, piece in enumerate(side.split(MASK)):
        ids += [mask] * (place > 0)
        # A tokenizer that tells " in" from "in" sees the space before; the one after a piece
        # belongs to what follows it.
        if piece.strip():
            ids += tokenizer.ids([piece.rstrip()])[0]
    return ids


@dataclass(frozen=True)
class MemoEncoder(PromptedEncoder):
    """The template around the cleaned turns.

    Attributes:
        template: with one `{text}` and one or more `{mask}`; that of the language of the labels'
            words if None.
        open_labels: whether the model's head scores the labels by their words, so that it takes
            any.
    """

    template: str | None = None
    open_labels: bool = False

    kind = "memo"

    @property
    def sentence(self) -> str:
        """The template that is in use."""
        return self.template or find_template(self.taxonomy.language)

    @cached_property
    def prompt(self) -> MaskedPrompt:
        """The template as tokens."""
        return make_masked_prompt(self.tokenizer, self.sentence)

    @cached_property
    def words(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Sub-tokens of the labels' words, (W, L) padded with -1, and each word's label, (W,)."""
        words = [
            (place, word)
            for place, label in enumerate(self.taxonomy.labels)
            for word in label.words
        ]
        ids = self.tokenizer.ids([f" {word}" for _, word in words])
        tokens = np.full((len(words), max(map(len, ids))), -1, dtype=np.int64)
        for row, pieces in enumerate(ids):
            # A head of the labels' own does not read them.
            if self.open_labels:
                self.tokenizer.check_word(words[row][1], pieces)
            tokens[row, : len(pieces)] = pieces
        return tokens, np.array([label for label, _ in words], dtype=np.int64)

    @property
    def frame(self) -> Frame:
        """The template, and the special tokens."""
        return self.prompt.frame

    @property
    def prefix(self) -> str:
        """The space that the template has before the text."""
        return " " if self.sentence.partition(TEXT)[0][-1:].isspace() else ""

    def batch(
        self, encoded: Ragged, rows: NDArray[np.int64], order: Sequence[int] | None = None
    ) -> Batch:
        """Templates with texts.

        Args:
            encoded: from `encode`.
            rows: which texts, (B,).
            order: has no meaning here, as no label is shown.

        Returns:
            `input_ids`, `attention_mask`, `token_type_ids`, each (B, T); `mask_positions` (B, M);
            `label_tokens` (W, L) and `word_labels` (W,), as in `words`.
        """
        prompt = self.prompt
        arrays = prompt.frame.wrap(encoded, rows)
        lengths = encoded.lengths[rows][:, None] + len(prompt.frame.before)
        before = np.broadcast_to(
            np.array(prompt.before, dtype=np.int64), (len(rows), len(prompt.before))
        )
        after = lengths + np.array(prompt.after, dtype=np.int64)
        tokens, word_labels = self.words
        return arrays | {
            "mask_positions": np.concatenate([before, after], axis=1),
            "label_tokens": tokens,
            "word_labels": word_labels,
        }

    def for_taxonomy(self, taxonomy: Taxonomy) -> Self:
        """The encoder whose head scores the words of other labels, or the same in another language.

        Raises:
            InputError: the head was trained for a fixed set of labels.
        """
        if not self.open_labels and taxonomy.names != self.taxonomy.names:
            raise InputError(
                "This MEmo model has a head of its own for its labels "
                f"({', '.join(self.taxonomy.names)}) and cannot score others. Take a Demux model, "
                "or a MEmo model with the masked-language head (model.head: mlm)."
            )
        return super().for_taxonomy(taxonomy)

    def to_config(self) -> dict[str, Any]:
        """What `preprocessing.json` of a model folder holds; the tokenizer has a file."""
        own = {"template": self.template, "open_labels": self.open_labels}
        return super().to_config() | own

    @classmethod
    def read_fields(cls, folder: ModelFolder) -> dict[str, Any]:
        """The fields of the encoder of a model folder.

        Raises:
            InputError: a description or a tokenizer that was edited.
        """
        template = folder.preprocessing.get("template")
        if template is not None:
            check_template(template if isinstance(template, str) else "")
        return super().read_fields(folder) | {
            "template": template,
            "open_labels": folder.preprocessing.get("open_labels") is True,
        }
