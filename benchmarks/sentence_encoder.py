"""Vectors of texts under a bare sentence encoder, to compare models with."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from emoscope.encoding.batching import batch_by_length
from emoscope.encoding.prompt import Frame, encode_turns
from emoscope.inference.torch_backend import to_tensors
from emoscope.models.shared.backbone import (
    load_backbone,
    load_backbone_config,
    load_tokenizer,
    make_encoder_inputs,
)
from emoscope.text import TextPipeline

MAX_TOKENS = 64
BATCH_SIZE = 64


def encode_sentences(name: str, texts: Sequence[str]) -> NDArray[np.float16]:
    """Unit vectors of texts, the mean of an encoder's last states over the tokens, (N, H).

    Reimers & Gurevych 2019, arXiv 1908.10084.

    Args:
        name: of the encoder, as of `load_backbone`.
        texts: N of them; each is cut at 64 tokens.
    """
    tokenizer = load_tokenizer(name, load_backbone_config(name))
    # Ranks need no more than half precision, which many processors compute faster.
    model = load_backbone(name).eval().to(torch.bfloat16)
    frame = Frame.around(tokenizer.single("x"), 0, tokenizer.special_id("pad"))
    room = min(MAX_TOKENS, tokenizer.window) - len(frame)
    encoded = encode_turns(TextPipeline(()), tokenizer, [[text] for text in texts]).cut(room)
    vectors = np.empty((len(texts), model.config.hidden_size), dtype=np.float16)
    with torch.inference_mode():
        for rows in batch_by_length(encoded.lengths, BATCH_SIZE):
            batch = to_tensors(frame.wrap(encoded, rows), model.device)
            mask = batch["attention_mask"]
            inputs = make_encoder_inputs(
                model, batch["input_ids"], mask.long(), batch["token_type_ids"]
            )
            states = model(**inputs).last_hidden_state.float()
            means = (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
            vectors[rows] = functional.normalize(means, dim=-1).cpu().numpy()
    return vectors
