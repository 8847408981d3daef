"""Files in the format of XED, on sentences of our own."""

import json
import logging
import zlib

import pytest

from emoscope.corpora import xed
from emoscope.errors import InputError
from emoscope.reading.errors import RejectFile, RowError
from emoscope.taxonomy import Taxonomy

SPLITS = ("train", "dev", "test")


def text_of(rest, stem="Line"):
    """A text whose CRC-32 leaves a rest."""
    texts = (f"{stem} {n}." for n in range(200))
    return next(text for text in texts if zlib.crc32(text.encode()) % 10 == rest)


A, B, C = (text_of(5, stem) for stem in ("So", "Ää", "🎉"))


def put(root, annotated="", neutral="", language="en"):
    folder = root / "AnnotatedData"
    folder.mkdir(exist_ok=True)
    for name, content in (
        (f"{language}-annotated.tsv", annotated),
        (f"neu_{language}.txt", neutral),
    ):
        content = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(content)
    return folder


def write_published(root):
    """The annotated and the neutral texts of one language; returns the file of the former."""
    annotated = "".join(
        f"{text_of(rest, stem)}\t{rest + 1}\n" for rest in (5, 0, 1) for stem in "AB"
    )
    return put(root, annotated, f"9\t{B}\n") / "en-annotated.tsv"


def found(corpus):
    names = corpus.taxonomy.names
    rows = (zip(names, map(float, row), strict=True) for row in corpus.labels)
    return [{name: value for name, value in row if value} for row in rows]


def all_texts(root, **options):
    """Labels of every text of every split that is not empty."""
    every = {}
    for split in SPLITS:
        try:
            corpus = xed.load(root, split, **options)
        except InputError:
            continue
        every |= dict(zip([turn for [turn] in corpus.turns], found(corpus), strict=True))
    return every


def test_annotated_and_neutral_texts(tmp_path):
    folder = put(tmp_path, f"{A}\t8, 1\r\n{C}\t5\r\n", f"9\t{B}\n")
    corpus = xed.load(tmp_path, "train")
    assert (corpus.name, corpus.taxonomy) == ("xed", Taxonomy.load("xed"))
    assert (corpus.turns, corpus.languages) == ([[A], [C], [B]], ["en"] * 3)
    assert corpus.ids == ["en-annotated-1", "en-annotated-2", "neu_en-1"]
    assert found(corpus) == [{"anger": 1, "trust": 1}, {"joy": 1}, {"neutral": 1}]
    assert xed.load(folder, "train").ids == corpus.ids


def test_the_numbers_follow_plutchiks_eight_in_alphabetical_order(tmp_path):
    eight = Taxonomy.load("xed").names[:8]
    assert eight == Taxonomy.load("plutchik").names == tuple(sorted(eight))
    put(tmp_path, "".join(f"Number {n} .\t{n}\n" for n in range(1, 9)))
    expected = {f"Number {n}.": {name: 1} for n, name in enumerate(eight, 1)}
    assert all_texts(tmp_path) == expected


def test_a_text_is_in_the_split_that_its_checksum_says(tmp_path):
    lines = [f"{n} of {n * n} words ." for n in range(100)]
    put(tmp_path, "".join(f"{line}\t1\n" for line in lines))
    parts = {split: {turn for [turn] in xed.load(tmp_path, split).turns} for split in SPLITS}
    rests = {split: {zlib.crc32(t.encode()) % 10 for t in parts[split]} for split in SPLITS}
    assert (rests["test"], rests["dev"]) == ({0}, {1})
    assert not rests["train"] & {0, 1}
    assert sum(map(len, parts.values())) == len(lines)


def test_the_same_text_in_several_lines_has_the_mean_of_their_labels(tmp_path):
    tokens = A.replace(".", " .")
    put(tmp_path, f"{tokens}\t1, 4\n", f"9\t{A}\n9\t {A}\n9\t{A}\n")
    assert all_texts(tmp_path) == {A: {"anger": 0.25, "fear": 0.25, "neutral": 0.75}}


def test_tokens_are_joined_so_that_spaces_say_nothing_of_emotion(tmp_path):
    put(tmp_path, "Well , isn 't it ?\t7\nAll I wan na do ...\t2\n", "9\tWell, no?\n")
    assert set(all_texts(tmp_path)) == {"Well, isn't it?", "All I wanna do...", "Well, no?"}


def test_texts_without_a_letter_or_emoji_are_left_out_and_counted(tmp_path, caplog):
    put(tmp_path, "!\t1\n, ...\t1\n% ? !\t7\n🎉\t5\nÄ\t1\n", "9\t1800\n9\t♪\n")
    with caplog.at_level(logging.WARNING):
        assert set(all_texts(tmp_path)) == {"🎉", "Ä"}
    counts = [record.args[1] for record in caplog.records]
    assert sum(counts) == 5
    assert "texts left out, as they have no letter and no emoji." in caplog.text


def test_languages(tmp_path):
    put(tmp_path, f"{A}\t1\n")
    put(tmp_path, f"{B}\t3\n", f"17\t{A}\t2\t428\tfi/1965/1.xml\n", language="fi")
    assert xed.load(tmp_path, "train").languages == ["en"]
    finnish = xed.load(tmp_path, "train", languages=("fi",))
    assert (finnish.turns, found(finnish)) == ([[B], [A]], [{"disgust": 1}, {"neutral": 1}])
    both = xed.load(tmp_path, "train", languages=("fi", "en"))
    assert both.languages == ["fi", "fi", "en"]
    with pytest.raises(InputError, match=r"Projections.da-projections\.tsv"):
        xed.load(tmp_path, "train", languages=("da",))
    assert Taxonomy.load("xed").languages == ("en", "fi")


@pytest.mark.parametrize(
    ("annotated", "neutral", "message"),
    [
        ("x\n", "", "expected a text, a tab, and numbers of emotions, got 'x'"),
        ("x\t1\t2\n", "", "numbers of emotions"),
        (" \t1\n", "", "a text, a tab"),
        ("x\t9\n", "", "from 1 to 8, between commas, got '9'"),
        ("x\t1,,2\n", "", "from 1 to 8"),
        ("x\tjoy\n", "", "got 'joy'"),
        (b"caf\xe9\t1\n", "", "0xe9"),
        ("", "x\n", "expected a number, a tab, and a text, got 'x'"),
        ("", "9\t \t\n", "a number, a tab"),
    ],
)
def test_bad_rows(tmp_path, annotated, neutral, message):
    good = f"{A}\t1\n".encode()
    bad = annotated if isinstance(annotated, bytes) else annotated.encode()
    folder = put(tmp_path, good + b"\t\t\t\n\n" + bad, neutral)
    with pytest.raises(RowError, match=message) as caught:
        xed.load(tmp_path, "train")
    place = "en-annotated.tsv, line 4" if annotated else "neu_en.txt, line 1"
    assert str(caught.value).startswith(f"{folder / place}")
    with RejectFile(tmp_path / "rejects.jsonl") as rejects:
        assert xed.load(tmp_path, "train", bad_rows=rejects).turns == [[A]]
    assert len([json.loads(line) for line in rejects.path.read_text().splitlines()]) == 1


def test_what_is_not_there(tmp_path):
    folder = put(tmp_path, f"{A}\t1\n")
    with pytest.raises(InputError, match="'dev', got none"):
        xed.load(tmp_path, "dev")
    (folder / "neu_en.txt").unlink()
    with pytest.raises(InputError, match=r"neu_en\.txt.*Helsinki-NLP/XED"):
        xed.load(tmp_path, "train")


def put_projected(root, content, code="de"):
    folder = root / "Projections"
    folder.mkdir(exist_ok=True)
    (folder / f"{code}-projections.tsv").write_text(content, "utf-8")
    return folder


def test_projected_labels(tmp_path):
    put(tmp_path, f"{A}\t1\n", f"9\t{C}\n")
    put_projected(tmp_path, f"{B}\t3, 8\n")
    put_projected(tmp_path, "never read\n", "fi")
    folder = put_projected(tmp_path, f"{A}\t5\n", "br")
    german = xed.load(tmp_path, "train", languages=("de",))
    assert (german.turns, german.languages, german.ids) == ([[B]], ["de"], ["de-projections-1"])
    assert found(german) == [{"disgust": 1, "trust": 1}]
    assert german.taxonomy.names == Taxonomy.load("xed").names[:8]
    both = xed.load(tmp_path, "train", languages=("pt-br", "en"))
    assert both.languages == ["pt-br", "en", "en"]
    assert both.taxonomy == Taxonomy.load("xed")
    assert xed.load(folder, "train", languages=("pt-br",)).turns == [[A]]
    with pytest.raises(InputError, match="among en, fi, pt-br, de, each once; got fn"):
        xed.load(tmp_path, "train", languages=("fn",))


def test_projected_texts_are_not_joined_as_english_tokens(tmp_path):
    text = next(
        f"{n}  fois , quoi ?" for n in range(99) if zlib.crc32(b"%d fois , quoi ?" % n) % 10 > 1
    )
    put_projected(tmp_path, f"{text}\t7\n", "fr")
    [[turn]] = xed.load(tmp_path, "train", languages=("fr",)).turns
    assert turn == text.replace("  ", " ")


def test_lines_that_lost_their_labels_are_counted(tmp_path, caplog):
    pair = "en/1990/1/2.xml.gz\tde/1990/1/3.xml.gz\t288\t256\tWhat?\tWas?"
    put_projected(tmp_path, f'{A}\t1\n"Nun.\n{pair}\n{pair}"""\t6, 7\n{B}\t2\n')
    with caplog.at_level(logging.WARNING):
        assert xed.load(tmp_path, "train", languages=("de",)).turns == [[A], [B]]
    [record] = caplog.records
    assert record.args[1:3] == (3, 5)
