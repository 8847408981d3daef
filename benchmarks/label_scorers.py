"""What is asked for labels: a model that reads them, or a sentence encoder that learnt none."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from emoscope.calibration import decide, fit_calibration, log_odds
from emoscope.corpora.corpus import Corpus
from emoscope.inference.annotator import Annotator
from emoscope.metrics.counts import Bools, Floats
from emoscope.models.shared.family import make_pipeline
from emoscope.recipes.load import load_recipe
from emoscope.taxonomy import Taxonomy
from sentence_encoder import encode_sentences

STEEPNESS = 10.0
"""Of cosines, before a temperature and shifts are fitted as for logits."""


class Scorer(Protocol):
    """Scores texts with any labels."""

    def scores(self, conversations: Sequence[Sequence[str]], taxonomy: Taxonomy) -> Floats:
        """How well each label fits each of N conversations, (N, K); any real numbers.

        Raises:
            InputError: it does not take these labels.
        """

    def decisions(self, dev: Corpus, test: Corpus) -> Bools:
        """The labels of test texts, (N, K), calibrated on dev texts that have the same labels."""


class ModelScorer:
    """A model of emoscope; texts are cut as in its training.

    Args:
        annotator: of the model.
    """

    def __init__(self, annotator: Annotator) -> None:
        self.annotator = annotator.with_truncation()

    def scores(self, conversations: Sequence[Sequence[str]], taxonomy: Taxonomy) -> Floats:
        """Log-odds of the probabilities, (N, K)."""
        return log_odds(self.annotator.with_labels(taxonomy).probabilities(conversations))

    def decisions(self, dev: Corpus, test: Corpus) -> Bools:
        """Labels as `emoscope annotate --calibrate` gives them."""
        asked = self.annotator.with_labels(test.taxonomy)
        calibrated = asked.calibrated(dev.turns, np.array(dev.labels))
        return calibrated.decide(calibrated.probabilities(test.turns))


class EncoderScorer:
    """A sentence encoder as it was published: the cosine of a text and each label's name.

    The turns of a conversation are cleaned by the steps of the recipe embedded, and joined.

    Args:
        name: packaged, a folder, or on the hub.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.pipeline = make_pipeline(load_recipe("embedded").text, ())
        self.known: dict[str, Floats] = {}

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Unit vectors, (N, H); each text is encoded once, whoever asks."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            encoded = encode_sentences(self.name, new).astype(np.float32)
            self.known |= dict(zip(new, encoded, strict=True))
        return np.stack([self.known[text] for text in texts])

    def scores(self, conversations: Sequence[Sequence[str]], taxonomy: Taxonomy) -> Floats:
        """Cosines, (N, K)."""
        texts = [" ".join(turns) for turns in map(self.pipeline, conversations)]
        vectors = self.vectors([*texts, *taxonomy.names])
        return vectors[: len(texts)] @ vectors[len(texts) :].T

    def decisions(self, dev: Corpus, test: Corpus) -> Bools:
        """Labels at thresholds of the cosines, after a temperature and shifts."""
        on_dev, on_test = (
            STEEPNESS * self.scores(corpus.turns, test.taxonomy) for corpus in (dev, test)
        )
        fitted = fit_calibration(on_dev, dev.labels, test.taxonomy.names)
        return decide(fitted.probabilities(on_test, False), False, fitted.cuts())
