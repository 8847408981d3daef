"""A model folder whose parts do not belong together is refused, not scored wrongly."""

import errno
import json
import os
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from emoscope.errors import EmoscopeError, InputError
from emoscope.inference.annotator import load


@pytest.fixture
def folder(trained, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(trained.folder / "seed-0" / "model", copy)
    return copy


def edit(path, change):
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def test_a_vocabulary_of_another_size(folder):
    def shorten(values):
        values["words"].pop()
        values["counts"].pop()

    edit(folder / "vocabulary.json", shorten)
    with pytest.raises(InputError, match=r"vocabulary\.json .* and"):
        load(folder)


def test_weights_of_another_shape_are_named(folder):
    edit(folder / "config.json", lambda values: values.update(hidden_size=99))
    with pytest.raises(InputError, match=r"classifier\.weight"):
        load(folder)


def test_a_damaged_preprocessing_names_its_file(folder):
    edit(folder / "preprocessing.json", lambda values: values.pop("steps"))
    with pytest.raises(InputError, match=r"preprocessing\.json.*list of steps"):
        load(folder)


def read_header(data):
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def with_header(change):
    """What alters the header of weights; the numbers stay."""

    def alter(data):
        header, rest = read_header(data)
        change(header)
        packed = json.dumps(header).encode()
        return len(packed).to_bytes(8, "little") + packed + rest

    return alter


def first_two(header):
    return [header[name] for name in sorted(header, key=lambda name: name == "__metadata__")[:2]]


def overlap(header):
    one, other = first_two(header)
    other["data_offsets"] = one["data_offsets"]
    other["shape"] = one["shape"]


def reach_beyond(header):
    last = max(first_two(header), key=lambda each: each["data_offsets"][1])
    last["data_offsets"][1] = 10**15


def grow(header):
    first_two(header)[0]["shape"] = [10**9, 10**9]


def rename(header):
    name = next(name for name in header if name != "__metadata__")
    header["another"] = header.pop(name)


TAMPERED = {
    "nothing": lambda data: b"",
    "a header without end": lambda data: b"\xff" * 8 + data[8:],
    "a header longer than the file": lambda data: (len(data)).to_bytes(8, "little") + data[8:],
    "a header cut off": lambda data: data[:20],
    "numbers cut off": lambda data: data[:-1],
    "more numbers": lambda data: data + b"\0",
    "overlapping tensors": with_header(overlap),
    "a tensor beyond the end": with_header(reach_beyond),
    "a shape that is too large": with_header(grow),
    "a tensor of another name": with_header(rename),
    "a type that is none": with_header(lambda header: first_two(header)[0].update(dtype="F33")),
    "negative offsets": with_header(
        lambda header: first_two(header)[0].update(data_offsets=[-4, 0])
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_weights_are_refused(folder, name):
    path = folder / "model.safetensors"
    path.write_bytes(TAMPERED[name](path.read_bytes()))
    with pytest.raises(InputError, match=r"model\.safetensors|weights and config") as caught:
        load(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_give_no_scores(folder, value):
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["classifier.weight"] = np.full_like(weights["classifier.weight"], value)
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(InputError, match="not finite") as caught:
        load(folder).annotate([["what a day"]])
    assert str(folder) in str(caught.value)


def test_weights_that_cannot_be_opened_are_not_called_damaged(folder, monkeypatch):
    opened = os.open

    def refuse(path, *arguments, **options):
        if str(path).endswith("model.safetensors"):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(EmoscopeError, match=r"Too many open files.*ulimit") as caught:
        load(folder)
    assert "damaged" not in str(caught.value)
