"""Benchmarks start: each is a command that says what it measures."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(str(path) for path in FOLDER.glob("*.py") if "__main__" in path.read_text())
# In one process, as most of the time goes into imports that they share.
HELP = """
import runpy, sys
folder, *scripts = sys.argv[1:]
sys.path.insert(0, folder)
for script in scripts:
    sys.argv = [script, "--help"]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        if ended.code:
            raise
"""


def test_every_benchmark_says_what_it_is():
    done = subprocess.run(
        [sys.executable, "-c", HELP, FOLDER, *SCRIPTS], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("usage: ") == len(SCRIPTS)


def test_a_benchmark_measures_and_writes_its_figures(tmp_path):
    """The one that is quick and needs no data; others read some that are not in the repository."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, FOLDER / "experiment_log.py", "--quick", "--json", figures]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    # 1 says that a bar was missed, as may be on a machine that is busy.
    assert done.returncode in (0, 1), done.stderr
    assert figures.is_file()
