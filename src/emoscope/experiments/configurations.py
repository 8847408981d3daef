"""Configurations to compare: their logs, and the texts of a split as each of their runs scored it.

All of them have the same texts, labels and order of both, or cannot be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.experiments.compare.differences import differences, names
from emoscope.experiments.log import PARAMS, ExperimentLog
from emoscope.experiments.scored import ScoredTexts
from emoscope.files import read_json
from emoscope.folder import CONFIG
from emoscope.metrics.paired import GoldTexts
from emoscope.taxonomy import Label, Taxonomy

Split = Literal["dev", "test"]
AGAIN = "delete that run's folder and repeat the `emoscope train` that made it"


@dataclass(frozen=True)
class Configuration:
    """One configuration with its finished runs.

    Attributes:
        name: short, by what differs from the others it is compared with.
        log: of its runs.
        differences: parameters that are not the same in all configurations compared.
        decisions: of each run at its fitted thresholds, (R, N, K), in the order of the log.
        halves: the same at ½, (R, N, K); the fitted ones where labels are exclusive.
    """

    name: str
    log: ExperimentLog
    differences: dict[str, str]
    decisions: NDArray[np.bool_]
    halves: NDArray[np.bool_]

    @property
    def recipe(self) -> str:
        """Name of the recipe; empty if the log does not say."""
        return str(self.log.params.get("name") or "")


@dataclass(frozen=True)
class Compared:
    """Configurations that were measured on the same texts.

    Attributes:
        split: of the texts.
        texts: with their gold labels.
        configurations: in the order they were named in.
        baseline: place of the one that differences are to.
        left_out: folders of configurations that have no finished run.
    """

    split: Split
    texts: GoldTexts
    configurations: tuple[Configuration, ...]
    baseline: int = 0
    left_out: tuple[Path, ...] = ()


def find_logs(folder: Path) -> list[ExperimentLog]:
    """The log of a folder, or all the logs somewhere inside it, by path.

    Raises:
        InputError: there is none, or a damaged one.
    """
    if (folder / PARAMS).is_file():
        return [ExperimentLog.load(folder)]
    places = sorted(path.parent for path in folder.rglob(PARAMS))
    if not places:
        kind = "folder" if folder.is_dir() else "file" if folder.exists() else "such folder"
        found = f"a {kind} without one" if folder.exists() else f"no {kind}"
        raise InputError(
            f"{folder}: expected the folder of a configuration, with {PARAMS}, or one that holds "
            f"several, as `emoscope train` writes them; found {found}."
        )
    return [ExperimentLog.load(place) for place in places]


def gather(
    folders: Sequence[Path], split: Split | None = None, baseline: Path | None = None
) -> Compared:
    """Everything that a comparison is made from.

    Args:
        folders: of configurations, or of several.
        split: whose texts; test if all configurations have it, else dev, if None.
        baseline: folder of the configuration to be compared with, among the others or not; the
            first if None.

    Raises:
        InputError: no log or no finished run in a folder, scored texts of a run missing, or texts
            or labels not the same; the message says what to do.
    """
    found, left_out = finished(folders)
    place = 0
    if baseline is not None:
        found, place = with_baseline(found, baseline)
    chosen: Split = split or ("test" if all(map(has_test, found)) else "dev")
    scored = [read_scored(log, chosen) for log in found]
    first = scored[0][0]
    if np.isnan(first.gold).all():
        raise InputError(
            f"{run_folders(found[0])[0]}: no text of {chosen} has a gold label to compare with."
        )
    taxonomy = taxonomy_of(found, first.labels)
    found_differences = differences([log.params for log in found])
    recipes = [str(log.params.get("name") or "") for log in found]
    titles = names(found_differences, recipes, [log.folder.name for log in found])
    configurations = []
    for title, log, changes, runs in zip(titles, found, found_differences, scored, strict=True):
        aligned = [
            align(first, run, folder) for run, folder in zip(runs, run_folders(log), strict=True)
        ]
        decisions = np.stack([run.decisions for run in aligned])
        halves = np.stack([halved(run, taxonomy) for run in aligned])
        configurations.append(Configuration(title, log, changes, decisions, halves))
    texts = GoldTexts(taxonomy, first.gold, first.parts)
    return Compared(chosen, texts, tuple(configurations), place, left_out)


def finished(folders: Sequence[Path]) -> tuple[list[ExperimentLog], tuple[Path, ...]]:
    """The logs in some folders that have a finished run, each once, and the folders of others."""
    logs: dict[Path, ExperimentLog] = {}
    left_out: list[Path] = []
    for folder in folders:
        found = find_logs(folder)
        if not any(log.runs for log in found):
            raise InputError(f"{folder}: no finished run yet; `emoscope train` makes some.")
        logs |= {log.folder.resolve(): log for log in found if log.runs}
        left_out += [log.folder for log in found if not log.runs]
    return list(logs.values()), tuple(left_out)


def with_baseline(logs: list[ExperimentLog], baseline: Path) -> tuple[list[ExperimentLog], int]:
    """The logs with the baseline's, first unless it is among them, and its place."""
    if not (baseline / PARAMS).is_file():
        raise InputError(
            f"The baseline {baseline}: expected the folder of one configuration, with {PARAMS}."
        )
    folders = [log.folder.resolve() for log in logs]
    if baseline.resolve() in folders:
        return logs, folders.index(baseline.resolve())
    return [*finished([baseline])[0], *logs], 0


def has_test(log: ExperimentLog) -> bool:
    """Whether a run of a configuration was measured on test."""
    return any((folder / "test.parquet").is_file() for folder in run_folders(log))


def run_folders(log: ExperimentLog) -> list[Path]:
    """The folder of each finished run."""
    return [log.folder / run.name for run in log.runs]


def read_scored(log: ExperimentLog, split: Split) -> list[ScoredTexts]:
    """The texts of a split as each run of a configuration scored them."""
    paths = [folder / f"{split}.parquet" for folder in run_folders(log)]
    for path in paths:
        if not path.is_file():
            where = "set corpus.test in the recipe, or compare with --split dev"
            remedy = AGAIN if split == "dev" or has_test(log) else where
            raise InputError(f"{path}: expected the run's scored texts, found none; {remedy}.")
    return [ScoredTexts.read(path) for path in paths]


def taxonomy_of(logs: Sequence[ExperimentLog], labels: Sequence[str]) -> Taxonomy:
    """What the model of a run says of the labels: whether they are exclusive, which are ignored."""
    configs = [folder / "model" / CONFIG for log in logs for folder in run_folders(log)]
    path = next((path for path in configs if path.is_file()), None)
    if path is None:
        raise InputError(
            f"No model of {', '.join(str(log.folder) for log in logs)} is there: expected a "
            f"{configs[0]}, which says what the labels are; {AGAIN}."
        )
    known = Taxonomy.from_dict(read_json(path).get("taxonomy") or {})
    return Taxonomy(
        name=known.name,
        labels=tuple(Label(name, (name,)) for name in labels),
        exclusive=known.exclusive,
        ignored=tuple(name for name in known.ignored if name in labels),
    )


def align(first: ScoredTexts, other: ScoredTexts, where: Path) -> ScoredTexts:
    """The scored texts of a run in the order of another's texts and labels.

    Args:
        first: the run that gives the order.
        other: the run to be put in order.
        where: its folder, for the message.

    Raises:
        InputError: they are not the same texts with the same labels.
    """
    if set(first.labels) != set(other.labels):
        only = [sorted(set(a.labels) - set(b.labels)) for a, b in ((first, other), (other, first))]
        raise InputError(
            f"{where} has other labels than the first configuration: it lacks "
            f"{', '.join(only[0]) or 'none'} and adds {', '.join(only[1]) or 'none'}. Only "
            "configurations with the same labels can be compared."
        )
    columns = [other.labels.index(name) for name in first.labels]
    keys, others = (list(zip(item.parts, item.ids, strict=True)) for item in (first, other))
    rows = list(range(len(others)))
    if keys != others:
        place = {key: at for at, key in enumerate(others)}
        missing = [key for key in keys if key not in place]
        if missing or len(keys) != len(others) or len(place) != len(others):
            example = f", such as {missing[0][1]!r} of {missing[0][0]!r}" if missing else ""
            raise InputError(
                f"{where} was measured on other texts than the first configuration: {len(others):,}"
                f" instead of {len(keys):,}, and {len(missing):,} of those are not among them"
                f"{example}. Only configurations with the same split of the same corpus can be "
                "compared."
            )
        rows = [place[key] for key in keys]
    cells = np.ix_(rows, columns)
    if not np.allclose(first.gold, other.gold[cells], equal_nan=True):
        unlike = ~np.isclose(first.gold, other.gold[cells], equal_nan=True).all(axis=1)
        example = first.ids[int(unlike.argmax())]
        raise InputError(
            f"{where}: {int(unlike.sum()):,} texts have other gold labels than in the first "
            f"configuration, such as {example!r}. Train both on the same version of the corpus."
        )
    return replace(
        other,
        labels=first.labels,
        ids=first.ids,
        parts=first.parts,
        turns=[other.turns[row] for row in rows],
        gold=other.gold[cells],
        probabilities=other.probabilities[cells],
        decisions=other.decisions[cells],
    )


def halved(run: ScoredTexts, taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """Decisions at a threshold of ½; of exclusive labels, which have none, the run's own."""
    if taxonomy.exclusive:
        return run.decisions
    decided: NDArray[np.bool_] = (run.probabilities >= 0.5) & ~np.isnan(run.gold)
    return decided
