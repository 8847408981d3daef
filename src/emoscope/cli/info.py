"""`emoscope info`."""

import typer


def info() -> None:
    """Versions of emoscope and of what it runs on, for a bug report.

    [b]Example:[/b] emoscope info
    """
    import platform
    from importlib.metadata import PackageNotFoundError, version

    names = ("emoscope", "numpy", "pyarrow", "torch", "transformers", "datasets", "accelerate")
    typer.echo(f"python {platform.python_version()} on {platform.platform()}")
    for name in names:
        try:
            typer.echo(f"{name} {version(name)}")
        except PackageNotFoundError:
            typer.echo(f"{name} not installed: pip install 'emoscope[train]'")
