"""A model of known scores, and files to annotate."""

import csv
import io
import json
from pathlib import Path

import numpy as np

from emoscope.calibration import Calibration
from emoscope.inference.annotator import PRETRAINED, Annotator
from emoscope.jobs.annotate import annotate_stream
from emoscope.jobs.cluster.ray_data import Worker
from emoscope.taxonomy import Taxonomy

NAMES = ("others", "happy", "sad", "angry")


class Lengths:
    """A backend whose logits are the lengths of the first four turns, then zeros."""

    def encode(self, conversations):
        rows = [[*map(len, turns), 0, 0, 0, 0][:4] for turns in conversations]
        return np.array(rows, dtype=np.float32)

    def logits(self, encoded):
        return encoded


class Fixed:
    """A backend whose logits are the numbers in the text."""

    def encode(self, conversations):
        return [[float(x) for x in " ".join(turns).split()] for turns in conversations]

    def logits(self, encoded):
        return np.array(encoded, dtype=np.float32)


def lengths(exclusive=True, calibration=Calibration(), backend=None):  # noqa: B008 - it cannot change
    labels = Taxonomy.load("emocontext").labels
    taxonomy = Taxonomy("t", labels, exclusive=exclusive)
    return Annotator(backend or Lengths(), taxonomy, calibration)


def streamed(source, model=None, options=None, **more) -> bytes:
    """What is written to a stream."""
    output = io.BytesIO()
    annotate_stream(model or lengths(), source, output, options, **more)
    return output.getvalue()


def annotated(source, model=None, options=None, **more):
    """The rows that are written to a stream as JSON lines."""
    return [json.loads(line) for line in streamed(source, model, options, **more).splitlines()]


def write_csv(path: Path, header, rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def link_model(folder: Path, *left_out: str) -> Path:
    """A folder with links to the files of the model that ships, but for some."""
    folder.mkdir()
    for path in PRETRAINED.iterdir():
        if path.name not in left_out:
            (folder / path.name).symlink_to(path)
    return folder


def in_process(worker, tasks, workers):
    """What `emoscope.jobs.cluster.ray_data.annotate_on_ray` does, without Ray."""
    del workers
    one = Worker(*worker)
    for task in tasks:
        outcome = one({name: [value] for name, value in task.items()})
        yield {name: value for name, (value,) in outcome.items()}
