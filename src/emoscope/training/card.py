"""The model card that a training writes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emoscope._version import __version__
from emoscope.corpora.corpus import Corpus
from emoscope.recipes.schema import Recipe
from emoscope.training.prepare import Prepared

if TYPE_CHECKING:
    from emoscope.training.results import RunResult


def make_model_card(recipe: Recipe, prepared: Prepared, result: "RunResult") -> str:
    """Make the Markdown: what the model is for, its training data, and its metrics on dev."""
    taxonomy = prepared.taxonomy
    labels = ", ".join(
        f"{name} (not averaged)" if name in taxonomy.ignored else name for name in taxonomy.names
    )
    train, dev = describe_corpora(prepared.train), describe_corpora(prepared.dev)
    chosen = f"every choice made on {dev}" if prepared.dev else "without a dev split"
    notes = "\n".join(f"- {line}" for line in prepared.family.notes)
    return f"""# {recipe.name}

{recipe.description.strip()}

- Model: {recipe.model.type}, written by emoscope {__version__}.
- Labels ({"one a text" if taxonomy.exclusive else "any number a text"}): {labels}.
- Trained on: {train}; {chosen}.
{describe_prior(recipe)}{notes}
- Seed {result.seed}, {result.epochs:g} epochs, weights of epoch {result.best_epoch:g}.

{describe_metrics(recipe, result, taxonomy.exclusive)}
## Use

```
emoscope annotate chats.tsv --model THIS_FOLDER
```

The labels, their shares and the kind of text are those of the training corpus: check on a sample
of your own texts before you draw conclusions from the scores.
"""


def describe_prior(recipe: Recipe) -> str:
    """Describe in a line what shares of the labels are expected; empty if those of training."""
    target = recipe.prior.target
    if target == "none":
        return ""
    if isinstance(target, Mapping):
        total = sum(target.values())
        shares = [f"{name} {share / total:.3g}" for name, share in target.items()]
        wanted = f"shares that were given: {', '.join(shares)}"
    elif target == "dev":
        wanted = "those of dev"
    else:
        wanted = "those estimated on dev, without its labels"
    return f"- Probabilities are corrected from the labels' shares in training to {wanted}.\n"


def describe_metrics(recipe: Recipe, result: "RunResult", exclusive: bool) -> str:
    """Describe the metrics on dev, or on test where the recipe has no dev split."""
    if result.dev:
        return f"""## Figures on {recipe.dev_split}

These are the figures that the epoch and the calibration were chosen by; measure on a test split
with `emoscope evaluate`.

{to_markdown_table(result.dev)}
{describe_fixed_threshold(result)}"""
    measured = "Nothing was measured." if result.test is None else to_markdown_table(result.test)
    rule = "the most probable label is given" if exclusive else "labels are cut at ½"
    return f"""## Figures

It was trained without a dev split: the last weights are kept, and {rule}. On test:

{measured}
"""


def describe_corpora(parts: Sequence[Corpus]) -> str:
    """Describe corpora by name, language and size."""
    return ", ".join(f"{part.name} ({part.languages[0]}, {len(part):,} texts)" for part in parts)


def describe_fixed_threshold(result: "RunResult") -> str:
    """Describe the averages at a threshold of ½; empty if the labels are exclusive."""
    if result.half is None:
        return ""
    return (
        "\nThe table is at thresholds fitted on these texts, one a label. At ½ throughout: "
        f"micro-F1 {result.half['micro']['f1']:.3f}, macro-F1 {result.half['macro']['f1']:.3f}, "
        f"Jaccard {result.half['jaccard']:.3f}.\n"
    )


def to_markdown_table(report: Mapping[str, Any]) -> str:
    """Format a report as a Markdown table.

    Args:
        report: `Report.to_dict()`.
    """
    rows = {**report["labels"], "micro": report["micro"], "macro": report["macro"]}
    lines = ["| label | precision | recall | F1 | texts |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} "
        f"| {row['support']} |"
        for name, row in rows.items()
    ]
    lines.append(f"\nAccuracy {report['accuracy']:.3f} of {report['texts']:,} texts.")
    return "\n".join(lines)
