"""Parts of a report on a configuration: the texts that it gets most wrong, and its settings."""

import json
from collections.abc import Sequence

from emoscope.charts.page import Html, element, folded, joined, table, text
from emoscope.experiments.defaults import list_settings
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.report.agreement import HardText
from emoscope.experiments.report.measured import MeasuredRuns, format_mean_std
from emoscope.files import read_json
from emoscope.metrics.metric import JACCARD, MACRO_F1, MICRO_F1

LONGEST = 400
"""Characters of a text that are shown; a click shows the rest."""


def make_mistakes(examples: Sequence[HardText], with_texts: bool) -> Html:
    """The texts that the model gets most wrong."""
    if not examples:
        return joined(
            [element("h3", text("Most wrong")), element("p", text("No text has a wrong label."))]
        )
    sentence = (
        "By the loss of their probabilities, mean over the runs. ✓ is right, ✗ is wrong: missing, "
        "or too much; the number is the mean probability"
    )
    runs = examples[0].runs
    sentence += "." if runs == 1 else f", the fraction how many of the {runs} runs give the label."
    return joined(
        [
            element("h3", text("Most wrong")),
            element("p", text(sentence), class_="soft"),
            element(
                "ol",
                joined(make_example(mistake, with_texts) for mistake in examples),
                class_="examples",
            ),
        ]
    )


def make_example(example: HardText, with_text: bool) -> Html:
    """A text with its gold labels and those that the runs predict."""
    parts = []
    if with_text:
        whole = "\n".join(example.turns)
        if len(whole) > LONGEST:
            parts.append(element("blockquote", text(f"{whole[:LONGEST]}…"), dir="auto"))
            parts.append(folded("The whole text", element("blockquote", text(whole), dir="auto")))
        else:
            parts.append(element("blockquote", text(whole), dir="auto"))
    parts += [
        make_label(vote.name, vote.gold, vote.votes, example.runs, vote.probability)
        for vote in example.labels
    ]
    facts = f"{example.id} · {example.part} · loss {format_mean_std(example.loss)}"
    if example.runs > 1:
        facts += f" · wrong in {example.wrong} of {example.runs} runs"
    parts.append(element("div", text(facts), class_="soft"))
    return element("li", joined(parts))


def make_label(name: str, gold: bool | None, votes: int, runs: int, probability: float) -> Html:
    """One label of a text; signs and words say what the colours say."""
    given = votes * 2 > runs
    share = "" if runs == 1 or votes in (0, runs) else f", {votes}/{runs}"
    if gold:
        sign, kind, word = ("✓", "right", "") if given else ("✗", "wrong", " missing")
    elif given:
        sign, kind, word = "✗", "wrong", " too much"
    else:
        sign, kind, word = "·", "soft", ""
    return element(
        "span", text(f"{sign} {name}{word} {probability:.2f}{share}"), class_=f"label {kind}"
    )


def make_runs(measured: MeasuredRuns) -> Html:
    """Each run: its seed, the epoch that was kept, its figures, and the time."""
    lines = [
        [
            run.name,
            "" if run.seed is None else run.seed,
            f"{run.final_step:g}",
            *(f"{report.metrics()[metric]:.3f}" for metric in (MICRO_F1, MACRO_F1, JACCARD)),
            f"{run.final['seconds']:,.0f}" if "seconds" in run.final else "",
        ]
        for run, report in zip(measured.runs, measured.reports, strict=True)
    ]
    header = ["run", "seed", "epoch kept", "micro-F1", "macro-F1", "Jaccard", "seconds"]
    return joined([element("h3", text("Runs")), table(header, lines)])


def make_configuration(log: ExperimentLog) -> Html:
    """All fields of the configuration, and the environment that it ran in."""
    found = list_settings(log.params)
    changed = [
        [setting.name, setting.value, setting.default] for setting in found if setting.changed
    ]
    others = [[item.name, item.value] for item in found if not item.changed]
    parts = [
        element("h3", text("Configuration")),
        table(["set", "to", "default"], changed, left=3),
    ]
    if others:
        parts.append(
            folded(
                f"{len(others)} fields at their defaults", table(["field", "value"], others, left=2)
            )
        )
    path = log.folder / "environment.json"
    if path.is_file():
        facts = [
            [name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
            for name, value in read_json(path).items()
        ]
        parts.append(folded("Environment", table(["", "value"], facts, left=2)))
    return joined(parts)
