"""Parts of a report about a configuration: the texts it gets most wrong, and what it sets."""

import json
from collections.abc import Sequence

from emoscope.charts.page import Html, element, folded, joined, table, text
from emoscope.experiments.defaults import settings
from emoscope.experiments.log import ExperimentLog
from emoscope.experiments.report.agreement import HardText
from emoscope.experiments.report.measured import format_mean_std
from emoscope.files import read_json

LONGEST = 400
"""Characters of a text that are shown; the rest is folded."""


def mistakes(examples: Sequence[HardText], with_texts: bool) -> Html:
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
                joined(example(mistake, with_texts) for mistake in examples),
                class_="examples",
            ),
        ]
    )


def example(one: HardText, with_text: bool) -> Html:
    """A text with what people and the runs say of it."""
    parts = []
    if with_text:
        whole = "\n".join(one.turns)
        if len(whole) > LONGEST:
            parts.append(element("blockquote", text(f"{whole[:LONGEST]}…"), dir="auto"))
            parts.append(folded("The whole text", element("blockquote", text(whole), dir="auto")))
        else:
            parts.append(element("blockquote", text(whole), dir="auto"))
    parts += [
        label(vote.name, vote.gold, vote.votes, one.runs, vote.probability) for vote in one.labels
    ]
    facts = f"{one.id} · {one.part} · loss {format_mean_std(one.loss)}"
    if one.runs > 1:
        facts += f" · wrong in {one.wrong} of {one.runs} runs"
    parts.append(element("div", text(facts), class_="soft"))
    return element("li", joined(parts))


def label(name: str, gold: bool | None, votes: int, runs: int, probability: float) -> Html:
    """One label of a text; told by signs and words, not by colour alone."""
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


def configuration(log: ExperimentLog) -> Html:
    """What the configuration sets, all of it, and where it ran."""
    found = settings(log.params)
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
    lines = [
        [
            run.name,
            "" if run.seed is None else run.seed,
            f"{run.final_step:g}",
            f"{run.final['seconds']:,.0f}" if "seconds" in run.final else "",
        ]
        for run in log.runs
    ]
    if lines:
        parts.append(folded("Runs", table(["run", "seed", "epoch kept", "seconds"], lines)))
    path = log.folder / "environment.json"
    if path.is_file():
        facts = [
            [name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
            for name, value in read_json(path).items()
        ]
        parts.append(folded("Environment", table(["", "value"], facts, left=2)))
    return joined(parts)
