"""Event2Mind: everyday events, and how those feel to whom they happen, in free words."""

import json
import logging
from collections import Counter
from pathlib import Path

from emoscope.corpora.corpus import Corpus
from emoscope.corpora.event2mind_answers import find_feelings
from emoscope.corpora.examples import check_languages, make_corpus
from emoscope.corpora.first_person import to_first_person
from emoscope.corpora.splits import check_split
from emoscope.errors import InputError
from emoscope.labelled.examples import Example
from emoscope.reading.conversations import check_named, is_blank
from emoscope.reading.errors import BadRows, Fault, RowError, refuse
from emoscope.reading.rows import read_rows
from emoscope.taxonomy import Taxonomy

__all__ = ["load"]

EVENT, FEELINGS = "Event", "Xemotion"
_log = logging.getLogger(__name__)


def load(
    root: Path,
    split: str,
    *,
    languages: tuple[str, ...] | None = None,
    bad_rows: BadRows = "stop",
) -> Corpus:
    """Load a split of Event2Mind: events in the first person, any of about 400 feelings.

    Each row has the answer of one worker to how PersonX feels about an event. An event is one
    example, told by PersonX (`I pay the bills`), and a label is the share of its workers who named
    the feeling. Most words come from a single worker, so a label of 0 says that nobody thought of
    the word, and is no evidence against it: *glad* is 0 where all wrote *happy*.

    Events for which nobody named a feeling of the taxonomy are left out. Of answers that are no
    list neither the words nor the worker count.

    Args:
        root: folder with `train.csv`, `dev.csv` and `test.csv`, or one such file.
        split: `"train"`, `"dev"` or `"test"`; not used where `root` is a file.
        languages: only `en` is there.
        bad_rows: `"stop"`, or the file that collects the rows that cannot be used.

    Raises:
        RowError: at a row that cannot be used, unless such rows are collected.
        InputError: if the file is missing, lacks a column or holds no example.

    References:
        Rashkin et al. 2018, Event2Mind: Commonsense Inference on Events, Intents, and Reactions,
        arXiv 1805.06939.
    """
    check_split(split)
    check_languages("event2mind", languages, ("en",))
    path = root if root.is_file() else root / f"{split}.csv"
    if not path.is_file():
        raise InputError(
            f"Expected {path}, got no such file. Event2Mind is free to use (MIT): its authors "
            "publish train.csv, dev.csv and test.csv at https://github.com/uwnlp/event2mind, in "
            f"docs/data/event2mind.zip. Put them in {path.parent}."
        )
    answers = _read_answers(path, bad_rows)
    named = {event: Counter[str]() for event in answers}
    for event, rows in answers.items():
        for phrases in rows:
            named[event].update(find_feelings(phrases))
    examples = [
        Example(
            event,
            [to_first_person(event)],
            "en",
            {label: count / len(answers[event]) for label, count in votes.items()},
        )
        for event, votes in named.items()
        if votes
    ]
    if not examples:
        raise InputError(f"{path}: expected events with feelings that are known, got none.")
    if len(examples) < len(answers):
        what = "events left out, as nobody named a feeling of the taxonomy"
        _log.warning("%s: %d of %d %s.", path, len(answers) - len(examples), len(answers), what)
    return make_corpus("event2mind", Taxonomy.load("event2mind"), examples)


def _read_answers(path: Path, bad_rows: BadRows) -> dict[str, list[list[str]]]:
    """What the workers wrote of each event, a list of phrases each."""
    answers: dict[str, list[list[str]]] = {}
    broken = total = 0
    for row in read_rows(path, "csv", bad_rows=bad_rows):
        if not total:
            check_named(row.values, (EVENT, FEELINGS), str(path))
        total += 1
        if is_blank(row.values[EVENT]):
            fault = Fault("an event", "nothing", "Fill it in or remove the row.", EVENT)
            refuse(bad_rows, RowError(str(path), row.line, fault), row.values)
            continue
        rows = answers.setdefault(row.values[EVENT].strip(), [])
        phrases = _parse_phrases(row.values[FEELINGS])
        if phrases is None:
            broken += 1
        else:
            rows.append(phrases)
    if broken:
        _log.warning("%s: %d of %d answers left out, as no JSON lists.", path, broken, total)
    return answers


def _parse_phrases(cell: str) -> list[str] | None:
    """The phrases of a JSON list, None where it is broken."""
    try:
        phrases = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if not isinstance(phrases, list):
        return None
    return [phrase for phrase in phrases if isinstance(phrase, str)]
