"""Two processes at one training give what one gives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.tiny import encoder, fast_tokenizer

TEXTS = ("so happy today", "this makes me angry", "i am afraid of it", "what a lovely surprise")
TORCHRUN = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=29517"]


def write_rows(path: Path, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = [
        f"{' '.join(rng.choice(TEXTS, size=2))}\t{rng.integers(0, 27)}\tid{place}\n"
        for place in range(count)
    ]
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows in GoEmotions' format and an encoder without dropout."""
    root = tmp_path_factory.mktemp("processes")
    write_rows(root / "train.tsv", 48, 0)
    write_rows(root / "dev.tsv", 20, 1)
    model = encoder("bert", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model.save_pretrained(root / "encoder")
    fast_tokenizer("bert").save_pretrained(root / "encoder")
    return root


def trained(place: Path, launcher: list[str], output: str) -> tuple[dict[str, list], str]:
    command = [
        sys.executable,
        *launcher,
        "-m",
        "emoscope",
        "train",
        "demux-goemotions",
        f"--data-dir={place}",
        f"--output={place / output}",
        f"--set=model.backbone={place / 'encoder'}",
        "--set=model.dropout=0.0",
        "--set=model.shuffle_labels=true",
        "--set=model.drop_labels=0.9",
        "--set=objective.self_distillation=0.9",
        "--set=training.bfloat16=false",
        "--set=training.batch_size=16",
        "--set=training.epochs=3",
    ]
    done = subprocess.run(
        command,
        cwd=place,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    history = json.loads((place / output / "seed-0" / "history.json").read_text(encoding="utf-8"))
    return history, done.stdout


@pytest.fixture(scope="module")
def alone(place: Path) -> dict[str, list]:
    return trained(place, [], "alone")[0]


def test_two_processes_have_the_losses_of_one(place, alone):
    history, stdout = trained(place, TORCHRUN, "torchrun")
    for name in ("loss", "eval_loss", "binary_cross_entropy", "intra_loss", "self_distillation"):
        both, single = np.array(history[name]), np.array(alone[name])
        assert both.shape == single.shape == (3, 2)
        assert both == pytest.approx(single, abs=2e-5), name
    assert stdout.count("Model:") == 1, "one process speaks"
