"""Rows in a language that the model does not read: counted, whatever happens to the job."""

from dataclasses import replace
from pathlib import Path

import pytest

import emoscope.jobs.cluster.ray_data as cluster
from emoscope.errors import InputError
from emoscope.inference.model_info import ModelSpec
from emoscope.jobs.annotate import Options, Source, annotate_file, annotate_stream
from emoscope.jobs.job_file import read_job
from tests.inference.fakes import in_process, lengths, write_csv

ENGLISH, FRENCH, SHORT = "I am so happy for you", "Je suis vraiment très heureux", "très heureux"
# Some come again, in other chunks too; the first one of French is the fourth row.
TEXTS = [
    ENGLISH,
    SHORT,
    " ",
    FRENCH,
    ENGLISH,
    FRENCH,
    "我今天很伤心",
    SHORT,
    FRENCH,
    ENGLISH,
    FRENCH,
]


class Killed(BaseException):
    """The process is gone."""


def reading(*languages):
    model = lengths(False)
    model.languages = languages
    return model


@pytest.fixture
def model(monkeypatch):
    """A model that reads English, as if it lay in a folder."""
    monkeypatch.setattr(ModelSpec, "load", lambda self, threads=None: reading("en"))
    monkeypatch.setattr(ModelSpec, "fingerprint", lambda self: str(self.folder))
    return ModelSpec(Path("model"))


@pytest.fixture
def source(tmp_path):
    return Source(write_csv(tmp_path / "in.csv", ("text",), [(text,) for text in TEXTS]))


def counts(summary):
    return summary.rows, summary.bad, summary.unread, summary.first_unread


@pytest.mark.parametrize("bad_rows", ["keep", "skip"])
@pytest.mark.parametrize("chunk_rows", [1, 3, 20])
def test_they_are_counted_however_the_rows_are_cut(tmp_path, model, source, chunk_rows, bad_rows):
    policy = "keep" if bad_rows == "keep" else tmp_path / "bad.jsonl"
    options = Options(chunk_rows=chunk_rows, bad_rows=policy)
    summary = annotate_file(model, source, tmp_path / "out.csv", options)
    assert counts(summary) == (11, 1, 5, 4)
    assert summary.languages == ("en",)
    with (tmp_path / "stream.jsonl").open("wb") as stream:
        options = replace(options, restart=True)
        assert counts(annotate_stream(model, source, stream, options)) == (11, 1, 5, 4)


@pytest.mark.parametrize("rows", range(2, 11, 2))
def test_the_count_outlives_a_kill(tmp_path, model, source, rows):
    output, options = tmp_path / "out.csv", Options(bad_rows="keep", chunk_rows=2)

    def stop(status):
        if status.rows == rows:
            raise Killed

    with pytest.raises(Killed):
        annotate_file(model, source, output, options, stop)
    assert read_job(output).progress.unread == (0, 1, 2, 3, 4)[rows // 2 - 1]
    for resumed in (rows, 11):
        summary = annotate_file(model, source, output, options)
        assert (counts(summary), summary.resumed) == ((11, 1, 5, 4), resumed)


def test_the_output_is_that_of_a_model_which_says_nothing(tmp_path, model, source):
    options, written = Options(bad_rows="keep"), []
    for languages, unread in ((), 0), (("en",), 5), (("en", "xx"), 0):
        output = tmp_path / f"{len(languages)}.jsonl"
        summary = annotate_file(reading(*languages), source, output, options)
        assert (summary.unread, summary.languages) == (unread, languages)
        written.append(output.read_bytes())
    assert len(set(written)) == 1


def test_turns_are_judged_together(tmp_path):
    rows = [("Je suis", "vraiment", "très heureux"), ("Je", "", "suis là")]
    path = write_csv(tmp_path / "in.csv", ("turn1", "turn2", "turn3"), rows)
    summary = annotate_file(reading("en"), Source(path), tmp_path / "out.csv")
    assert counts(summary) == (2, 0, 1, 1)


def test_a_cluster_adds_them_up(tmp_path, monkeypatch, model, source):
    monkeypatch.setattr(cluster, "annotate_on_ray", in_process)
    for name in ("a", "b"):
        (tmp_path / "all").mkdir(exist_ok=True)
        (tmp_path / "all" / f"{name}.csv").write_bytes(source.file.read_bytes())
    files, options = replace(source, file=tmp_path / "all"), Options(bad_rows="keep")
    for again in (False, True):
        summary = cluster.annotate_files(model, files, tmp_path / "out", options)
        assert (counts(summary), summary.languages) == ((22, 2, 10, None), ("en",))
        assert (summary.resumed > 0) is again
        (tmp_path / "out" / "a.csv.parquet").unlink()


def test_an_annotator_says_which_texts_it_reads():
    model = reading("en")
    texts = [ENGLISH, FRENCH, SHORT, ["Je suis", "vraiment", "très heureux"]]
    assert model.reads(iter(texts)) == [True, False, None, False]
    assert lengths(False).reads(texts) == [None] * 4
    assert model.with_truncation().reads(texts) == model.reads(texts)
    with pytest.raises(InputError, match="for one text pass"):
        model.reads(FRENCH)
