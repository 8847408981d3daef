"""What every test starts from: no network, one thread, no cache of the user's."""

import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Tiny networks: a second thread costs more than it gives.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Cache files of a test in a folder of its own."""
    monkeypatch.setenv("EMOSCOPE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
