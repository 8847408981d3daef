import hashlib
import os
import subprocess
import sys
from collections import Counter

import pytest

from emoscope.corpora import sample
from emoscope.errors import InputError

SPLITS = {split: sample.generate_conversations(split) for split in sample.SIZES}


def digest(rows):
    text = "\n".join("\t".join((row.id, *row.turns, row.label)) for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def emoji_marks():
    material = sample._read_material(held_out=False)
    return {mark * n for marks in material.emoji.values() for mark in marks for n in (1, 2, 3)}


def has_emoji(row, marks):
    return any(word in marks for turn in row.turns for word in turn.split())


@pytest.mark.parametrize(
    ("split", "expected"),
    [("train", "d8270f42317eaea1"), ("dev", "5e6d573515cb5bae"), ("test", "800bb3d5915492ca")],
)
def test_first_rows_never_change(split, expected):
    """Whoever changes the material or the generator changes every figure measured on it."""
    assert digest(SPLITS[split][:100]) == expected


def test_equal_in_another_process_with_another_hash_seed():
    code = (
        "import sys; from emoscope.corpora import sample; sys.stdout.reconfigure(encoding='utf-8');"
        "sys.stdout.write(repr(sample.generate_conversations('dev', seed=3, size=50)))"
    )
    command = [sys.executable, "-X", "utf8", "-c", code]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert done.stdout.decode() == repr(sample.generate_conversations("dev", seed=3, size=50))


def test_seeds_and_splits_differ():
    assert sample.generate_conversations("dev", seed=1) != SPLITS["dev"]
    assert sample.generate_conversations("dev", seed=-1, size=20) != sample.generate_conversations(
        "dev", seed=1, size=20
    )
    assert sample.generate_conversations("dev") == SPLITS["dev"]


@pytest.mark.parametrize(
    ("split", "others", "emotion"),
    [("train", 0.5, 1 / 6), ("dev", 0.85, 0.05), ("test", 0.85, 0.05)],
)
def test_class_shares_shift_between_train_and_dev(split, others, emotion):
    counts = Counter(row.label for row in SPLITS[split])
    size = sample.SIZES[split]
    assert sum(counts.values()) == size
    assert counts["others"] / size == pytest.approx(others, abs=0.01)
    for label in ("happy", "sad", "angry"):
        assert counts[label] / size == pytest.approx(emotion, abs=0.01)


def test_labels_are_not_in_blocks():
    for rows in SPLITS.values():
        first = Counter(row.label for row in rows[: len(rows) // 2])
        assert min(first[label] for label in sample.LABELS) > 5


def test_no_conversation_is_in_two_splits():
    seen = {}
    for seed in (0, 1):
        for split in sample.SIZES:
            for row in sample.generate_conversations(split, seed):
                turns = tuple(turn.lower() for turn in row.turns)
                assert seen.setdefault(turns, split) == split


def test_some_fillers_and_templates_are_only_in_dev_and_test():
    every, train = sample._read_material(held_out=False), sample._read_material(held_out=True)
    for label in sample.LABELS:
        held = set(every.templates[label]) - set(train.templates[label])
        assert 0.08 < len(held) / len(set(every.templates[label])) < 0.2
    cities = set(every.slots["city"]) - set(train.slots["city"])
    assert cities

    def count(split):
        return sum(any(c in " ".join(row.turns).lower() for c in cities) for row in SPLITS[split])

    assert count("train") == 0
    assert count("dev") > 0
    assert count("test") > 0


def test_material_is_rich_and_every_template_has_three_turns():
    material = sample._read_material(held_out=False)
    for label, least in {"others": 120, "happy": 60, "sad": 60, "angry": 60}.items():
        assert len(set(material.templates[label])) >= least
    for templates in material.templates.values():
        for template in templates:
            turns = template.split("|")
            assert len(turns) == 3
            assert all(turn.strip() for turn in turns)
            assert set(sample._SLOT.findall(template)) <= set(material.slots)


def test_emoji_are_as_frequent_as_planned_and_occur_in_others():
    marks = emoji_marks()
    shares = {
        split: sum(has_emoji(row, marks) for row in rows) / len(rows)
        for split, rows in SPLITS.items()
    }
    assert shares["train"] == pytest.approx(0.17, abs=0.03)
    others = [has_emoji(row, marks) for row in SPLITS["train"] if row.label == "others"]
    assert 0.05 < sum(others) / len(others) < 0.15


def test_the_last_turn_alone_does_not_decide():
    """The same last turn must occur under several labels, with all of them among these."""
    labels = {}
    for row in SPLITS["train"]:
        labels.setdefault(row.turns[2].lower().strip("!. "), set()).add(row.label)
    assert sum(len(found) >= 3 for found in labels.values()) >= 10
    assert labels["i can't believe it"] == set(sample.LABELS)


def test_chat_noise_is_there():
    text = "\n".join(" ".join(row.turns) for row in SPLITS["train"])
    for mark in (" u ", "dont", "!!", "plz", "soooo", "I CAN"):
        assert mark in text


def test_turns_are_clean_fields():
    for rows in SPLITS.values():
        assert [row.id for row in rows] == [str(i) for i in range(len(rows))]
        for row in rows:
            for turn in row.turns:
                assert turn == " ".join(turn.split())
                assert turn
                assert not set("{}|;\t\n") & set(turn.replace(";)", ""))


def test_write_gives_emocontext_files(tmp_path):
    sample.write(tmp_path / "new" / "folder", seed=2)
    for split, size in sample.SIZES.items():
        content = (tmp_path / "new" / "folder" / f"{split}.txt").read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        lines = content.decode("utf-8").split("\n")[:-1]
        assert lines[0] == "id\tturn1\tturn2\tturn3\tlabel"
        rows = [line.split("\t") for line in lines[1:]]
        assert len(rows) == size
        assert [tuple(row) for row in rows] == [
            (row.id, *row.turns, row.label) for row in sample.generate_conversations(split, seed=2)
        ]


@pytest.mark.parametrize("size", [1, 4, 7])
def test_small_sizes(size):
    rows = sample.generate_conversations("dev", size=size)
    assert len(rows) == size
    assert len({row.label for row in rows}) == (4 if size >= 4 else 1)


def test_bad_arguments():
    with pytest.raises(InputError, match="train, dev, test, not 'valid'"):
        sample.generate_conversations("valid")
    with pytest.raises(InputError, match="at least 1, got 0"):
        sample.generate_conversations("dev", size=0)


def test_needs_nothing_heavy():
    code = (
        "import sys; from emoscope.corpora import sample;"
        "sample.generate_conversations('dev', size=5);"
        "heavy = {'torch', 'datasets', 'transformers', 'sklearn'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
