"""The configuration of a job: every setting that affects its output.

A job can only be resumed with the same configuration. Messages use these names.
"""

from typing import Any

from emoscope._version import __version__
from emoscope.inference.model_info import Model, ModelInfo, hash_taxonomy
from emoscope.jobs.options import Options
from emoscope.jobs.scores import Labels
from emoscope.jobs.source import Source
from emoscope.plugins import hash_plugins, list_plugin_files


def make_model_config(model: Model, info: ModelInfo) -> dict[str, Any]:
    """Make the part of the configuration that affects scores.

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
        "domain": model.domain,
        "labels": list(taxonomy.names),
        "exclusive": taxonomy.exclusive,
        "taxonomy": hash_taxonomy(taxonomy),
        **info.scoring.config,
        **({"plugins": hash_plugins()} if list_plugin_files() else {}),
    }


def make_job_config(
    model: Model, info: ModelInfo, labels: Labels, source: Source, options: Options
) -> dict[str, Any]:
    """Make the configuration: what affects the output besides the input itself.

    Args:
        model: that scores.
        info: what it says of itself when it is loaded.
        labels: the labels that are scored, and the thresholds from which they are given.
        source: the source of the texts.
        options: how they are annotated.
    """
    return {
        **make_model_config(model, info),
        "input": str(source.file),
        "input format": source.format,
        "encoding": source.encoding,
        "turns": None if source.turns is None else list(source.turns),
        "id": source.id,
        "turn separator": source.turn_separator,
        "delimiter": source.dialect.delimiter,
        "quoting": source.dialect.quoting,
        "header": source.dialect.header,
        "sheet": source.dialect.sheet,
        "missing": list(source.missing),
        "rows of a list": source.each,
        "thresholds": list(labels.thresholds),
        "top k": options.top_k,
        "bad rows": str(options.bad_rows),
        "rows of a chunk": options.chunk_rows,
    }
