"""Configurations to compare: their logs, and the texts of a split with the scores of each run.

Only configurations with the same texts and the same labels can be compared; all runs are brought
into one order of texts and labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emoscope.errors import InputError
from emoscope.experiments.compare.differences import find_differences, make_names
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
        name: a short name, made of what differs between the configurations compared.
        log: the log with its runs.
        differences: the parameters whose values are not the same in all configurations compared.
        predictions: the labels that each of R runs predicts for N texts at its fitted thresholds,
            (R, N, K); the runs in the order of the log.
        fixed_threshold_predictions: the same at a threshold of ½, (R, N, K); equal to
            `predictions` where labels are exclusive.
    """

    name: str
    log: ExperimentLog
    differences: dict[str, str]
    predictions: NDArray[np.bool_]
    fixed_threshold_predictions: NDArray[np.bool_]

    @property
    def recipe(self) -> str:
        """Name of the recipe; empty if the log does not have it."""
        return str(self.log.params.get("name") or "")


@dataclass(frozen=True)
class Compared:
    """Configurations that were measured on the same texts.

    Attributes:
        split: the split that the texts are from.
        texts: the texts with their gold labels.
        configurations: the configurations, in the order in which their folders were named.
        baseline: index of the configuration that the others are compared with.
        left_out: folders of configurations that have no finished run.
    """

    split: Split
    texts: GoldTexts
    configurations: tuple[Configuration, ...]
    baseline: int = 0
    left_out: tuple[Path, ...] = ()


def find_logs(folder: Path) -> list[ExperimentLog]:
    """The log of a folder, or all logs in the folders below it, sorted by path.

    Raises:
        InputError: there is no log, or a log is damaged.
    """
    if (folder / PARAMS).is_file():
        return [ExperimentLog.load(folder)]
    places = sorted(path.parent for path in folder.rglob(PARAMS))
    if not places:
        kind = "folder" if folder.is_dir() else "file" if folder.exists() else "such folder"
        found = f"a {kind} without one" if folder.exists() else f"no {kind}"
        above = next((each for each in folder.parents if (each / PARAMS).is_file()), None)
        hint = f" It lies in the folder of a configuration: name {above}." if above else ""
        raise InputError(
            f"{folder}: expected the folder of a configuration, with {PARAMS}, or one that holds "
            f"several, as `emoscope train` writes them; found {found}.{hint}"
        )
    return [ExperimentLog.load(place) for place in places]


def gather_configurations(
    folders: Sequence[Path], split: Split | None = None, baseline: Path | None = None
) -> Compared:
    """Read everything that a comparison needs.

    Args:
        folders: folders of configurations, or folders that hold several.
        split: the split to compare on; if None, test where all configurations have it, else dev.
        baseline: folder of the configuration that the others are compared with; it need not be
            among `folders`. The first one if None.

    Raises:
        InputError: a folder has no log or no finished run, the scored texts of a run are missing,
            or the configurations differ in their texts or labels; the message says what to do.
    """
    found, left_out, place = find_compared(folders, baseline)
    chosen: Split = split or ("test" if all(map(has_test, found)) else "dev")
    scored = [read_scored_texts(log, chosen) for log in found]
    return assemble(found, scored, chosen, place, left_out)


def gather_groups(
    folders: Sequence[Path], split: Split | None = None, baseline: Path | None = None
) -> list[Compared]:
    """Read everything that comparisons need: one for each set of texts and labels.

    Args:
        folders: folders of configurations, or folders that hold several.
        split: the split to compare on; if None, test where all configurations have it, else dev
            where all have it, else for each test if it has one.
        baseline: folder of the configuration that the others of its group are compared with; that
            of the other groups is their first.

    Returns:
        The groups, in the order of their first configurations.

    Raises:
        InputError: see `gather_configurations`; other texts or labels are another group.
    """
    found, left_out, place = find_compared(folders, baseline)
    splits = choose_splits(found, split)
    scored = [read_scored_texts(log, chosen) for log, chosen in zip(found, splits, strict=True)]
    groups: dict[tuple[object, ...], list[int]] = {}
    for at, (runs, chosen) in enumerate(zip(scored, splits, strict=True)):
        first = runs[0]
        texts = hash(tuple(sorted(zip(first.parts, first.ids, strict=True))))
        groups.setdefault((chosen, frozenset(first.labels), texts), []).append(at)
    return [
        assemble(
            [found[at] for at in members],
            [scored[at] for at in members],
            splits[members[0]],
            members.index(place) if place in members else 0,
            left_out if number == 0 else (),
        )
        for number, members in enumerate(groups.values())
    ]


def choose_splits(logs: Sequence[ExperimentLog], split: Split | None) -> list[Split]:
    """The split to compare each configuration on, see `gather_groups`."""
    if split is not None:
        return [split] * len(logs)
    if all(map(has_test, logs)):
        return ["test"] * len(logs)
    if all(has_scored(log, "dev") for log in logs):
        return ["dev"] * len(logs)
    return ["test" if has_test(log) else "dev" for log in logs]


def find_compared(
    folders: Sequence[Path], baseline: Path | None
) -> tuple[list[ExperimentLog], tuple[Path, ...], int]:
    """The logs with finished runs, the folders without, and the index of the baseline."""
    found, left_out = find_finished(folders)
    if baseline is None:
        return found, left_out, 0
    found, place = add_baseline(found, baseline)
    return found, left_out, place


def assemble(
    found: Sequence[ExperimentLog],
    scored: Sequence[list[ScoredTexts]],
    chosen: Split,
    place: int = 0,
    left_out: tuple[Path, ...] = (),
) -> Compared:
    """Bring configurations into one order of texts and labels.

    Args:
        found: the logs.
        scored: the scored texts of the runs of each.
        chosen: the split of these texts.
        place: index of the baseline.
        left_out: folders without a finished run.
    """
    first = scored[0][0]
    if np.isnan(first.gold).all():
        raise InputError(
            f"{list_run_folders(found[0])[0]}: no text of {chosen} has a gold label to compare "
            "with."
        )
    taxonomy = read_run_taxonomy(found, first.labels)
    found_differences = find_differences([log.params for log in found])
    recipes = [str(log.params.get("name") or "") for log in found]
    titles = make_names(found_differences, recipes, [log.folder.name for log in found])
    configurations = []
    for title, log, changes, runs in zip(titles, found, found_differences, scored, strict=True):
        aligned = [
            align_texts(first, run, folder)
            for run, folder in zip(runs, list_run_folders(log), strict=True)
        ]
        predictions = np.stack([run.predictions for run in aligned])
        at_fixed = np.stack([predict_at_fixed_threshold(run, taxonomy) for run in aligned])
        configurations.append(Configuration(title, log, changes, predictions, at_fixed))
    texts = GoldTexts(taxonomy, first.gold, first.parts)
    return Compared(chosen, texts, tuple(configurations), place, left_out)


def find_finished(folders: Sequence[Path]) -> tuple[list[ExperimentLog], tuple[Path, ...]]:
    """The logs that have a finished run, each once, and the folders of the logs that have none."""
    logs: dict[Path, ExperimentLog] = {}
    left_out: list[Path] = []
    for folder in folders:
        found = find_logs(folder)
        if not any(log.runs for log in found):
            raise InputError(f"{folder}: no finished run yet; `emoscope train` makes some.")
        logs |= {log.folder.resolve(): log for log in found if log.runs}
        left_out += [log.folder for log in found if not log.runs]
    return list(logs.values()), tuple(left_out)


def add_baseline(logs: list[ExperimentLog], baseline: Path) -> tuple[list[ExperimentLog], int]:
    """The logs with that of the baseline, and its index; a baseline not among them comes first."""
    if not (baseline / PARAMS).is_file():
        raise InputError(
            f"The baseline {baseline}: expected the folder of one configuration, with {PARAMS}."
        )
    folders = [log.folder.resolve() for log in logs]
    if baseline.resolve() in folders:
        return logs, folders.index(baseline.resolve())
    return [*find_finished([baseline])[0], *logs], 0


def has_test(log: ExperimentLog) -> bool:
    """Whether a run of a configuration was measured on test."""
    return has_scored(log, "test")


def has_scored(log: ExperimentLog, split: Split) -> bool:
    """Whether a run of a configuration has scored texts of a split."""
    return any((folder / f"{split}.parquet").is_file() for folder in list_run_folders(log))


def list_run_folders(log: ExperimentLog) -> list[Path]:
    """The folder of each finished run."""
    return [log.folder / run.name for run in log.runs]


def read_scored_texts(log: ExperimentLog, split: Split) -> list[ScoredTexts]:
    """The texts of a split with the scores of each run of a configuration."""
    paths = [folder / f"{split}.parquet" for folder in list_run_folders(log)]
    for path in paths:
        if not path.is_file():
            where = "set corpus.test in the recipe, or compare with --split dev"
            remedy = AGAIN if split == "dev" or has_test(log) else where
            raise InputError(f"{path}: expected the run's scored texts, found none; {remedy}.")
    return [ScoredTexts.read(path) for path in paths]


def read_run_taxonomy(logs: Sequence[ExperimentLog], labels: Sequence[str]) -> Taxonomy:
    """The taxonomy in the model folder of a run: which labels, exclusive or not, which ignored."""
    configs = [folder / "model" / CONFIG for log in logs for folder in list_run_folders(log)]
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


def align_texts(first: ScoredTexts, other: ScoredTexts, where: Path) -> ScoredTexts:
    """Bring the scored texts of a run into the order of the texts and labels of another run.

    Args:
        first: the run whose order is kept.
        other: the run to reorder.
        where: folder of `other`, for the error message.

    Raises:
        InputError: the two runs do not have the same texts with the same labels.
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
        predictions=other.predictions[cells],
    )


def predict_at_fixed_threshold(run: ScoredTexts, taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """Predictions at a threshold of ½; exclusive labels have none, and keep the predictions."""
    if taxonomy.exclusive:
        return run.predictions
    predictions: NDArray[np.bool_] = (run.probabilities >= 0.5) & ~np.isnan(run.gold)
    return predictions
