"""The tokenizer of a pretrained encoder, on the `tokenizers` library alone.

What a stranger writes is text: `[SEP]` in a tweet or in a label is three ordinary tokens, never
the separator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Encoding, Tokenizer

from emoscope.bounded import read_bounded
from emoscope.errors import InputError

TOKENIZER = "tokenizer.json"
MAX_BYTES = 200_000_000
"""Of a tokenizer's file; those of hundreds of thousands of tokens have 20 MB."""
MAX_WINDOW = 1_000_000
_TRIAL = ("x \U0010ffff", "x")
"""Two texts, in one of which is what no vocabulary has."""
SPECIAL = ("pad", "sep", "mask", "unk")


@dataclass(frozen=True)
class TextTokenizer:
    """Text to ids of sub-tokens.

    Attributes:
        tokenizer: any tokenizer that the `tokenizers` library reads ("fast").
        special: the tokens that pad, part two turns, ask, and stand for what the vocabulary lacks
            (`pad`, `sep`, `mask`, `unk`); a tokenizer may lack all but the first.
        window: how many tokens its model reads at most.
    """

    tokenizer: Tokenizer
    special: Mapping[str, str]
    window: int

    def __post_init__(self) -> None:
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.tokenizer.encode_special_tokens = True

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.tokenizer.to_str(), dict(self.special), self.window)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without special tokens."""
        found = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [self.ordinary(item.ids) for item in found]

    def ordinary(self, ids: Sequence[int]) -> list[int]:
        """Ids of a text, the unknown token where its spelling made a special token."""
        spelled = self._spelled
        return [spelled.get(token, token) for token in ids] if spelled else list(ids)

    @cached_property
    def _spelled(self) -> dict[int, int]:
        """Special tokens that a text can spell, each with what to put instead.

        A SentencePiece vocabulary holds its special tokens among the words, and finds them there.
        """
        if "unk" not in self.special:
            return {}
        unknown = self.special_id("unk")
        tokens = self.tokenizer.get_added_tokens_decoder()
        return {
            number: unknown
            for number, token in tokens.items()
            if token.special
            and number in self.tokenizer.encode(token.content, add_special_tokens=False).ids
        }

    def check_word(self, word: str, ids: Sequence[int]) -> None:
        """Check that a label's word can be told from others by its tokens.

        Args:
            word: the word of the label.
            ids: its tokens.

        Raises:
            InputError: there is none, or unknown ones alone.
        """
        unknown = self.tokenizer.token_to_id(self.special["unk"]) if "unk" in self.special else None
        # SentencePiece puts a mark of the space before what it does not know, which decodes to
        # nothing.
        if not self.tokenizer.decode([token for token in ids if token != unknown]).strip():
            raise InputError(
                f"The model's tokenizer makes nothing of the label word {word!r}: its vocabulary "
                "has no part of it. Describe the label in other words (`words` in a taxonomy's "
                "file), or take an encoder that knows them."
            )

    def pair(self, first: str, second: str) -> Encoding:
        """Two sequences with the special tokens that the model expects around them."""
        return self.tokenizer.encode(first, second)

    def single(self, text: str) -> Encoding:
        """One sequence with the special tokens that the model expects around it."""
        return self.tokenizer.encode(text)

    def special_id(self, role: str) -> int:
        """Id of a special token.

        Args:
            role: `"pad"`, `"sep"`, `"mask"` or `"unk"`.

        Raises:
            InputError: the tokenizer has none of this role.
        """
        token = self.special.get(role)
        found = None if token is None else self.tokenizer.token_to_id(token)
        if found is None:
            raise InputError(
                f"This tokenizer has no {role} token, found {token!r}: take an encoder with one."
            )
        return int(found)

    def to_config(self) -> dict[str, Any]:
        """What `preprocessing.json` says of it; the tokenizer itself has a file."""
        return {"special": dict(self.special), "window": self.window}

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json`."""
        self.tokenizer.save(str(folder / TOKENIZER))

    @classmethod
    def load(cls, folder: Path, config: Mapping[str, Any]) -> "TextTokenizer":
        """Read `tokenizer.json`, and the rest from `preprocessing.json`."""
        special, window = config.get("special"), config.get("window")
        tokens = special if isinstance(special, dict) else {}
        named = isinstance(special, dict) and all(
            token is None or isinstance(token, str) for token in tokens.values()
        )
        if not named or type(window) is not int or not 8 <= window <= MAX_WINDOW:
            raise InputError(
                f"Expected the special tokens by name and a window of 8 to {MAX_WINDOW:,} tokens, "
                f"found {special!r} and {window!r}."
            )
        path = folder / TOKENIZER
        if not path.is_file():
            raise InputError(f"{path} is missing: the model folder is incomplete.")
        try:
            tokenizer = Tokenizer.from_buffer(read_bounded(path, MAX_BYTES))
            tokenizer.encode(*_TRIAL)
            tokenizer.encode(_TRIAL[0])
        except (KeyboardInterrupt, SystemExit, InputError):
            raise
        # Of whatever is wrong with the file the library raises a bare Exception, or panics, which
        # is a bare BaseException.
        except BaseException as error:
            raise InputError(f"{path} is no tokenizer: {error}. The file is damaged.") from error
        known = {role: token for role, token in tokens.items() if token is not None}
        lacking = [token for token in known.values() if tokenizer.token_to_id(token) is None]
        if "pad" not in known or lacking:
            raise InputError(
                f"Expected special tokens that {path} has, a pad among them, found {special!r}."
            )
        return cls(tokenizer, known, window)


def _rebuild(text: str, special: dict[str, str], window: int) -> TextTokenizer:
    return TextTokenizer(Tokenizer.from_str(text), special, window)
