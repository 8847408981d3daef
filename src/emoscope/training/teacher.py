"""A sentence encoder as teacher: how well words that nobody annotated fit a text."""

import hashlib
import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch import Tensor
from torch.nn import functional

from emoscope.encoding.batching import by_length
from emoscope.encoding.demux import LabelReader
from emoscope.encoding.prompt import Frame, encode_turns
from emoscope.models.backbone import (
    backbone_config,
    encoder_inputs,
    load_backbone,
    load_tokenizer,
)
from emoscope.models.torch_backend import tensors
from emoscope.recipes.schema import TeacherSection
from emoscope.text import TextPipeline
from emoscope.training.data import Part

logger = logging.getLogger(__name__)
Floats = NDArray[np.float32]
MAX_TOKENS = 64
BATCH_SIZE = 64
REFERENCE_TEXTS = 4000
"""Texts of each part on which a word's similarities are standardised, at most."""


class Teacher:
    """Distributions over words, from the similarity of a text and each word.

    The cosine of a text and a word under a sentence encoder (Reimers & Gurevych 2019, arXiv
    1908.10084) says more about the word than about the text: some words are near to everything. So
    similarities are standardised, word by word, over the training texts.

    Args:
        texts: unit vectors of the texts of each part, (N, H) each.
        words: unit vectors of the vocabulary, (W, H).
        sharpness: what standardised similarities are multiplied by before the softmax.
    """

    def __init__(self, texts: Sequence[Floats], words: Floats, sharpness: float) -> None:
        self.texts = [part.astype(np.float16) for part in texts]
        self.words = words
        self.sharpness = sharpness
        reference = np.concatenate([part[:REFERENCE_TEXTS] for part in texts]) @ words.T
        self.means, self.deviations = reference.mean(axis=0), reference.std(axis=0)

    def distributions(self, part: int, rows: NDArray[np.int64], asked: NDArray[np.int64]) -> Tensor:
        """How the words asked for are distributed in each text.

        Args:
            part: number of the part.
            rows: texts of it, (B,).
            asked: places in the vocabulary, (V,).

        Returns:
            (B, V), rows that sum to one.
        """
        cosines = self.texts[part][rows].astype(np.float32) @ self.words[asked].T
        standard = (cosines - self.means[asked]) / self.deviations[asked]
        return torch.from_numpy(standard * self.sharpness).softmax(dim=-1)


def make_teacher(
    section: TeacherSection, parts: Sequence[Part], vocabulary: Sequence[str], cache: Path
) -> Teacher:
    """Encode the texts of a training and the words of a vocabulary.

    Args:
        section: of the recipe.
        parts: of the training data.
        vocabulary: words that may be asked for.
        cache: file that keeps the vectors, so that a training that goes on does not wait for them.
    """
    texts = [
        [
            " ".join(turns)
            for turns in map(cast(LabelReader, part.encoder).pipeline, part.corpus.turns)
        ]
        for part in parts
    ]
    everything = [text for part_texts in texts for text in part_texts] + list(vocabulary)
    vectors = _cached_vectors(section.encoder, everything, cache)
    ends = np.cumsum([0, *map(len, texts), len(vocabulary)])
    *of_parts, words = (vectors[start:end].astype(np.float32) for start, end in pairwise(ends))
    return Teacher(of_parts, words, section.sharpness)


def _cached_vectors(encoder: str, texts: Sequence[str], cache: Path) -> NDArray[np.float16]:
    """Vectors (N, H) from a file, or encoded and written there."""
    digest = hashlib.sha256("\0".join([encoder, *texts]).encode()).digest()
    fingerprint = np.frombuffer(digest, dtype=np.uint8)
    if cache.is_file():
        stored = load_file(cache)
        if np.array_equal(stored["fingerprint"], fingerprint):
            return np.asarray(stored["vectors"], dtype=np.float16)
    logger.info("Teacher: %s encodes %d texts.", encoder, len(texts))
    vectors = encode_sentences(encoder, texts)
    cache.parent.mkdir(parents=True, exist_ok=True)
    partial = cache.with_name(f".{cache.name}.partial")
    save_file({"vectors": vectors, "fingerprint": fingerprint}, partial)
    partial.replace(cache)
    return vectors


def encode_sentences(name: str, texts: Sequence[str]) -> NDArray[np.float16]:
    """Unit vectors of texts, the mean of an encoder's last states over the tokens, (N, H).

    Args:
        name: of the encoder, as of `load_backbone`.
        texts: N of them; each is cut at 64 tokens.
    """
    tokenizer = load_tokenizer(name, backbone_config(name))
    # Ranks need no more than half precision, which many processors compute faster.
    model = load_backbone(name).eval().to(torch.bfloat16)
    frame = Frame.around(tokenizer.single("x"), 0, tokenizer.special_id("pad"))
    room = min(MAX_TOKENS, tokenizer.window) - len(frame)
    encoded = encode_turns(TextPipeline(()), tokenizer, [[text] for text in texts]).cut(room)
    vectors = np.empty((len(texts), model.config.hidden_size), dtype=np.float16)
    with torch.inference_mode():
        for rows in by_length(encoded.lengths, BATCH_SIZE):
            batch = tensors(frame.wrap(encoded, rows), model.device)
            mask = batch["attention_mask"]
            inputs = encoder_inputs(model, batch["input_ids"], mask.long(), batch["token_type_ids"])
            states = model(**inputs).last_hidden_state.float()
            means = (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
            vectors[rows] = functional.normalize(means, dim=-1).cpu().numpy()
    return vectors
