"""What a job was asked for: all that bears on its output, written once for files and clusters.

A job that is started again goes on only if this is the same. The names are those that messages use.
"""

from typing import Any

from emoscope._version import __version__
from emoscope.inference.model_info import Model, ModelInfo, fingerprint
from emoscope.jobs.options import Options
from emoscope.jobs.scores import Labels
from emoscope.jobs.source import Source


def model_config(model: Model, info: ModelInfo) -> dict[str, Any]:
    """What a score depends on besides the text.

    Args:
        model: that scores.
        info: what it says of itself when it is loaded.
    """
    taxonomy = info.scoring.taxonomy
    return {
        "emoscope": __version__,
        "model": model.fingerprint(),
        "engine": info.backend,
        "long texts": model.long_texts,
        "labels": list(taxonomy.names),
        "exclusive": taxonomy.exclusive,
        "taxonomy": fingerprint(taxonomy),
        **info.scoring.config,
    }


def job_config(
    model: Model, info: ModelInfo, labels: Labels, source: Source, options: Options
) -> dict[str, Any]:
    """What the output depends on besides the bytes of the input.

    Args:
        model: that scores.
        info: what it says of itself when it is loaded.
        labels: that are scored, and the thresholds from which they are given.
        source: of the texts.
        options: how they are annotated.
    """
    return {
        **model_config(model, info),
        "input": str(source.file),
        "input format": source.format,
        "encoding": source.encoding,
        "turns": None if source.turns is None else list(source.turns),
        "id": source.id,
        "turn separator": source.turn_separator,
        "thresholds": list(labels.thresholds),
        "top k": options.top_k,
        "bad rows": str(options.bad_rows),
        "rows of a chunk": options.chunk_rows,
    }
