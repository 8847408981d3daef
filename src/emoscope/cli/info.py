"""`emoscope info`."""

import typer


def info() -> None:
    """Versions of emoscope and of what it runs on, for a bug report.

    [b]Example:[/b] emoscope info
    """
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from emoscope.registry import TABLES

    names = ("emoscope", "numpy", "pyarrow", "torch", "transformers", "datasets", "accelerate")
    typer.echo(f"python {platform.python_version()} on {platform.platform()}")
    for name in names:
        try:
            typer.echo(f"{name} {version(name)}")
        except PackageNotFoundError:
            typer.echo(f"{name} not installed: pip install 'emoscope[train]'")
    for kind, table in TABLES.items():
        for name in table:
            plugin = table.get_plugin(name)
            if plugin is not None:
                typer.echo(f"{kind}: {name}, of {plugin}")
