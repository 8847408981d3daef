"""Tables of a comparison: what they say, in every format."""

import csv
import io
import json
import re

import pytest

from emoscope.experiments.compare.comparison import compare
from emoscope.experiments.compare.formats import (
    COLUMNS,
    FORMATS,
    escape_latex,
    escape_markdown,
    to_csv,
    to_json,
    to_latex,
    to_markdown,
)
from emoscope.experiments.compare.references import Reference
from emoscope.experiments.compare.tables import (
    format_change,
    format_mean_sd,
    format_p,
    make_grids,
    make_notes,
)
from emoscope.experiments.configurations import gather_configurations
from emoscope.metrics.metric import MICRO_F1, f1_of
from tests.experiments.conftest import EMOCONTEXT, params
from tests.experiments.synthetic import make_log

PUBLISHED = (
    Reference("ρ & co", {MICRO_F1: (0.7, 0.01), f1_of("happy"): (0.5, None)}, "paper_1"),
    Reference("others", {f1_of("sad"): (0.7, 0.01)}, "paper_2"),
)


@pytest.fixture(scope="module")
def clear(logs):
    return compare(gather_configurations([logs.exclusive]), resamples=1000, references=PUBLISHED)


@pytest.fixture(scope="module")
def few(logs):
    return compare(gather_configurations([logs.several]), resamples=200)


def test_markdown(clear):
    text = to_markdown(clear)
    assert text.startswith("**Figures on test, 200 texts**\n\n| configuration | runs | micro-F1 |")
    [ours] = re.findall(r"^\| hidden_size=32 \| 5 \| (.*) \|$", text, re.MULTILINE)
    assert all(re.fullmatch(r"\*\*0\.\d{3} ± 0\.\d{3}\*\*", cell) for cell in ours.split(" | "))
    assert "| ρ & co \\[1\\] | – | 0.700 ± 0.010 | – | – |" in text
    assert "**Differences to hidden_size=16 on test, 200 texts**" in text
    assert "- \\[1\\] Published: paper_1." in text
    for table in text.split("\n\n")[1:4:2]:
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1


def test_latex(clear):
    text = to_latex(clear)
    assert text.count("\\toprule") == text.count("\\bottomrule") == 2
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 2
    assert re.search(r"hidden\\_size=32 & 5 & \\textbf\{0\.\d{3} \$\\pm\$ 0\.\d{3}\} &", text)
    assert r"$\rho$ \& co {[}1{]} & -- & 0.700 $\pm$ 0.010 & -- & -- \\" in text
    assert text.isascii()
    for table in re.findall(r"\\toprule\n(.*?)\\bottomrule", text, re.DOTALL):
        rows = [line for line in table.splitlines() if line.endswith(r"\\")]
        assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1
    # Braces are in balance, so that no row breaks the document.
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")


def test_csv(clear):
    rows = list(csv.DictReader(io.StringIO(to_csv(clear))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 2 * 3 + 1
    ours = {(row["configuration"], row["figure"]): row for row in rows}
    base, better = (ours[f"hidden_size={size}", "micro_f1"] for size in (16, 32))
    difference = float(better["mean"]) - float(base["mean"])
    assert float(better["difference"]) == pytest.approx(difference, abs=2e-6)
    assert (base["best"], better["best"], base["difference"]) == ("", "yes", "")
    assert (better["runs"], better["split"], better["recipe"]) == ("5", "test", "made-up")
    assert rows[-1]["source"] == "paper_1"
    assert (rows[-1]["mean"], rows[-1]["sd"]) == ("0.7", "0.01")


def test_json(clear):
    values = json.loads(to_json(clear))
    assert values["texts"] == 200
    assert values["ignored"] == ["others"]
    [base, better] = values["configurations"]
    assert better["parameters"] == {"model.hidden_size": "32"}
    assert base["against_baseline"] == {}
    micro = better["figures"]["micro_f1"]
    assert len(micro["values"]) == 5
    assert micro["mean"] == pytest.approx(sum(micro["values"]) / 5, abs=2e-6)
    assert better["against_baseline"]["micro_f1"]["p_runs"] == pytest.approx(2 / 252, abs=1e-6)
    assert values["best"]["accuracy"]["stands"] is True
    assert values["published"][1]["name"] == "others"


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_twice(logs, name):
    compared = [
        compare(gather_configurations([logs.exclusive]), resamples=300, seed=4) for _ in range(2)
    ]
    assert FORMATS[name](compared[:1]) == FORMATS[name](compared[1:2])


def test_bold_is_only_what_stands(few, clear):
    assert not any(cell.bold for grid in make_grids(few) for rows in grid.sections for row in rows
                   for cell in row)  # fmt: skip
    bold = [
        row[0].text for row in make_grids(clear)[0].sections[0] if any(cell.bold for cell in row)
    ]
    assert bold == ["hidden_size=32"]


def test_notes_of_few_runs(few):
    told = " ".join(make_notes(few))
    assert "Permuting 3 runs and 3 gives p = 0.1 at the least, before correction." in told
    assert "So few runs cannot pass the permutation test (5 of each configuration could)" in told
    assert "better than the other by both tests" in told
    assert "corrected for 1 other and 3 figures" in told
    assert "corrected for 3 differences (Holm)" in told


def test_notes_of_enough_runs(clear):
    told = " ".join(make_notes(clear))
    assert "p = 0.0079 at the least" in told
    assert "So few runs" not in told
    # What is not shown needs no source.
    assert "paper_2" not in told


def test_a_single_run(tmp_path, logs):
    make_log(tmp_path / "one", EMOCONTEXT, runs=1, params=params(model__hidden_size=64))
    make_log(tmp_path / "none", EMOCONTEXT, runs=0)
    got = compare(gather_configurations([logs.first, tmp_path]), resamples=200)
    told = " ".join(make_notes(got))
    assert (
        "There is one run of hidden_size=64: no standard deviation, and no permutation test."
        in told
    )
    assert "Left out, as they have no finished run: none." in told
    assert "Permuting" not in told
    figures, differences = make_grids(got)
    assert re.fullmatch(r"0\.\d{3}", figures.sections[0][1][2].text)
    assert differences.sections[0][0][-1].text == "–"
    alone = compare(gather_configurations([tmp_path / "one"]), resamples=200)
    assert make_notes(alone) == ["There is one run of each configuration: no standard deviation."]
    assert len(make_grids(alone)) == 1


def test_published_figures_that_are_others(logs):
    got = compare(
        gather_configurations([logs.first]), ["accuracy"], resamples=100, references=PUBLISHED
    )
    assert "micro_f1, happy_f1, sad_f1" in make_notes(got)[-1]
    assert len(make_grids(got)[0].sections) == 1


def test_numbers():
    assert format_mean_sd(0.5, None) == "0.500"
    assert format_mean_sd(0.5, 0.0123) == "0.500 ± 0.012"
    assert [format_change(x) for x in (0.0123, -0.0123, 0.0001, -0.0001, 0)] == [
        "+0.012",
        "−0.012",
        "0.000",
        "0.000",
        "0.000",
    ]
    assert [format_p(x) for x in (0.0004, 0.0123, 0.04996, 0.05, 1.0)] == [
        "< 0.001",
        "0.012",
        "< 0.05",
        "0.050",
        "1.000",
    ]


def test_escaping():
    assert escape_latex(r"a_b & 5% #1 {x} \y ~^ α<λ") == (
        r"a\_b \& 5\% \#1 \{x\} \textbackslash{}y \textasciitilde{}\textasciicircum{} "
        r"$\alpha$$<$$\lambda$"
    )
    assert escape_latex("[x] *") == "{[}x{]} {*}"
    assert escape_markdown("a_b _c_ *d* |e| <f> [g] `h`") == (
        r"a_b \_c\_ \*d\* \|e\| \<f> \[g\] \`h\`"
    )
