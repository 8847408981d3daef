"""Every corpus that a shipped recipe reads, a few texts each, and tiny encoders."""

import csv
import importlib

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emoscope.recipes.load import load_recipe
from emoscope.taxonomy import Taxonomy
from tests import tiny

WRITTEN = ("cedr", "kote", "prdect_id", "red1", "red2")
"""Corpora whose own tests write a few rows."""
EC = Taxonomy.load("semeval2018").names
EC_FILES = {
    "English": ("En", ("train", "dev", "test-gold")),
    "Spanish": ("Es", ("train", "dev", "test-gold")),
    "Arabic": ("Ar", ("train", "dev", "test-gold")),
    "Spanish-Tr": ("Es", ("train", "dev")),
    "French-Tr": ("Fr", ("train", "dev")),
}
BRIGHTER = [code for part in load_recipe("demux-brighter").corpora for code in part.languages or ()]
SIZES = {"train": 10, "dev": 6, "test": 6, "test-gold": 6}


def text_of(number: int) -> str:
    sentences = [one for one in tiny.SENTENCES if "\t" not in one]
    return f"{sentences[number % len(sentences)]} 😂 #tag{number}"


def marks_of(number: int, labels: int) -> list[int]:
    """Two labels, or none in every fifth text."""
    present = {number % labels, (3 * number + 1) % labels} if number % 5 else set()
    return [int(label in present) for label in range(labels)]


def write_ec(root):
    for language, (code, splits) in EC_FILES.items():
        folder = root / language / "E-c"
        folder.mkdir(parents=True)
        for split in splits:
            rows = [["ID", "Tweet", *EC]]
            for number in range(SIZES[split]):
                marks = map(str, marks_of(number, len(EC)))
                rows.append([f"2018-{code}-{split}-{number}", text_of(number), *marks])
            lines = ["\t".join(row) + "\n" for row in rows]
            (folder / f"2018-E-c-{code}-{split}.txt").write_text("".join(lines), encoding="utf-8")


def write_goemotions(root):
    root.mkdir()
    for split in ("train", "dev", "test"):
        lines = [
            f"{text_of(number)}\t{number % 28},{(number + 9) % 28}\t{split}{number}\n"
            for number in range(SIZES[split])
        ]
        (root / f"{split}.tsv").write_text("".join(lines), encoding="utf-8")


def write_brighter(root):
    for split in ("train", "dev", "test"):
        (root / split).mkdir(parents=True)
        for language in BRIGHTER:
            lacking = {"eng": "disgust", "afr": "surprise"}.get(language)
            names = [n for n in Taxonomy.load("semeval2025").names if n != lacking]
            with (root / split / f"{language}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["id", "text", *names])
                for number in range(SIZES[split]):
                    marks = marks_of(number, len(names))
                    writer.writerow([f"{language}{number}", text_of(number), *marks])


def write_edos(root):
    root.mkdir()
    names = Taxonomy.load("edos").names
    answers = ("Worker 1 answer", "Worker 2 answer", "Worker 3 answer")
    with (root / "mturk_9k.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Index", "DialogID", "Dialog", "Agreed emotion (2/3 vote)", *answers])
        for number in range(60):
            name = names[number % len(names)].capitalize()
            writer.writerow([number, number, f"Oh .\n{text_of(number)}", name, name, name, "Sad"])


def write_event2mind(root):
    root.mkdir()
    for split in ("train", "dev", "test"):
        with (root / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["Source", "Event", "Xintent", "Xemotion", "Otheremotion"])
            for number in range(SIZES[split]):
                feeling = '["happy"]' if number % 2 else '["sad", "tired"]'
                event = f"PersonX sees {number} birds"
                writer.writerow(["it_events", event, "[]", feeling, '["none"]'])


def write_xed(root):
    folder = root / "AnnotatedData"
    folder.mkdir(parents=True)
    marked = [f"Line {number} , my friend .\t{1 + number % 8}\n" for number in range(40)]
    neutral = [f"9\tLine {number} is here\n" for number in range(40)]
    (folder / "en-annotated.tsv").write_text("".join(marked), encoding="utf-8")
    (folder / "neu_en.txt").write_text("".join(neutral), encoding="utf-8")
    for name in ("{}-annotated.tsv", "neu_{}.txt"):
        content = (folder / name.format("en")).read_bytes()
        (folder / name.format("fi")).write_bytes(content)


def write_hub(root):
    """The two data sets of the hub that recipes read, saved."""
    names = {
        "google-research-datasets/go_emotions": Taxonomy.load("goemotions").names,
        "dair-ai/emotion": ("sadness", "joy", "love", "anger", "fear", "surprise"),
    }
    for place, labels in names.items():
        several = "go_emotions" in place
        named = datasets.ClassLabel(names=list(labels))
        column = "labels" if several else "label"
        features = datasets.Features(
            {"text": datasets.Value("string"), column: [named] if several else named}
        )
        splits = {}
        for split in ("train", "validation", "test"):
            numbers = range(len(labels))
            values = [[number, number // 2] if several else number for number in numbers]
            rows = {"text": [f"{split} {text_of(n)}" for n in numbers], column: values}
            splits[split] = datasets.Dataset.from_dict(rows, features=features)
        datasets.DatasetDict(splits).save_to_disk(root / place)


def write_taught(root):
    """What `scripts/teach.py` writes."""
    root.mkdir()
    names = Taxonomy.load("goemotions").names
    for name in ("goemotions", "others"):
        rows = [
            {"id": f"{name}-{n}", "text": text_of(n), **dict.fromkeys(names, 0.1 + n / 100)}
            for n in range(20)
        ]
        pq.write_table(pa.Table.from_pylist(rows), root / f"{name}.parquet")


def write_french(root):
    root.mkdir()
    labels = Taxonomy.load("french_election").labels
    with (root / "messages.csv").open("w", encoding="latin-1", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Text", *("emotions_" + "/".join(label.words) for label in labels)])
        for number in range(30):
            text = f"Un message {number} sur l'élection, quelle joie"
            writer.writerow([text, *marks_of(number, len(labels))])


@pytest.fixture(scope="session")
def data(tmp_path_factory, emocontext):
    """The folder of each corpus."""
    root = tmp_path_factory.mktemp("data")
    write_ec(root / "semeval2018")
    write_goemotions(root / "goemotions")
    write_brighter(root / "semeval2025")
    write_french(root / "french_election")
    write_edos(root / "edos")
    write_event2mind(root / "event2mind")
    write_xed(root / "xed")
    write_taught(root / "taught")
    write_hub(root)
    for name in WRITTEN:
        (root / name).mkdir()
        importlib.import_module(f"tests.corpora.test_{name}").write_published(root / name)
    names = ("semeval2018", "goemotions", "semeval2025", "french_election")
    names += ("edos", "event2mind", "xed", "taught", *WRITTEN)
    return {name: root / name for name in names} | {
        "emocontext": emocontext,
        "hub": root,
        "sample": root,
    }


@pytest.fixture(scope="session")
def encoder_for(tmp_path_factory):
    """The folder of a tiny encoder of the kind that a name on the hub is of."""
    made = {}

    def folder(name: str) -> str:
        known = {"xlm-roberta": "xlm-roberta", "e5-small": "xlm-roberta"}
        known |= dict.fromkeys(("bertweet", "robertuito"), "roberta")
        kind = next((kind for part, kind in known.items() if part in name), "bert")
        if kind not in made:
            made[kind] = str(tiny.save(kind, tmp_path_factory.mktemp("encoder")))
        return made[kind]

    return folder
