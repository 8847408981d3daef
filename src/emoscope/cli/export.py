"""`emoscope export`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from emoscope.cli._common import PluginOption


def export(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="Folder of a Demux model or its training.", show_default=False
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="New folder.", show_default=False)],
    weights: Annotated[
        Literal["int8", "float16", "float32"], typer.Option(help="Precision of the stored weights.")
    ] = "int8",
    plugin: PluginOption = None,
) -> None:
    """Write a trained Demux as an ONNX graph, which annotates without torch, and faster.

    [b]Example:[/b] emoscope export goemotions --output goemotions-light
    """
    from emoscope.errors import require

    for module, extra in (("torch", "train"), ("transformers", "train"), ("onnx", "export")):
        require(module, extra)
    from emoscope.training.export import export_model

    export_model(model, output, weights)
    size = sum(path.stat().st_size for path in output.iterdir())
    typer.echo(f"{output}: {size / 1e6:.1f} MB.", err=True)
