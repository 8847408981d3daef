"""Scores of NRCLex or text2emotion, for an interpreter of their own: JSON lines in, JSON lines out.

    python lexicon_scores.py nrclex|text2emotion < texts.jsonl > scores.jsonl

A line in is a text, a line out {"scores": {label: number}, "chosen": [labels]}, where the chosen
ones are those that the package itself puts first: the highest score, unless that is 0.
`annotator_quality.py` runs this and says how to make the interpreter.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout

Scorer = Callable[[str], Mapping[str, float]]


def nrclex() -> Scorer:
    """Shares of the emotions among the words of NRC's lexicon that a text has."""
    from nrclex import NRCLex

    lexicon = NRCLex()

    def score(text: str) -> Mapping[str, float]:
        # The lexicon is in lower case, and the package looks words up as they are written.
        lexicon.load_raw_text(text.lower())
        return lexicon.affect_frequencies

    return score


def text2emotion() -> Scorer:
    """Shares of five emotions among the words of the package's list that a text has."""
    import nltk
    from nltk.corpus import stopwords

    # The package asks for NLTK's data over the network when it is imported, and reads the stop
    # words of all languages from their files for each word of a text. Neither changes a score.
    known = frozenset(stopwords.words())
    stopwords.words = lambda *_: known
    nltk.download = lambda *_: True
    import text2emotion

    # It returns None for a text that it stumbles on.
    return lambda text: text2emotion.get_emotion(text) or {}


def main() -> None:
    """Score standard input."""
    scorers = {"nrclex": nrclex, "text2emotion": text2emotion}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", choices=scorers)
    package = parser.parse_args().package
    try:
        with redirect_stdout(sys.stderr):
            score = scorers[package]()
            score("some words to see that all it needs is there")
    except Exception as error:
        # NLTK frames what it says with stars, over many lines.
        said = " ".join(str(error).replace("*", "").split())
        sys.exit(f"{type(error).__name__}: {said[:200]}")
    for line in sys.stdin:
        scores = score(json.loads(line))
        highest = max(scores.values(), default=0)
        chosen = [name for name, value in scores.items() if value == highest > 0]
        print(json.dumps({"scores": scores, "chosen": chosen}))


if __name__ == "__main__":
    main()
