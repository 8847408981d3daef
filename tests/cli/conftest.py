"""Runs the program inside the test's own process, which has imported torch already."""

import sys
from typing import NamedTuple

import pytest

from tests.tiny import encoder, text_tokenizer

NAMES = ("anger", "joy", "pride", "fear")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def emoscope(capfd, monkeypatch):
    """Runs `emoscope ARGUMENTS…`; anything but an exit passes through, as a traceback would."""
    from emoscope.cli import main

    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["emoscope", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return run


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A Demux with random weights that knows `NAMES`, as training would save it."""
    import torch

    from emoscope.calibration import Calibration
    from emoscope.encoding.demux import DemuxEncoder
    from emoscope.folder import complete
    from emoscope.models.backbone import shape_of, without_pooler
    from emoscope.models.demux import Demux, DemuxConfig
    from emoscope.taxonomy import Label, Taxonomy
    from emoscope.text import TextPipeline

    path = tmp_path_factory.mktemp("demux") / "model"
    taxonomy = Taxonomy("mine", tuple(Label(name, (name,)) for name in NAMES))
    backbone = without_pooler(encoder("bert"))
    torch.manual_seed(1)
    reads = DemuxEncoder(TextPipeline(()), text_tokenizer("bert"), taxonomy)
    config = DemuxConfig(
        backbone=shape_of(backbone.config),
        id2label=dict(enumerate(NAMES)),
        label2id={name: k for k, name in enumerate(NAMES)},
    )
    Demux(config, backbone).save_pretrained(path)
    reads.save(path)
    complete(path, taxonomy, Calibration(), reads.to_config(), "")
    return path
