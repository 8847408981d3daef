"""Requests against the limits: what is empty, what is too large, which labels are meant."""

from collections.abc import Sequence

from emoscope.errors import InputError
from emoscope.serve.limits import Limits
from emoscope.serve.problems import Fault, Problem
from emoscope.serve.schemas import AnnotateRequest, Asked, ExplainRequest, Labels, PredictRequest
from emoscope.serve.service import Turns
from emoscope.taxonomy import Taxonomy, builtin_taxonomies

MAX_FAULTS = 20
MAX_NAME = 100


def read_texts(body: AnnotateRequest, limits: Limits) -> list[Turns]:
    """The texts or the conversations of a request, as turns.

    Raises:
        Problem: neither or both, none, empty ones, or too many or too long ones.
    """
    if (body.texts is None) == (body.conversations is None):
        raise Problem("invalid", "Expected either `texts` or `conversations`.")
    if body.texts is not None:
        return check_texts([(text,) for text in body.texts], "/texts", limits)
    conversations = [tuple(turns) for turns in body.conversations or ()]
    return check_texts(conversations, "/conversations", limits)


def read_text(body: ExplainRequest, limits: Limits) -> Turns:
    """The text or the conversation to explain.

    Raises:
        Problem: neither or both, an empty one, or one that is too long.
    """
    if (body.text is None) == (body.conversation is None):
        raise Problem("invalid", "Expected either `text` or `conversation`.")
    turns = (body.text,) if body.text is not None else tuple(body.conversation or ())
    pointer = "/text" if body.text is not None else "/conversation"
    fault = find_fault(turns, limits)
    if fault is not None:
        raise Problem(fault[0], fault[1], (Fault(pointer, fault[1]),))
    size = sum(map(len, turns))
    if size > limits.explained_characters:
        detail = (
            f"Expected at most {limits.explained_characters:,} characters to explain, got "
            f"{size:,}. Send the passage that matters."
        )
        raise Problem("too-large", detail, (Fault(pointer, detail),))
    return turns


def read_inputs(body: PredictRequest, limits: Limits) -> tuple[list[Turns], bool]:
    """The texts of a request in the form of text-embeddings-inference, and whether it is a batch.

    Raises:
        Problem: none, empty ones, or too many or too long ones.
    """
    inputs = body.inputs
    if isinstance(inputs, str):
        return check_texts([(inputs,)], "/inputs", limits), False
    pairs = [tuple(part) for part in inputs if isinstance(part, list)]
    if inputs and not pairs:
        pairs = [tuple(part for part in inputs if isinstance(part, str))]
    if any(len(turns) > 2 for turns in pairs):
        raise Problem(
            "invalid",
            "Expected a text, a pair of texts, or a batch as [[text], [text, text], ...]. For "
            "several texts send [[text], [text], [text]].",
        )
    return check_texts(pairs, "/inputs", limits), isinstance(inputs[0], list)


def check_texts(texts: list[Turns], pointer: str, limits: Limits) -> list[Turns]:
    """Texts, if they can be scored.

    Raises:
        Problem: none, too many, empty or too long ones, with the places of these.
    """
    if not texts:
        raise Problem("empty", "Expected at least one text, got none.")
    if len(texts) > limits.texts:
        detail = f"Expected at most {limits.texts:,} texts, got {len(texts):,}. Send them in parts."
        raise Problem("too-large", detail, (Fault(pointer, detail),))
    kind, faults = "", []
    for place, turns in enumerate(texts):
        found = find_fault(turns, limits)
        if found is not None:
            kind = kind or found[0]
            faults.append(Fault(f"{pointer}/{place}", found[1]))
    if faults:
        count = "1 text" if len(faults) == 1 else f"{len(faults):,} texts"
        raise Problem(
            kind,
            f"{count} of {len(texts):,} cannot be scored, and so none was; the first: "
            f"{faults[0].pointer}: {faults[0].detail}",
            faults[:MAX_FAULTS],
        )
    return texts


def find_fault(turns: Turns, limits: Limits) -> tuple[str, str] | None:
    """Why a text cannot be scored: a kind of problem and a detail; None if it can."""
    if not any(turn.strip() for turn in turns):
        return "empty", "Expected text, got none or only white space."
    if len(turns) > limits.turns:
        return "too-large", f"Expected at most {limits.turns} turns, got {len(turns):,}."
    size = sum(map(len, turns))
    if size > limits.characters:
        return "too-large", f"Expected at most {limits.characters:,} characters, got {size:,}."
    try:
        "".join(turns).encode()
    except UnicodeEncodeError:
        return "invalid", "Expected whole characters of Unicode, got a lone half of a pair."
    return None


def read_labels(body: Asked, limits: Limits) -> Taxonomy | None:
    """The labels that a request asks for; None for the model's own.

    Raises:
        Problem: both a list and a taxonomy, one that nobody knows, labels that are none, too many
            or too long ones.
    """
    if body.labels is not None and body.taxonomy is not None:
        raise Problem("invalid", "Expected either `labels` or `taxonomy`, got both.")
    if body.taxonomy is not None:
        return find_builtin(body.taxonomy)
    if body.labels is None:
        return None
    # Before anything is made of them.
    check_labels(body.labels, limits)
    try:
        return Taxonomy.of(body.labels)
    except InputError as error:
        raise to_problem(error, "/labels") from error


def find_builtin(spec: str) -> Taxonomy:
    """A label set that ships, by its name: never a file, whatever the name looks like.

    Raises:
        Problem: there is none.
    """
    name = spec.partition(":")[0]
    known = builtin_taxonomies()
    if name not in known or len(spec) > MAX_NAME:
        detail = f"Expected one of {', '.join(known)}, got another name."
        raise Problem("invalid", detail, (Fault("/taxonomy", detail),))
    try:
        return Taxonomy.load(spec)
    except InputError as error:
        raise to_problem(error, "/taxonomy") from error


def check_labels(labels: Labels, limits: Limits) -> None:
    """Check that labels are not too many or too long.

    Raises:
        Problem: they are.
    """
    words = list(labels)
    if isinstance(labels, dict):
        groups = [[value] if isinstance(value, str) else value for value in labels.values()]
        words = [word for group in groups for word in group]
    longest = max(map(len, (*labels, *words)), default=0)
    too_large = (
        ("labels", len(labels), limits.labels),
        ("words that describe labels", len(words), limits.words),
        ("characters of a label", longest, limits.word_characters),
    )
    for what, found, at_most in too_large:
        if found > at_most:
            detail = f"Expected at most {at_most:,} {what}, got {found:,}."
            raise Problem("too-large", detail, (Fault("/labels", detail),))


def read_explained(body: ExplainRequest, limits: Limits) -> list[str] | None:
    """The names of the labels to explain; None for all.

    Raises:
        Problem: too many or too long ones.
    """
    if body.explain is not None:
        check_labels(body.explain, limits)
    return body.explain


def check_scores(texts: Sequence[Turns], labels: int, limits: Limits) -> None:
    """Check that an answer is not too large.

    Raises:
        Problem: it is.
    """
    if len(texts) * labels > limits.scores:
        raise Problem(
            "too-large",
            f"Expected at most {limits.scores:,} scores in an answer, got {len(texts):,} texts × "
            f"{labels:,} labels. Send the texts in parts.",
        )


def to_problem(error: InputError, pointer: str) -> Problem:
    """What is wrong with labels or with what shall be explained."""
    detail = str(error)
    return Problem("invalid", detail, (Fault(pointer, detail),))
