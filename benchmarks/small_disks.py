"""What commands do on a disk that is really full, and on one that is really read-only.

    python benchmarks/small_disks.py [--quick] [--json FILE]

Each command runs in a small file system in memory (tmpfs) of which so much is filled that only some
pages are free, and then in one that is mounted read-only. It must end without a traceback, and with
1 or 2 as is documented, or do its whole work; when there is room, or the disk can be written, the
same command must end with the files of a run that nothing has disturbed. A job that is finished
says so on a disk that is read-only. Where nothing may be mounted nothing is measured.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import finish, machine, options
from fault_injection import import_all, run_command
from kills import read_files
from system_faults import COMMANDS, TRAIN, is_same, prepare

PAGE, MEBIBYTES = 4096, 64
PAGES = (0, 1, 2, 3, 5, 8, 13, 40, 100, 400)
"""How many are free, where a disk is full."""
UNWRITTEN = ("score", "explain", "recipes", "taxonomies", "info")
"""Commands that write no file."""
NAMES = [name for name in COMMANDS if name not in UNWRITTEN]
QUICK = ("csv", "picture")
BALLAST = "ballast"


@contextmanager
def mounted(place: Path) -> Iterator[Path]:
    """A small file system at a place."""
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def may_mount() -> bool:
    """Whether this process may mount file systems."""
    with tempfile.TemporaryDirectory() as name:
        try:
            with mounted(Path(name) / "disk"):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


def fill(disk: Path, pages: int) -> None:
    """Fill a file system until so many pages are free."""
    ballast = disk / BALLAST
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PAGE))
        except OSError:
            file.truncate(max(0, file.tell() - pages * PAGE))


def without_ballast(folder: Path) -> dict[str, bytes]:
    """The files of a folder that may be compared."""
    return {name: data for name, data in read_files(folder).items() if name != BALLAST}


def judge(ended: Any, codes: tuple[int, ...], done: bool) -> list[str]:
    """What is wrong with how a command has ended.

    Args:
        ended: how it has ended.
        codes: exit codes that are documented for the fault.
        done: whether all that it should write is there.
    """
    said = ended.stderr.strip()
    if "Traceback" in said or ended.code not in (0, *codes):
        return [f"ended with {ended.code}: {said[-300:]}"]
    return [] if ended.code or done else ["ended with 0 and other files"]


def try_disk(name: str, disk: Path, trained: Path | None, pages: int | None) -> list[str]:
    """What is wrong with a command on a disk that is full, or read-only if `pages` is None."""
    command = COMMANDS[name]
    folder = prepare(disk / "whole", trained)
    whole_run = run_command(command, folder)
    if whole_run.code:
        raise SystemExit(f"{name}: ended with {whole_run.code}\n{whole_run.stderr}")
    whole = without_ballast(folder)
    tried = prepare(disk / "tried", trained)
    if pages is None:
        _mount("-o", "remount,ro", str(disk))
        first = run_command(command, tried)
        wrong = judge(first, (2,), is_same(first, whole_run.stdout, read_files(tried), whole))
        again = run_command(command, folder)
        if name in ("csv", "parquet", "cache", "folder") and again.code:
            wrong.append(f"a finished job ended with {again.code}: {again.stderr.strip()[-300:]}")
        _mount("-o", "remount,rw", str(disk))
    else:
        fill(disk, pages)
        first = run_command(command, tried)
        wrong = judge(first, (1,), is_same(first, whole_run.stdout, read_files(tried), whole))
        (disk / BALLAST).unlink()
    last = run_command(command, tried)
    if last.code and not first.code and "exists" in last.stderr:
        # It has succeeded before, and replaces nothing.
        return wrong
    if last.code or read_files(tried) != whole:
        wrong.append(f"afterwards {last.code} or other files: {last.stderr.strip()[-300:]}")
    return wrong


def measure(name: str, place: Path, trained: Path | None, quick: bool) -> tuple[int, list[str]]:
    """All disks of one command: how many, and what is wrong."""
    disks = (None, *(PAGES[::4] if quick else PAGES))
    found = []
    for number, pages in enumerate(disks):
        with mounted(place / f"{name}-{number}".replace(" ", "-")) as disk:
            shown = "read-only" if pages is None else f"{pages} pages free"
            found += [f"{name}, {shown}: {each}" for each in try_disk(name, disk, trained, pages)]
    return len(disks), found


def main() -> None:
    """Fill disks, judge."""
    parser = options(__doc__)
    parser.add_argument("--only", choices=NAMES, action="append", help="these commands alone")
    arguments = parser.parse_args()
    print(machine())
    if not may_mount():
        print("Nothing may be mounted here: nothing is measured.")
        sys.exit(0)
    names = arguments.only or (QUICK if arguments.quick else tuple(NAMES))
    import_all()
    count, wrong = 0, list[str]()
    with tempfile.TemporaryDirectory() as root:
        place, trained = Path(root), None
        if {"compare", "report"} & set(names):
            folder = prepare(place / "training", None)
            if run_command(TRAIN, folder).code:
                raise SystemExit("the training has failed")
            trained = folder / "run"
        for name in names:
            started = time.perf_counter()
            needed = trained if name in ("compare", "report") else None
            disks, found = measure(name, place, needed, arguments.quick)
            count, wrong = count + disks, [*wrong, *found]
            print(f"{name}: {disks} disks, {time.perf_counter() - started:.0f} s", flush=True)
            for each in found:
                print(f"  {each}", flush=True)
    sentence = (
        f"{count} commands on disks that are full or read-only: {len(wrong)} with a traceback, "
        "another exit code than documented, or other files in the end (bar: 0)"
    )
    finish({"disks": count, "wrong": wrong}, {sentence: not wrong}, arguments.json, arguments.quick)


if __name__ == "__main__":
    main()
