"""Several files without a cluster: each a job of its own, into one folder."""

import errno
import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from emoscope.errors import EmoscopeError, InputError
from emoscope.jobs.annotate import Options, Source
from emoscope.jobs.folders import annotate_folder, find_files
from emoscope.jobs.input_files import is_pattern_or_folder
from tests.inference.fakes import streamed
from tests.jobs.test_annotate import Killed

SOURCE = Source(Path(), turns=("text",))
KEEP = Options(bad_rows="keep", chunk_rows=2)


@pytest.fixture
def dumps(tmp_path, monkeypatch):
    """A folder of files of several formats, and one that is no input."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "dumps"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.csv").write_text("text\n" + "aa\n" * 5)
    (folder / "b.csv").write_text("text\nb\n\nbb\n")
    (folder / "c.jsonl.gz").write_bytes(gzip.compress(b'{"text": "ccc"}\n'))
    (folder / "sub" / "d.txt").write_text("dddd\n")
    (folder / "README.md").write_text("no input")
    return folder


def find(*names, output="out", form=None):
    return find_files(names, SOURCE, Path(output), form)


def parts(*names, **options):
    return [file.part.as_posix() for file in find(*names, **options)]


def test_outputs_are_called_after_their_inputs(dumps):
    assert parts("dumps") == ["a.csv", "b.csv", "c.jsonl.csv", "sub/d.txt.csv"]
    assert parts("dumps/*.csv") == ["a.csv", "b.csv"]
    assert parts("dumps/b.csv", "dumps/a.csv", "dumps/*.csv") == ["b.csv", "a.csv"]
    assert parts("dumps/**/*.txt", form="parquet") == ["sub/d.txt.parquet"]
    assert parts("dumps/c*", form="jsonl") == ["c.jsonl"]
    assert parts("dumps/a.csv", form="labelstudio") == ["a.csv.json"]


def test_what_cannot_be_named(dumps):
    with pytest.raises(InputError, match="expected files to annotate"):
        find("dumps/*.tsv")
    (dumps / "b.csv.gz").write_bytes(gzip.compress(b"text\nb\n"))
    with pytest.raises(InputError, match=r"b\.csv.*b\.csv\.gz.*Rename"):
        find("dumps")
    (dumps.parent / "a.csv").write_text("text\na\n")
    with pytest.raises(InputError, match=r"a\.csv and .*a\.csv would both become out/a\.csv"):
        find("dumps/a.csv", "a.csv")
    with pytest.raises(InputError, match="holds what is read"):
        find("dumps", output="dumps")


def test_a_file_with_a_sign_of_patterns_in_its_name_is_a_file(dumps):
    (dumps / "what?.csv").write_text("text\na\n")
    assert not is_pattern_or_folder("dumps/what?.csv")
    assert is_pattern_or_folder("dumps/w?at*.csv")
    assert is_pattern_or_folder("dumps")
    assert not is_pattern_or_folder("nowhere.csv")


def test_each_file_has_its_output(dumps, model):
    files, statuses = find("dumps"), []
    summary = annotate_folder(model, SOURCE, files, Path("out"), KEEP, statuses.append)
    assert (summary.rows, summary.bad, summary.resumed, summary.first_unread) == (9, 0, 0, None)
    for file in files:
        expected = streamed(replace(SOURCE, file=file.path), model, replace(KEEP, format="csv"))
        assert (Path("out") / file.part).read_bytes() == expected
    assert [status.rows for status in statuses][-1] == 9
    assert statuses[-1].read == statuses[-1].total
    reads = [status.read for status in statuses]
    assert reads == sorted(reads)
    again = annotate_folder(model, SOURCE, files, Path("out"), KEEP)
    assert (again.rows, again.resumed, again.given) == (9, 9, summary.given)


def test_a_job_that_was_killed_goes_on(dumps, model):
    files = find("dumps")

    def stop(status):
        if status.rows == 7:
            raise Killed

    with pytest.raises(Killed):
        annotate_folder(model, SOURCE, files, Path("out"), KEEP, stop)
    assert Path("out/a.csv").is_file()
    assert Path("out/b.csv.partial").is_file()
    resumed = annotate_folder(model, SOURCE, files, Path("out"), KEEP)
    whole = annotate_folder(model, SOURCE, files, Path("whole"), KEEP)
    assert (resumed.rows, resumed.resumed, whole.resumed) == (9, 7, 0)
    assert resumed.given == whole.given
    for file in files:
        assert (Path("out") / file.part).read_bytes() == (Path("whole") / file.part).read_bytes()


def test_one_file_that_fails_does_not_keep_the_others(dumps, model):
    (dumps / "b.csv").write_text("other\nb\n")
    (dumps / "a.csv").write_text('text\na\n\n"b\n')
    with pytest.raises(InputError, match=r"2 of 4 files failed.*a\.csv.*--bad-rows keep") as told:
        annotate_folder(model, SOURCE, find("dumps"), Path("out"), Options())
    assert "b.csv" in str(told.value)
    assert Path("out/sub/d.txt.csv").is_file()
    assert not Path("out/b.csv").exists()


def test_a_file_that_may_not_be_read_does_not_keep_the_others(dumps, model, monkeypatch):
    (dumps / "b.parquet").write_bytes(b"PAR1")
    opened = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "b.parquet":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"1 of 5 files failed.*Permission denied.*permissions"):
        annotate_folder(model, SOURCE, find("dumps"), Path("out"), KEEP)
    assert Path("out/sub/d.txt.csv").is_file()


def test_options_that_are_not_for_several_files(dumps, model):
    with pytest.raises(InputError, match="--bad-rows keep"):
        annotate_folder(model, SOURCE, find("dumps"), Path("out"), Options(bad_rows=Path("bad")))
    assert not Path("out").exists()


def test_files_of_all_jobs_are_checked_before_the_first_is_begun(dumps, model):
    """The cache would else be made of what the second job reads."""
    (dumps / "b.csv").write_text("")
    for cache in ("dumps/b.csv", "out/sub/d.txt.csv", "out/b.csv.partial"):
        options = replace(KEEP, cache=Path(cache))
        with pytest.raises(InputError, match="named twice") as told:
            annotate_folder(model, SOURCE, find("dumps"), Path("out"), options)
        assert Path(cache).name in str(told.value)
    assert not Path("out").exists()
    assert (dumps / "b.csv").read_text() == ""
    annotate_folder(model, SOURCE, find("dumps/a.csv", "dumps/sub"), Path("out"), options)


def test_a_model_is_loaded_once(dumps, model, monkeypatch):
    loaded, load = [], type(model).load

    def count(self, threads=None):
        loaded.append(threads)
        return load(self)

    monkeypatch.setattr(type(model), "load", count)
    annotate_folder(model, SOURCE, find("dumps"), Path("out"), KEEP)
    assert len(loaded) == 1


def test_a_model_that_cannot_be_loaded_is_told_once(dumps, model, monkeypatch):
    def fail(self, threads=None):
        raise EmoscopeError("no model")

    monkeypatch.setattr(type(model), "load", fail)
    with pytest.raises(EmoscopeError, match=r"^no model$"):
        annotate_folder(model, SOURCE, find("dumps"), Path("out"), KEEP)


def test_another_format(dumps, model):
    options = replace(KEEP, format="jsonl")
    annotate_folder(model, SOURCE, find("dumps/*.csv", form="jsonl"), Path("out"), options)
    lines = Path("out/a.csv.jsonl").read_text().splitlines()
    assert [json.loads(line)["turns"] for line in lines] == [["aa"]] * 5
