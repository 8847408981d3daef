"""How well texts in other languages are told from English ones, and what that costs.

English are XED's subtitles, the English dev split of SemEval-2025 Task 11 and, if --goemotions
names it, that of GoEmotions; the other languages are the other dev splits of SemEval-2025. A text
counts if it has five words or more, user names, hashtags and links apart, or five Chinese
characters. An English one is told if it is said to be read, one of another language if it is said
not to be; "cannot tell" is a mistake with either. Nigerian Pidgin (pcm), most of whose words are
English, is shown and not judged. The rule and its numbers were chosen on the train splits of
every second language of Latin script (afr, esp, ibo, orm, ptmz, som, swa, vmw), and on English
texts of which none is measured here: the train splits of SemEval-2025, SemEval-2018 E-c and
GoEmotions (one of the two tables of words is its own), dialogues, events, and technical prose.
The mean over the other languages of Latin script, which had no part in it, is shown too.

    python benchmarks/languages.py --semeval2025 DIR --xed DIR [--goemotions DIR] [--quick]
        [--json FILE]
"""

import csv
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from common import finish, machine, median, options
from emoscope.text.language import MIN_WORDS, is_read

QUICK_TEXTS = 100
TOLD = 0.95
FLAGGED = 0.03
RATE = 800
"""Texts a second that the model that ships scores on two cores, nearly."""
COST = 0.03
PIDGIN = "pcm"
NEW = ("deu", "hau", "kin", "ptbr", "ron", "sun", "swe", "yor")
NO_WORDS = re.compile(r"[@#]\S+|https?://\S+")
LETTER = re.compile(r"[^\W\d_]")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
FIRST = """
import time
from emoscope.text.language import is_read
before = time.perf_counter()
is_read("I am so happy for you", ["en"])
print(time.perf_counter() - before)
"""


def is_long(text: str) -> bool:
    """Whether a text has five words, or five Chinese characters."""
    words = [word for word in NO_WORDS.sub(" ", text).split() if LETTER.search(word)]
    return len(words) >= MIN_WORDS or len(CHINESE.findall(text)) >= MIN_WORDS


def first_column(path: Path) -> list[str]:
    """The texts of a file of lines with tabs and no header."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [line.partition("\t")[0] for line in lines if line.strip()]


def column(path: Path, name: str = "text") -> list[str]:
    """The texts of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def answered(texts: Sequence[str], answer: bool) -> float:
    """The share of texts of which this is said."""
    return fmean(is_read(text, ["en"]) is answer for text in texts)


def seconds(run: Callable[[], object]) -> float:
    """How long something keeps a core busy."""
    before = time.process_time()
    run()
    return time.process_time() - before


def first_seconds() -> float:
    """How long the first text takes in a process, which reads the tables of words."""
    done = subprocess.run([sys.executable, "-c", FIRST], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    """Measure and judge."""
    parser = options(__doc__)
    parser.add_argument("--semeval2025", type=Path, required=True, help="folder with dev/eng.csv …")
    parser.add_argument("--xed", type=Path, required=True, help="with AnnotatedData/")
    parser.add_argument("--goemotions", type=Path, help="folder with dev.tsv")
    arguments = parser.parse_args()
    print(machine())
    dev = {
        path.stem: column(path) for path in sorted((arguments.semeval2025 / "dev").glob("*.csv"))
    }
    english = {
        "xed": first_column(arguments.xed / "AnnotatedData" / "en-annotated.tsv"),
        "semeval2025": dev.pop("eng"),
    }
    if arguments.goemotions is not None:
        english["goemotions"] = first_column(arguments.goemotions / "dev.tsv")
    most = QUICK_TEXTS if arguments.quick else None
    english, others = (
        {name: list(filter(is_long, texts))[:most] for name, texts in group.items()}
        for group in (english, dev)
    )
    read = {name: answered(texts, True) for name, texts in english.items()}
    flagged = {name: answered(texts, False) for name, texts in english.items()}
    told = {name: answered(texts, False) for name, texts in others.items()}
    for name, texts in english.items():
        print(f"English of {name:12} {len(texts):6,} texts: {read[name]:7.2%} read")
    for name, texts in others.items():
        print(f"{name:23} {len(texts):6,} texts: {told[name]:7.2%} told")
    judged = {name: share for name, share in told.items() if name != PIDGIN}
    mean = fmean(judged.values())
    new = fmean(judged[name] for name in NEW)
    posts = [text for texts in english.values() for text in texts]
    once = median(lambda: seconds(lambda: answered(posts, True)), 5) / len(posts)
    print(f"{mean:.2%} on average; {new:.2%} of those of Latin script that are new to the rule")
    first = first_seconds()
    print(f"{1 / once:,.0f} texts a second; the first one takes {first:.3f} s")
    figures = {
        "english_read": read,
        "english_flagged": flagged,
        "others_told": told,
        "others_mean": mean,
        "new_mean": new,
        "texts": {name: len(texts) for name, texts in (english | others).items()},
        "texts_a_second": 1 / once,
        "first_text_seconds": first,
    }
    verdicts = {
        f"{once * RATE:.1%} of a core at {RATE} texts a second, bar {COST:.0%}": once * RATE < COST,
        f"{max(flagged.values()):.2%} of English texts taken for another language at worst, bar "
        f"{FLAGGED:.0%}": max(flagged.values()) < FLAGGED,
        f"told apart: {read['xed']:.1%} of XED's English and {mean:.1%} of {len(judged)} other "
        f"languages, bar {TOLD:.0%}": min(read["xed"], mean) >= TOLD,
    }
    finish(figures, verdicts, arguments.json, arguments.quick)


if __name__ == "__main__":
    main()
