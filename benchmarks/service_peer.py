"""What people write by hand: a FastAPI app around a transformers pipeline in float32.

`service_load.py` starts it as a rival; nothing in it is emoscope's but the network.
"""

from pathlib import Path
from typing import Any


def make_pipeline(model: Path, weights: Path | None) -> Any:
    """A pipeline for text classification on torch.

    Args:
        model: the exported model, whose shape and tokenizer are taken if there are no weights.
        weights: a model folder with weights, to run the very network.
    """
    if weights is not None:
        from emoscope.inference.transformers_pipeline import emotion_pipeline

        return emotion_pipeline(weights)
    import json

    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    shape = BertConfig(**config["backbone"])
    shape.num_labels = len(config["id2label"])
    shape.problem_type = "multi_label_classification"
    torch.manual_seed(0)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(model / "tokenizer.json"), pad_token="[PAD]", model_max_length=512
    )
    network = BertForSequenceClassification(shape).eval()
    return pipeline("text-classification", model=network, tokenizer=tokenizer, top_k=None)


def serve(model: Path, weights: Path | None, port: int) -> None:
    """Serve it in the plainest way."""
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel

    class Body(BaseModel):
        texts: list[str]

    app = FastAPI()
    pipe = make_pipeline(model, weights)

    @app.post("/v1/annotate")
    def annotate(body: Body) -> list[list[dict[str, Any]]]:
        found: list[list[dict[str, Any]]] = pipe(body.texts)
        return found

    @app.get("/health/ready")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    uvicorn.run(app, port=port, log_level="warning", access_log=False)
