"""Engines that run exported graphs, each by the name of its package."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError, require
from emoscope.registry import ENGINES, resolve

Feed = Mapping[str, NDArray[Any]]
Outputs = tuple[NDArray[np.float32], ...]


class Session(Protocol):
    """An engine with a graph loaded.

    Attributes:
        inputs: names of the graph's inputs.
    """

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
            f"{path} cannot be run by {engine}: the file is damaged, or this "
            f"engine is too old ({' '.join(str(error).split())[-200:]})."
        ) from error
    return session
