"""`emoscope info`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emoscope.cli._common import PluginOption

if TYPE_CHECKING:
    from emoscope.folder import ModelFolder


def info(
    model: Annotated[
        Path | None,
        typer.Argument(
            help="Folder of a model or of a training: tell what it is, instead of versions.",
            show_default=False,
        ),
    ] = None,
    layers: Annotated[
        bool,
        typer.Option(
            "--layers",
            help="Also list the network of MODEL: each layer, its output's shape, its parameters.",
        ),
    ] = False,
    plugin: PluginOption = None,
) -> None:
    """Versions of emoscope and of what it runs on, for a bug report; or what a model is.

    [b]Example:[/b] emoscope info
    """
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from emoscope.errors import InputError, require
    from emoscope.folder import ModelFolder
    from emoscope.registry import TABLES

    if model is not None:
        folder = ModelFolder.open(model)
        show_model(folder)
        if layers:
            require("torch", "train")
            show_layers(folder)
        return
    if layers:
        raise InputError("--layers lists the layers of a model: name its folder, too.")
    names = ("emoscope", "numpy", "pyarrow", "torch", "transformers", "datasets", "accelerate")
    typer.echo(f"python {platform.python_version()} on {platform.platform()}")
    for name in names:
        try:
            typer.echo(f"{name} {version(name)}")
        except PackageNotFoundError:
            typer.echo(f"{name} not installed: pip install 'emoscope[train]'")
    for kind, table in TABLES.items():
        for name in table:
            provider = table.get_plugin(name)
            if provider is not None:
                typer.echo(f"{kind}: {name}, of {provider}")


def show_model(folder: "ModelFolder") -> None:
    """Print what a model folder says of its model."""
    taxonomy = folder.taxonomy
    count = "one a text" if taxonomy.exclusive else "any number a text"
    typer.echo(f"{folder.model_type} in {folder.path}")
    typer.echo(f"labels, {count}: {', '.join(taxonomy.names)}")
    if taxonomy.ignored:
        typer.echo(f"left out of averages: {', '.join(taxonomy.ignored)}")
    for name in ("max_length", "truncation"):
        if name in folder.preprocessing:
            typer.echo(f"{name.replace('_', ' ')}: {folder.preprocessing[name]}")


def show_layers(folder: "ModelFolder") -> None:
    """Print a row for each layer, and the sums."""
    from rich.console import Console
    from rich.table import Table

    from emoscope.inference.layer_table import list_layers

    found = list_layers(folder)
    table = Table(header_style="bold")
    for name, side in (("layer", "left"), ("kind", "left"), ("output", "left")):
        table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
    for name in ("parameters", "trained"):
        table.add_column(name, justify="right")
    for layer in found:
        shape = " × ".join(map(str, layer.shape)) or "–"
        table.add_row(layer.name, layer.kind, shape, f"{layer.parameters:,}", f"{layer.trained:,}")
    table.add_section()
    total, trained = (sum(getattr(x, part) for x in found) for part in ("parameters", "trained"))
    table.add_row("all", "", "", f"{total:,}", f"{trained:,}")
    Console().print(table)
    typer.echo("B: texts of a batch; T: grows with their length. Trained: what learning changes.")
