"""A model folder whose parts do not belong together is refused, not scored wrongly."""

import json
import shutil

import pytest

from emoscope.errors import InputError
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
