"""What every loss must satisfy, seen as a term of an objective.

The losses of the registry are found by themselves: one that is registered later is held to what
all promise, and needs a slow twin in `tests/losses/loops.py`. What some promise besides (never
below 0, 0 for a perfect answer) is written into the `Case` of each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from emoscope.losses.distillation import self_distillation
from emoscope.losses.objective import Term, make_objective
from emoscope.models.shared.output import EmotionOutput
from emoscope.recipes.objective import ObjectiveSection
from emoscope.registry import LOSSES, resolve
from emoscope.taxonomy import Label, Taxonomy
from tests.losses import loops
from tests.losses.examples import LABELS, NAN, batches, draw_tensors

NAMES = ("joy", "fear", "anger", "trust", "love")
SEVERAL = Taxonomy("several", tuple(Label(name, (name,)) for name in NAMES))
EXCLUSIVE = Taxonomy("exclusive", SEVERAL.labels, exclusive=True)
TRAIN = (np.random.default_rng(0).random((60, 5)) < [0.5, 0.3, 0.4, 0.2, 0.3]).astype(np.float32)
CLASS_WEIGHTS = np.array([0.5, 2.0, 1.0, 1.5, 0.7])
FORMS = [("exp_diff", "predictions"), ("exp_diff", "logits"), ("sq_diff", "predictions")]
FORMS += [("sq_diff", "logits"), ("cossim", "predictions")]
ONE_HOT = torch.eye(5, dtype=torch.float64)[[0, 3, 3, 1, 4, 2]]


@dataclass(frozen=True)
class Case:
    """A loss as training calls it.

    Attributes:
        term: the loss.
        labels: a batch of its labels, (6, 5).
        counts_texts: it is a mean over the texts, so that each text counts alike.
        reads_labels: without labels there is no loss; a text without labels changes nothing.
        non_negative: it is never below 0.
        perfect: it is 0 where the logits say the labels without doubt.
        full_precision: it is computed in float32 at least, whatever it is given.
        part_of_labels: it can be computed of some labels of the taxonomy.
    """

    term: Term
    labels: Tensor = LABELS
    counts_texts: bool = False
    reads_labels: bool = True
    non_negative: bool = False
    perfect: bool = False
    full_precision: bool = False
    part_of_labels: bool = True


def make_term(name: str, taxonomy=SEVERAL, weights=None, listwise=0.0, **section) -> Term:
    chosen = ObjectiveSection.model_validate(section)
    return make_objective(chosen, taxonomy, TRAIN, weights, listwise).terms[name]


def distil(exclusive: bool) -> Term:
    """Self-distillation; the first numbers of the vectors, rounded, stand for previous logits."""

    def term(output: EmotionOutput, labels: Tensor, columns: Tensor | None) -> Tensor:
        previous = output.representations[..., 0].round(decimals=2).to(output.logits)
        return self_distillation(output.logits, previous, labels, exclusive)[0]

    return term


def list_registered() -> Iterator[tuple[str, Case]]:
    for name, entry in LOSSES.items():
        if not entry.pairwise:
            yield name, Case(resolve(entry.place))
            continue
        for (distance, on), weights in product(FORMS, ("none", "wheel")):
            # Vectors have no choice between predictions and logits, and a recipe may not name one.
            source = {} if distance == "cossim" else {"on": on}
            options = {"name": name, "distance": distance, "weights": weights, **source}
            # Squares between the sets are to grow, and cosines have either sign.
            never_negative = distance == "exp_diff" or (distance, name) == ("sq_diff", "intra")
            case = Case(
                make_term(f"{name}_loss", local_loss=options),
                counts_texts=True,
                non_negative=name in ("inter", "intra", "complete") and never_negative,
                perfect=(distance, on, weights) == ("exp_diff", "logits", "none"),
                full_precision=True,
            )
            yield f"{name}-{distance}-{on}-{weights}", case


def list_built_in() -> Iterator[tuple[str, Case]]:
    sure = {"non_negative": True, "perfect": True}
    weighed = {"weights": CLASS_WEIGHTS}
    softmax, sigmoid = "cross_entropy", "binary_cross_entropy"
    # A softmax takes no unlabelled texts: an exclusive corpus drops them.
    choice = {"labels": ONE_HOT, "reads_labels": False, "non_negative": True}
    yield softmax, Case(make_term(softmax, EXCLUSIVE), **choice, perfect=True, counts_texts=True)
    yield (
        f"{softmax}-weighed",
        Case(make_term(softmax, EXCLUSIVE, **weighed), **choice, perfect=True),
    )
    smooth = make_term(softmax, EXCLUSIVE, label_smoothing=0.1)
    yield f"{softmax}-smoothed", Case(smooth, **choice, counts_texts=True)
    yield sigmoid, Case(make_term(sigmoid), **sure)
    yield f"{sigmoid}-weighed", Case(make_term(sigmoid, **weighed), **sure)
    smooth = make_term(sigmoid, label_smoothing=0.1)
    yield f"{sigmoid}-smoothed", Case(smooth, non_negative=True)
    for order in (1, 2):
        surprising = make_term(sigmoid, conditional_order=order)
        yield f"{sigmoid}-conditional-{order}", Case(surprising, **sure, part_of_labels=False)
    listwise = make_term("listwise_cross_entropy", listwise=0.1)
    yield "listwise_cross_entropy", Case(listwise, non_negative=True)
    for distance in ("cossim", "sq_diff"):
        of_structure = make_term("global_loss", global_loss={"distance": distance})
        yield (
            f"global-{distance}",
            Case(
                of_structure,
                counts_texts=True,
                reads_labels=False,
                non_negative=True,
                full_precision=True,
            ),
        )
    yield "distillation", Case(distil(exclusive=False), non_negative=True)
    yield "distillation-exclusive", Case(distil(exclusive=True), ONE_HOT, non_negative=True)


CASES = dict(list_built_in()) | dict(list_registered())


def having(promise: str) -> pytest.MarkDecorator:
    """The cases that promise something."""
    chosen = {name: case for name, case in CASES.items() if getattr(case, promise)}
    return pytest.mark.parametrize("case", chosen.values(), ids=chosen.keys())


every = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def make_output(seed: int = 0, hidden: int = 3) -> EmotionOutput:
    logits, vectors, _ = draw_tensors(seed, *LABELS.shape, hidden)
    return EmotionOutput(logits=logits, representations=vectors)


def take(output: EmotionOutput, rows: list[int] | Tensor) -> EmotionOutput:
    return EmotionOutput(logits=output.logits[rows], representations=output.representations[rows])


def compute(case: Case, output: EmotionOutput, rows: list[int] | Tensor) -> Tensor:
    """The loss of some rows of the case's batch."""
    return case.term(take(output, rows), case.labels[rows], None)


@every
def test_is_one_finite_number_and_leaves_its_inputs_alone(case):
    output, labels = make_output(), case.labels.clone()
    loss = case.term(output, labels, None)
    assert loss.shape == ()
    assert torch.isfinite(loss)
    torch.testing.assert_close(case.term(make_output(), case.labels, None), loss, rtol=0, atol=0)
    torch.testing.assert_close(output.logits, make_output().logits, rtol=0, atol=0)
    torch.testing.assert_close(labels, case.labels, rtol=0, atol=0, equal_nan=True)


@every
def test_gradients_are_right(case):
    output = make_output(2)

    def loss(logits, vectors):
        made = EmotionOutput(logits=logits, representations=vectors)
        return case.term(made, case.labels, None)

    inputs = output.logits.requires_grad_(), output.representations.requires_grad_()
    assert torch.autograd.gradcheck(loss, inputs)


@every
def test_the_order_of_the_texts_does_not_matter(case):
    output, order = make_output(3), [4, 2, 0, 5, 1, 3]
    torch.testing.assert_close(compute(case, output, order), compute(case, output, list(range(6))))


@every
def test_a_batch_said_twice_costs_the_same(case):
    output, rows = make_output(4), list(range(6))
    torch.testing.assert_close(compute(case, output, rows * 2), compute(case, output, rows))


@having("counts_texts")
def test_a_batch_is_the_mean_of_its_texts(case):
    output = make_output(5)
    counted = [
        row for row in range(6) if not case.labels[row].isnan().all() or not case.reads_labels
    ]
    singles = torch.stack([compute(case, output, [row]) for row in counted])
    torch.testing.assert_close(compute(case, output, list(range(6))), singles.mean())


@having("part_of_labels")
def test_the_order_of_the_labels_does_not_matter(case):
    output, order = make_output(6), torch.tensor([3, 0, 4, 2, 1])
    shuffled = EmotionOutput(
        logits=output.logits[:, order], representations=output.representations[:, order]
    )
    expected = case.term(output, case.labels, None)
    torch.testing.assert_close(case.term(shuffled, case.labels[:, order], order), expected)
    torch.testing.assert_close(case.term(output, case.labels, torch.arange(5)), expected)


@having("reads_labels")
def test_a_text_without_labels_changes_nothing(case):
    output = make_output(7)
    labels = case.labels.clone()
    labels[2] = NAN
    rows = [0, 1, 3, 4, 5]
    torch.testing.assert_close(
        case.term(output, labels, None), case.term(take(output, rows), labels[rows], None)
    )


@having("reads_labels")
@pytest.mark.parametrize("texts", [0, 3])
def test_without_any_label_there_is_no_loss_and_no_gradient(case, texts):
    output = take(make_output(8), list(range(texts)))
    inputs = output.logits.requires_grad_(), output.representations.requires_grad_()
    loss = case.term(output, torch.full_like(output.logits, NAN), None)
    assert loss == 0
    gradients = torch.autograd.grad(loss, inputs, materialize_grads=True)
    assert all((gradient == 0).all() for gradient in gradients)


@having("non_negative")
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999))
def test_never_below_zero(case, seed):
    assert case.term(make_output(seed), case.labels, None) >= 0


@having("perfect")
def test_a_perfect_answer_costs_nothing(case):
    labels = ONE_HOT
    logits = (labels - 0.5) * 100
    sure = EmotionOutput(logits=logits, representations=make_output().representations)
    assert float(case.term(sure, labels, None)) == pytest.approx(0, abs=1e-9)
    wrong = EmotionOutput(logits=-logits, representations=make_output().representations)
    assert case.term(wrong, labels, None) > 1


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@settings(max_examples=5, deadline=None)
@given(signs=arrays(np.float32, tuple(LABELS.shape), elements=st.sampled_from([-1, 0, 1])))
@example(signs=np.sign(0.5 - np.nan_to_num(LABELS.numpy())).astype(np.float32))
@example(signs=np.sign(np.nan_to_num(LABELS.numpy()) - 0.5).astype(np.float32))
def test_finite_at_extreme_values(case, dtype, signs):
    logits = (torch.from_numpy(signs) * 50).to(dtype).requires_grad_()
    vectors = torch.from_numpy(signs)[:, :, None].repeat(1, 1, 3) * torch.tensor([1e4, 1e-30, 0])
    vectors = vectors.to(dtype).requires_grad_()
    output = EmotionOutput(logits=logits, representations=vectors)
    loss = case.term(output, case.labels.to(dtype), None)
    (loss + logits.sum() * 0 + vectors.sum() * 0).backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
    assert torch.isfinite(vectors.grad).all()


@having("full_precision")
def test_half_precision_only_rounds_its_inputs(case):
    output = make_output(3, hidden=16)
    half = [values.bfloat16() for values in (output.logits, output.representations, case.labels)]
    whole = [values.float() for values in half]
    got, expected = (
        case.term(EmotionOutput(logits=logits, representations=vectors), labels, None)
        for logits, vectors, labels in (half, whole)
    )
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-6)
    # exp_diff of logits multiplies a rounding of a logit by the size of the logit.
    full = case.term(output, case.labels, None)
    torch.testing.assert_close(got.double(), full, rtol=0.05, atol=0.01)


PAIRWISE = [name for name, entry in LOSSES.items() if entry.pairwise]


@pytest.mark.parametrize("name", PAIRWISE)
@pytest.mark.parametrize(("distance", "on"), FORMS)
@settings(max_examples=25, deadline=None)
@given(drawn=batches(), weighed=st.booleans())
def test_equal_to_the_slow_twin(name, distance, on, drawn, weighed):
    (logits, labels, vectors), weights = drawn
    twin = getattr(loops, name, None)
    assert twin, f"write the slow twin of {name!r} into tests/losses/loops.py"
    weights = weights if weighed else None
    loss = resolve(LOSSES[name].place)
    got = loss(logits, labels, vectors, weights, distance=distance, on=on)
    expected = loops.average(twin, (logits, labels, vectors), weights, distance, on)
    assert float(got) == pytest.approx(expected, rel=1e-6, abs=1e-6)
