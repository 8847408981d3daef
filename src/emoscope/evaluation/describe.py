"""What a corpus holds: sizes, classes, emoji, and how long its texts are after cleaning."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emoscope.corpora.corpus import Corpus
from emoscope.errors import InputError, require
from emoscope.text.emoji import contains_emoji

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Description", "describe", "plot"]

# Okabe and Ito's colours, which colour-blind readers tell apart; yellow is too pale for lines.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_GREY = "#5f5f5f"
_MAX_SPLITS = len(_COLOURS)
_MAX_STEPS = 120
_MAX_NUMBERED = 30


@dataclass(frozen=True)
class Description:
    """Figures about a corpus; shares are in percent, lengths in tokens of a whole example.

    Attributes:
        conversations: number of examples, N.
        labelled: number of examples with labels.
        class_shares: share of the labelled examples that have each label (value of ½ or more).
        emoji_share: share of the examples with an emoji in a turn.
        token_mean: mean length.
        token_median: median length.
        token_p95: length that 95 % of the examples do not pass.
        token_p99: length that 99 % of the examples do not pass.
        token_max: the longest.
        cutoff: the length that `within_cutoff` is about.
        within_cutoff: share of the examples of at most `cutoff` tokens.
        types: number of different tokens.
        turns_per_example: mean number of turns.
        labels_per_example: mean number of labels of the labelled examples; None without any.
        length_counts: number of examples of 0, 1, 2, … tokens.
    """

    conversations: int
    labelled: int
    class_shares: Mapping[str, float]
    emoji_share: float
    token_mean: float
    token_median: float
    token_p95: int
    token_p99: int
    token_max: int
    cutoff: int
    within_cutoff: float
    types: int
    turns_per_example: float
    labels_per_example: float | None
    length_counts: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain numbers for JSON, without `length_counts`."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        del values["length_counts"]
        return {**values, "class_shares": dict(self.class_shares)}


def describe(
    corpus: Corpus,
    pipeline: Callable[[Sequence[str]], Sequence[str]] | None = None,
    cutoff: int = 35,
) -> Description:
    """Count what a corpus holds.

    Args:
        corpus: N examples, labelled or not.
        pipeline: cleans the turns of an example, such as a `TextPipeline`; tokens are what its
            output has between white space. None leaves the turns as they are.
        cutoff: a length in tokens.

    Raises:
        InputError: if the corpus is empty or the cut-off less than 1.
    """
    if not len(corpus):
        raise InputError(f"Corpus {corpus.name!r}: expected at least one example, got none.")
    if cutoff < 1:
        raise InputError(f"Expected a cut-off of at least 1 token, got {cutoff}.")
    turns = corpus.turns
    vocabulary: set[str] = set()
    lengths = np.zeros(len(turns), dtype=np.int64)
    for number, example in enumerate(turns):
        tokens = [
            token for turn in (pipeline(example) if pipeline else example) for token in turn.split()
        ]
        vocabulary.update(tokens)
        lengths[number] = len(tokens)
    labels = corpus.labels
    has = labels[~np.isnan(labels).any(axis=1)] >= 0.5
    shares = 100 * has.mean(axis=0) if len(has) else []
    p95, p99 = np.percentile(lengths, [95, 99], method="inverted_cdf")
    return Description(
        conversations=len(turns),
        labelled=len(has),
        class_shares={
            name: float(share) for name, share in zip(corpus.taxonomy.names, shares, strict=False)
        },
        emoji_share=100 * sum(any(map(contains_emoji, each)) for each in turns) / len(turns),
        token_mean=float(lengths.mean()),
        token_median=float(np.median(lengths)),
        token_p95=int(p95),
        token_p99=int(p99),
        token_max=int(lengths.max()),
        cutoff=cutoff,
        within_cutoff=float(100 * (lengths <= cutoff).mean()),
        types=len(vocabulary),
        turns_per_example=sum(map(len, turns)) / len(turns),
        labels_per_example=float(has.sum(axis=1).mean()) if len(has) else None,
        length_counts=tuple(np.bincount(lengths).tolist()),
    )


def plot(descriptions: Mapping[str, Description], path: Path) -> None:
    """Draw class shares side by side, and the lengths with the cut-off.

    Args:
        descriptions: name of each split, with its figures; at most six.
        path: where the figure goes; its suffix says the format, such as `.png` or `.svg`.

    Raises:
        InputError: if there is no description, or more than can be told apart, or the file cannot
            be written.
    """
    if not 1 <= len(descriptions) <= _MAX_SPLITS:
        raise InputError(
            f"Expected 1 to {_MAX_SPLITS} descriptions to draw, got {len(descriptions)}."
        )
    matplotlib_figure = require("matplotlib.figure", "train")
    labels = list(dict.fromkeys(x for each in descriptions.values() for x in each.class_shares))
    bars = len(labels) * len(descriptions)
    height = max(3.6, 1.4 + (0.25 if bars <= _MAX_NUMBERED else 0.1) * bars)
    figure = matplotlib_figure.Figure(figsize=(10.5, height), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    _draw_shares(left, descriptions, labels)
    _draw_lengths(right, descriptions)
    handles, names = right.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside upper center", ncols=len(descriptions), frameon=False
    )
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: the figure cannot be written ({error}).") from error


def _draw_shares(
    axes: "Axes", descriptions: Mapping[str, Description], labels: Sequence[str]
) -> None:
    thickness = 0.8 / len(descriptions)
    for number, (description, colour) in enumerate(
        zip(descriptions.values(), _COLOURS, strict=False)
    ):
        shares = [description.class_shares.get(label, 0.0) for label in labels]
        if not description.class_shares:
            continue
        places = np.arange(len(labels)) + (number - (len(descriptions) - 1) / 2) * thickness
        drawn = axes.barh(places, shares, height=thickness * 0.9, color=colour)
        if len(labels) * len(descriptions) <= _MAX_NUMBERED:
            axes.bar_label(drawn, fmt="%.1f", padding=3, fontsize=8, color=_GREY)
    axes.set_title("Classes")
    if not labels:
        axes.text(0.5, 0.5, "no labels", transform=axes.transAxes, ha="center", color=_GREY)
        axes.set_axis_off()
        return
    axes.set_xlabel("share of the examples (%)")
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.margins(x=0.14, y=0.02)
    _tidy(axes)


def _draw_lengths(axes: "Axes", descriptions: Mapping[str, Description]) -> None:
    cutoffs = sorted({each.cutoff for each in descriptions.values()})
    # The last thousandth would squeeze the rest: the axis ends where it starts, or at the cut-off.
    ends = [_quantile(each.length_counts, 0.999) for each in descriptions.values()]
    end = max(*ends, *cutoffs) + 2
    width = -(-end // _MAX_STEPS)
    edges = np.arange(0, end + width + 1, width) - 0.5
    for (name, description), colour in zip(descriptions.items(), _COLOURS, strict=False):
        lengths = np.arange(len(description.length_counts))
        counts, _ = np.histogram(lengths, edges, weights=description.length_counts)
        shares = 100 * counts / description.conversations
        axes.stairs(shares, edges, color=colour, linewidth=1.8, label=name)
    for cutoff in cutoffs:
        axes.axvline(cutoff + 0.5, color=_GREY, linestyle="--", linewidth=1)
        within = [each.within_cutoff for each in descriptions.values() if each.cutoff == cutoff]
        share = f"{min(within):.1f}"
        if f"{max(within):.1f}" != share:
            share += f"–{max(within):.1f}"
        axes.annotate(
            f"{share} % within\n{cutoff} tokens",
            (cutoff + 0.5, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-6 if cutoff > end / 2 else 6, -4),
            textcoords="offset points",
            ha="right" if cutoff > end / 2 else "left",
            va="top",
            fontsize=9,
            color=_GREY,
        )
    axes.set_title("Lengths")
    axes.set_xlabel("tokens of an example" + (f", in steps of {width}" if width > 1 else ""))
    axes.set_ylabel("share of the examples (%)")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(bottom=0)
    _tidy(axes)


def _quantile(counts: Sequence[int], share: float) -> int:
    reached = np.cumsum(counts)
    return int(np.searchsorted(reached, share * reached[-1]))


def _tidy(axes: "Axes") -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GREY)
