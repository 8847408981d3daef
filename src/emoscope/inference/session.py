"""Engines that run exported graphs, each by the name of its package."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError, require
from emoscope.folder import CONFIG
from emoscope.registry import ENGINES, resolve

Feed = Mapping[str, NDArray[Any]]
Outputs = tuple[NDArray[np.float32], ...]


class Session(Protocol):
    """An engine with a graph loaded.

    Attributes:
        path: of the graph's file.
        inputs: names of the graph's inputs.
    """

    path: Path
    inputs: frozenset[str]

    def run(self, feeds: Iterable[Feed]) -> Iterator[Outputs]:
        """What the graph says of each request, in order, as many in flight as the engine likes."""


class SessionLoader(Protocol):
    """Loads graphs with one engine."""

    def __call__(self, path: Path, *, exact: bool = False) -> Session:
        """A graph, loaded.

        Args:
            path: the path of the graph.
            exact: compute in float32.

        Raises:
            InputError: the file is damaged.
        """


def make_loader(engine: str, threads: int | None) -> SessionLoader:
    """What loads graphs.

    Args:
        engine: name of its package; `"auto"` takes the fastest one that is installed.
        threads: at most; as many as there are cores if None.

    Raises:
        MissingExtraError: the engine is not installed.
    """
    name = engine
    if engine == "auto":
        # Whichever is there, in the order of their speed.
        name = next(filter(find_spec, ENGINES), next(iter(ENGINES)))
    require(name, name)

    def load(path: Path, *, exact: bool = False) -> Session:
        return load_session(path, name, threads, exact=exact)

    return load


def load_session(path: Path, engine: str, threads: int | None, *, exact: bool = False) -> Session:
    """A graph, loaded by an engine.

    Args:
        path: the path of the graph.
        engine: name of its package.
        threads: at most; as many as there are cores if None.
        exact: compute in float32.
    """
    try:
        session: Session = resolve(ENGINES[engine])(path, threads, exact=exact)
    # The engines raise classes of their own, all of them bare RuntimeErrors or Exceptions.
    except Exception as error:
        raise InputError(
            f"{path} cannot be run by {engine}: the file is damaged, a link leads out of its "
            f"folder, or this engine is too old. Copy or export the model again, or install a "
            f"newer {engine} ({' '.join(str(error).split())[-200:]})."
        ) from error
    return session


@contextmanager
def name_graph(path: Path) -> Iterator[None]:
    """Turn what an engine raises while it runs a graph into an error that names the file.

    Raises:
        InputError: the engine has raised something.
    """
    try:
        yield
    # See `load_session`.
    except Exception as error:
        raise InputError(
            f"{path} does not take what its model's graph takes, or there is no memory for it "
            f"({' '.join(str(error).split())[-200:]}). Fetch or export the model again."
        ) from error


def check_inputs(session: Session, needed: Collection[str]) -> None:
    """Check that a graph has the inputs that its model's graph has.

    Raises:
        InputError: one is missing.
    """
    missing = sorted(set(needed) - session.inputs)
    if missing:
        raise make_graph_error(session, f"no input {', '.join(missing)}")


def check_output(session: Session, found: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Check what a graph gives before it is believed.

    Args:
        session: with the graph.
        found: what it gave.
        shape: that it should have; -1 for any size.

    Raises:
        InputError: another shape, or values that are not numbers.
    """
    fits = len(found.shape) == len(shape) and all(
        there == wanted or wanted == -1 for there, wanted in zip(found.shape, shape, strict=True)
    )
    if not fits:
        raise make_graph_error(session, f"scores of shape {found.shape} instead of {shape}")
    if not np.isfinite(found).all():
        raise make_graph_error(session, "scores that are not finite numbers")


def make_graph_error(session: Session, fault: str) -> InputError:
    """The error of a graph that is not the one of its model."""
    return InputError(
        f"{session.path}: expected the graph of the model in {CONFIG}, got one with {fault}. The "
        "files were edited or are of several models; fetch or export the model again."
    )
