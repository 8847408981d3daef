"""`emoscope annotate --cluster`, with a cluster that is this process."""

import json

import pyarrow.parquet as pq
import pytest

import emoscope.jobs.cluster.ray_data as ray
from tests.inference.fakes import in_process


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two files, one with a bad row."""
    monkeypatch.setattr(ray, "annotate_on_ray", in_process)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("text\nso happy today\nI am furious\n")
    (tmp_path / "in" / "b.jsonl").write_text('{"text": "thank you"}\n{"text": 3}\n')
    return tmp_path / "in"


def test_a_folder_is_annotated_and_what_is_done_is_told(emoscope, folder, tmp_path):
    output = tmp_path / "out"
    command = ["annotate", folder, "--cluster", "ray", "--workers", 2, "-o", output]
    ended = emoscope(*command)
    assert (ended.code, ended.out) == (2, "")
    assert "1 of 2 files failed" in ended.err
    command += ["--bad-rows", "keep", "--restart"]
    ended = emoscope(*command)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("Wrote 4 rows to ")
    assert "1 row of 4 could not be annotated; see `error` in the output.\n" in ended.err
    assert pq.read_table(output).num_rows == 4
    command.remove("--restart")
    assert f"{output} is finished: nothing was left to do." in emoscope(*command).err
    (output / "a.csv.parquet").unlink()
    assert f"Wrote 4 rows to {output}; 2 had been done before." in emoscope(*command).err
    ended = emoscope(*command, "--top-k", 1)
    assert ended.code == 2
    assert "top k: none then, 1 now" in ended.err


def test_labels_without_a_threshold_are_told(emoscope, folder, tmp_path):
    command = ["annotate", folder, "--cluster", "ray", "-o", tmp_path / "out", "--bad-rows", "keep"]
    ended = emoscope(*command, "--labels", "hope, joy")
    assert ended.code == 0
    assert "The model has no threshold of its own for hope: it goes by the words alone" in ended.err
    assert "not trained" not in emoscope(*command, "--labels", "joy", "--restart").err


def test_workers_score_with_the_calibration_and_the_shares(emoscope, folder, tmp_path):
    coded = tmp_path / "coded.csv"
    rows = [f"row {number},{number % 2}" for number in range(12)]
    coded.write_text("\n".join(["text,joy", *rows]))
    options = ["--labels", "hope, joy", "--calibrate", coded, "--expect", "hope=0.3"]
    command = ["annotate", folder, "--cluster", "ray", "-o", tmp_path / "out", "--bad-rows", "keep"]
    ended = emoscope(*command, *options)
    assert ended.code == 0, ended.err
    found = pq.read_table(tmp_path / "out" / "a.csv.parquet").select(["hope", "joy"]).to_pylist()
    alone = emoscope("annotate", folder / "a.csv", *options)
    assert [row["emotions"] for row in map(json.loads, alone.out.splitlines())] == found
    ended = emoscope(*command, "--labels", "hope, joy")
    assert ended.code == 2
    assert "calibration: " in ended.err
    assert "expected shares: " in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the output is a folder"),
        (["-o", "OUT", "--plot", "plot.html"], "--plot draws one file"),
        (["-o", "OUT", "--skip-bad-rows", "bad.jsonl"], "--bad-rows keep"),
    ],
)
def test_what_a_cluster_does_not_do_is_said(emoscope, folder, tmp_path, arguments, message):
    given = [tmp_path / "out" if each == "OUT" else each for each in arguments]
    ended = emoscope("annotate", folder, "--cluster", "ray", *given)
    assert (ended.code, ended.out) == (2, "")
    assert message in " ".join(ended.err.split())


def test_a_stream_is_not_handed_out(emoscope, tmp_path):
    ended = emoscope("annotate", "-", "--cluster", "ray", "-o", tmp_path / "out")
    assert ended.code == 2
    assert "Name a folder of files" in ended.err
