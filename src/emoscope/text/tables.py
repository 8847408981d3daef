"""The packaged tables of the text steps, each read once, on first use.

A table is UTF-8 text: comment lines starting with `# ` (the first of them its version), then one
entry a line, with a tab between form and value.
"""

import functools
from collections.abc import Iterator
from importlib import resources


def _read_table_lines(name: str) -> Iterator[str]:
    text = resources.files("emoscope.text").joinpath("data", name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("# "))


@functools.cache
def load_table(name: str) -> dict[str, str]:
    """A two-column table, form to value.

    Args:
        name: `"emoticons"`, `"contractions"` or `"abbreviations"`. The mapping is shared: do not
            change it.
    """
    entries = (line.partition("\t") for line in _read_table_lines(f"{name}.tsv"))
    return {form: value for form, _, value in entries}


@functools.cache
def load_word_ranks() -> dict[str, int]:
    """The 25,000 most frequent English words of GloVe 6B, each with its rank, from 0.

    The mapping is shared: do not change it.
    """
    return {word: rank for rank, word in enumerate(_read_table_lines("words_en.txt"))}
