"""The page about a log: whole in itself, safe whatever a text holds, the log's figures."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from emoscope.errors import InputError
from emoscope.experiments.bands import list_curve_groups
from emoscope.experiments.configurations import find_logs
from emoscope.experiments.report.measured import format_mean_std
from emoscope.experiments.report.report import ReportOptions, make_report_page
from emoscope.experiments.report.scenes import make_curve_scene
from emoscope.experiments.runs import MeanStd, to_yaml
from emoscope.experiments.scored import ScoredTexts
from emoscope.metrics.classification import report
from tests.experiments.synthetic import PARAMS, make_log, taxonomy_of
from tests.html_page import Page

EMOTIONS = taxonomy_of(("joy", "fear", "anger", "sadness"))
CHATS = taxonomy_of(("others", "happy", "sad"), exclusive=True, ignored=("others",))
HOSTILE = "<script>alert('x')</script> \"&amp;\x00\ud800 <img src=http://example.org/x.png>"


def page_of(folder, **asked):
    return make_report_page(find_logs(folder), ReportOptions(**asked))


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    root = tmp_path_factory.mktemp("report")
    make_log(root / "one", EMOTIONS, 3, 120, terms=("intra_loss",))
    make_log(root / "two", EMOTIONS, 2, 120, params={**PARAMS, "seed": 3, "mix": {"alpha": 0.5}})
    return root


def test_the_page_needs_nothing_but_itself(several):
    source = page_of(several)
    page = Page(source)
    assert not page.open, "every element is closed"
    tags = {tag for tag, _ in page.elements}
    assert not {"script", "link", "iframe", "object", "img"} & tags
    assert "svg" in tags
    [policy] = [
        attributes["content"]
        for tag, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert "src" not in attributes
        assert "style" not in attributes, "the policy of the page allows none"
        assert attributes.get("href", "#").startswith("#")
    style = source[source.index("<style>") : source.index("</style>")]
    assert not re.search(r"@import|url\(|https?:", style)


def test_the_figures_are_those_of_the_runs(several):
    page = Page(page_of(several / "one", split="dev"))
    scored = [ScoredTexts.read(several / "one" / f"seed-{n}" / "dev.parquet") for n in range(3)]
    reports = [report(np.nan_to_num(one.gold), one.predictions, EMOTIONS) for one in scored]
    expected = [
        format_mean_std(MeanStd.of([one.micro.f1 for one in reports])),
        format_mean_std(MeanStd.of([one.macro.f1 for one in reports])),
        format_mean_std(MeanStd.of([one.jaccard for one in reports])),
        format_mean_std(MeanStd.of([one.accuracy for one in reports])),
    ]
    assert page.row("at the fitted thresholds")[1:] == expected
    for name in EMOTIONS.names:
        kinds = (
            [getattr(one.labels[name], kind) for one in reports]
            for kind in ("precision", "recall", "f1")
        )
        support = f"{reports[0].labels[name].support:,}"
        assert page.row(name)[1:] == [*(format_mean_std(MeanStd.of(one)) for one in kinds), support]


def test_several_configurations_begin_with_an_overview(several):
    page = Page(page_of(several))
    headings = [one["id"] for tag, one in page.elements if tag == "h2"]
    assert headings == ["c0", "c1"]
    anchors = {one["id"] for _, one in page.elements if "id" in one}
    links = {one["href"].removeprefix("#") for tag, one in page.elements if tag == "a"}
    assert links == anchors
    assert page.row("configuration") == ["configuration", "runs", "micro-F1", "macro-F1", "Jaccard"]
    named = [row for row in page.rows if row and row[0].startswith("alpha=")]
    assert [row[1] for row in named] == ["3", "2", "alpha=none", "alpha=0.5"]


def test_what_is_set_is_apart_from_the_defaults(several):
    page = Page(page_of(several / "two"))
    assert page.row("mix.alpha") == ["mix.alpha", "0.5", "1.0"]
    assert page.row("training.batch_size") == ["training.batch_size", "64"]


def test_hostile_texts_stay_text(tmp_path):
    texts = make_hostile(EMOTIONS)
    make_log(tmp_path / "log", EMOTIONS, 1, texts=texts, skill=-2.0)
    source = page_of(tmp_path / "log")
    page = Page(source)
    assert "script" not in {tag for tag, _ in page.elements}
    assert "\x00" not in source
    assert any("<script>alert('x')</script>" in one for one in page.words)
    source.encode("utf-8")


def make_hostile(taxonomy):
    rng = np.random.default_rng(0)
    gold = (rng.random((12, len(taxonomy))) < 0.5).astype(float)
    # Half a character cannot be in a file of texts; the page is given it below.
    turns = [[HOSTILE.replace("\ud800", ""), "x" * 900] for _ in range(12)]
    return [f"<b>{n}</b>" for n in range(12)], ["sample"] * 12, turns, gold


def test_long_texts_are_cut_and_kept_whole_behind_a_click(tmp_path):
    make_log(tmp_path / "log", EMOTIONS, 1, texts=make_hostile(EMOTIONS), skill=-2.0)
    page = Page(page_of(tmp_path / "log", examples=1))
    cut = [one for one in page.words if one.endswith("x…")]
    whole = [one for one in page.words if one.endswith("x" * 900)]
    assert (len(cut), len(whole)) == (1, 1)
    assert [one["dir"] for tag, one in page.elements if tag == "blockquote"] == ["auto", "auto"]


def test_texts_may_be_left_out(several):
    page = Page(page_of(several / "one", texts=False, examples=3))
    assert "blockquote" not in {tag for tag, _ in page.elements}
    assert sum(one.startswith("t") and " · loss " in one for one in page.words) == 3


@pytest.mark.parametrize(
    ("taxonomy", "options"),
    [
        (EMOTIONS, {"runs": 1}),
        (CHATS, {"runs": 3}),
        (CHATS, {"runs": 1, "splits": ("dev",)}),
        (EMOTIONS, {"runs": 2, "missing": 0.3, "parts": ("en", "es")}),
        (EMOTIONS, {"runs": 2, "skill": 40.0}),
    ],
    ids=["one run", "exclusive", "dev alone", "parts with gaps", "nothing wrong"],
)
def test_any_log_has_a_page(tmp_path, taxonomy, options):
    make_log(tmp_path / "log", taxonomy, size=80, **options)
    page = Page(page_of(tmp_path / "log"))
    assert not page.open
    said = " ".join(page.words)
    assert not re.search(r"\b(nan|inf|None)\b", said)
    if options.get("skill") == 40.0:
        assert "No text has a wrong label." in said
    if "parts" in options:
        assert {"en", "es", "mean of the parts"} <= {row[0] for row in page.rows if row}


def test_a_configuration_without_runs_is_said(tmp_path):
    make_log(tmp_path / "log", EMOTIONS, 0)
    assert "No run has finished yet." in Page(page_of(tmp_path / "log")).words


def test_a_split_that_was_not_measured_is_said(tmp_path):
    make_log(tmp_path / "log", EMOTIONS, 1, splits=("dev",))
    with pytest.raises(InputError, match=r"corpus\.test"):
        page_of(tmp_path / "log", split="test")


def test_what_matters_comes_first(several):
    """Headline figures, contents, runs, agreement, confusion, mistakes; settings at last."""
    source = page_of(several / "one")
    marks = ["<table>", 'href="#c0-figures"', 'id="c0-figures"', 'id="c0-runs"']
    marks += ['id="c0-agreement"', 'id="c0-confusion"', 'id="c0-mistakes"', 'id="c0-training"']
    places = [source.index(mark) for mark in [*marks, 'id="c0-configuration"']]
    assert places == sorted(places)
    page = Page(source)
    assert [row[0] for row in page.rows if row and row[0].startswith("seed-")] == [
        "seed-0",
        "seed-1",
        "seed-2",
    ]


def test_confusions_are_counted(tmp_path):
    """Half of the texts with joy are taken for fear, by both runs."""
    gold = np.tile([[1.0, 0.0, 0.0, 0.0]], (8, 1))
    texts = ([f"t{n}" for n in range(8)], ["sample"] * 8, [["a text"]] * 8, gold)
    make_log(tmp_path / "log", EMOTIONS, 2, texts=texts, splits=("dev",))
    for run in ("seed-0", "seed-1"):
        path = tmp_path / "log" / run / "dev.parquet"
        scored = ScoredTexts.read(path)
        predicted = gold.astype(bool)
        predicted[:4] = [False, True, False, False]
        replace(scored, predictions=predicted).write(path)
    page = Page(page_of(tmp_path / "log"))
    assert page.row("joy") is not None
    assert ["joy", "fear", "4"] in page.rows
    assert ["joy (8)", "50", "50", "", "", ""] in page.rows


def test_other_texts_and_labels_have_tables_of_their_own(several, tmp_path):
    make_log(tmp_path / "chats", CHATS, 1, 90)
    logs = [*find_logs(several), *find_logs(tmp_path)]
    page = Page(make_report_page(logs, ReportOptions()))
    said = " ".join(page.words)
    assert "not to be compared" in said
    assert "120 texts of test, sample; 4 labels" in said
    assert "90 texts of test, sample; 3 labels" in said


def test_many_configurations_stay_small(tmp_path):
    """A quarter of 46 configurations with three runs and 28 labels: the largest table's 3 MB."""
    labels = taxonomy_of([f"label{n}" for n in range(28)])
    one = make_log(tmp_path / "all" / "c0", labels, 3, 40, terms=("intra_loss",))
    for number in range(1, 12):
        copied = shutil.copytree(one.folder, tmp_path / "all" / f"c{number}")
        params = {**PARAMS, "training": {**PARAMS["training"], "epochs": 8 + number}}
        (copied / "params.yml").write_text(to_yaml(params), encoding="utf-8")
    source = page_of(tmp_path / "all")
    assert len(source.encode()) < 3_000_000 * 12 / 46
    page = Page(source)
    assert not page.open
    assert sum(tag == "h2" for tag, _ in page.elements) == 12
    assert sum(" · loss " in word for word in page.words) == 12 * 5


def test_no_text_of_a_plot_stands_on_its_lines(several):
    """The legend has a row of its own above the plot."""
    [log] = find_logs(several / "one")
    groups = {group.key: group for group in list_curve_groups(log)}
    scene = make_curve_scene(groups["micro_f1"])
    names = list(groups["micro_f1"].lines)
    lowest = max(shape.at[1] for shape in scene.shapes if getattr(shape, "content", "") in names)
    highest = min(y for shape in scene.shapes for _, y in getattr(shape, "points", ()))
    assert len(names) > 1
    assert lowest <= highest
