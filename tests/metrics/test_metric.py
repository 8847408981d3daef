"""Names of metrics: readable, and never of two metrics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoscope.metrics.metric import (
    AVERAGED,
    FURTHER,
    MACRO_F1,
    MICRO_F1,
    OF_LABEL,
    Metric,
    f1_of,
    mean_metrics,
    name_metrics,
    read_metric,
)

WRITTEN = [
    (MICRO_F1, "micro_f1", "micro-F1"),
    (MACRO_F1.at_fixed_threshold(), "half_macro_f1", "macro-F1 at ½"),
    (Metric("jaccard", fixed=True), "half_jaccard", "Jaccard at ½"),
    (Metric("accuracy"), "accuracy", "accuracy"),
    (MICRO_F1.of_part("es"), "es_micro_f1", "es micro-F1"),
    (f1_of("joy"), "joy_f1", "F1 of joy"),
    (f1_of("joy").at_fixed_threshold(), "half_joy_f1", "F1 of joy at ½"),
    (f1_of("very good"), "very good_f1", "F1 of very good"),
    (f1_of("loss"), "loss_f1", "F1 of loss"),
    (f1_of("macro_f1"), "macro_f1_f1", "F1 of macro_f1"),
    (f1_of("micro"), "[micro]_f1", "F1 of micro"),
    (f1_of("half_joy"), "[half_joy]_f1", "F1 of half_joy"),
    (f1_of("half_joy").at_fixed_threshold(), "half_half_joy_f1", "F1 of half_joy at ½"),
    (f1_of("es_micro"), "[es_micro]_f1", "F1 of es_micro"),
    (f1_of("es_joy"), "es_joy_f1", "F1 of es_joy"),
    (f1_of("joy").of_part("es"), "(es)_joy_f1", "es F1 of joy"),
    (MICRO_F1.of_part("half"), "(half)_micro_f1", "half micro-F1"),
    (Metric("precision", "joy"), "joy_precision", "precision of joy"),
    (Metric("recall", "micro"), "[micro]_recall", "recall of micro"),
    (Metric("f1", "joy_precision"), "joy_precision_f1", "F1 of joy_precision"),
    (Metric("micro_recall").of_part("es"), "es_micro_recall", "es micro recall"),
    (
        Metric("harmonic_macro_f1"),
        "harmonic_macro_f1",
        "macro-F1 of macro precision and recall",
    ),
    (MACRO_F1.of_part("harmonic"), "(harmonic)_macro_f1", "harmonic macro-F1"),
    (f1_of("[joy]"), r"[\[joy\]]_f1", "F1 of [joy]"),
]


@pytest.mark.parametrize(("metric", "name", "title"), WRITTEN)
def test_names_and_titles(metric, name, title):
    assert (str(metric), metric.title) == (name, title)
    assert read_metric(name) == metric


@pytest.mark.parametrize("name", ["", "_f1", "f1", "loss", "intra_loss", "learning_rate", "half_"])
def test_other_names_are_of_no_metric(name):
    assert read_metric(name) is None


# Names that look like metrics, and pieces that names are made of.
pieces = st.sampled_from(
    [
        *AVERAGED,
        *FURTHER,
        "_recall",
        "harmonic",
        "precision",
        "half_",
        "half",
        "micro",
        "_f1",
        "f1",
        "_",
        "es",
        "joy",
        *"[]()\\\n ",
        "]_f1",
        ")_",
    ]
)
names = st.text(max_size=12) | st.lists(pieces, max_size=5).map("".join)
metrics = st.builds(
    lambda score, of_label, label, part, fixed: Metric(
        of_label if label is not None else score, label, part, fixed
    ),
    st.sampled_from((*AVERAGED, *FURTHER)),
    st.sampled_from(OF_LABEL),
    st.none() | names,
    st.none() | names,
    st.booleans(),
)


@given(metrics)
def test_a_name_reads_as_its_metric(metric):
    """Whatever labels and parts are called: so no two metrics share a name."""
    assert read_metric(str(metric)) == metric


@given(names)
def test_what_is_read_is_written_alike_or_as_its_plain_name(name):
    metric = read_metric(name)
    assert metric is None or read_metric(str(metric)) == metric


def test_the_score_f1_is_of_a_label():
    for wrong in (("f1", None), ("recall", None), ("micro_f1", "joy"), ("micro_recall", "joy")):
        with pytest.raises(ValueError, match="are of a label"):
            Metric(*wrong)


def test_values_by_name_and_means():
    rows = [{MICRO_F1: 0.5, f1_of("joy"): 0.25}, {MICRO_F1: 1.0}]
    assert name_metrics(mean_metrics(rows), "test_") == {"test_micro_f1": 0.75, "test_joy_f1": 0.25}
