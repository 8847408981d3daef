"""Logs to compare: made up, of labels that exclude each other and of others."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest

from emoscope.taxonomy import Taxonomy
from tests.experiments.synthetic import PARAMS, make_log, taxonomy_of

EMOCONTEXT = Taxonomy.load("emocontext")
FEW = taxonomy_of(("joy", "fear", "anger"))


def params(**values):
    """Parameters of a made-up configuration; `model__size=3` is one inside a section."""
    made = copy.deepcopy(PARAMS)
    for name, value in values.items():
        *sections, field = name.split("__")
        place = made
        for section in sections:
            place = place.setdefault(section, {})
        place[field] = value
    return made


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    """Two series: `exclusive` (two configurations, 5 runs each), `several` (two with 3 runs)."""
    root = tmp_path_factory.mktemp("logs")
    for size, skill in ((16, 1.2), (32, 2.2)):
        make_log(
            root / "exclusive" / f"size{size}",
            EMOCONTEXT,
            runs=5,
            params=params(model__hidden_size=size),
            skill=skill,
        )
    for name, skill in ((None, 1.6), ("intra", 1.6)):
        make_log(
            root / "several" / f"{name}_0",
            FEW,
            params=params(objective__local_loss=name and {"name": name, "coefficient": 0.2}),
            skill=skill,
        )
    return SimpleNamespace(
        exclusive=root / "exclusive",
        several=root / "several",
        first=root / "exclusive" / "size16",
        second=root / "exclusive" / "size32",
    )


@pytest.fixture
def rng():
    return np.random.default_rng(0)
