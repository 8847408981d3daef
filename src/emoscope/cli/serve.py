"""`emoscope serve`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from emoscope.cli._common import ModelOption, PluginOption


def serve(
    model: ModelOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 for all of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen at.")] = 8000,
    api_keys: Annotated[
        Path | None,
        typer.Option(
            "--api-keys",
            metavar="FILE",
            help="Take requests with one of these keys only, one a line.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=NUMBER",
            help="Change a limit of /v1/info, such as texts=100 or requests_per_minute=60; may be "
            "repeated.",
            show_default=False,
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            help="Answer to this name; may be repeated. Default: on the loopback its own names, "
            "else any.",
            show_default=False,
        ),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--cors-origin",
            help="Let pages of this origin ask, such as https://example.org; may be repeated.",
            show_default=False,
        ),
    ] = None,
    page: Annotated[bool, typer.Option("--page/--no-page", help="Show a page at /.")] = True,
    engine: Annotated[
        Literal["auto", "openvino", "onnxruntime", "torch"],
        typer.Option(help="What runs the model; auto takes the fastest that is installed."),
    ] = "auto",
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of the engine; default all cores.", show_default=False),
    ] = None,
    cluster: Annotated[
        Literal["ray"] | None,
        typer.Option(
            help="Serve on Ray Serve: on the cluster that RAY_ADDRESS names, else on this machine.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Processes on the cluster that each load the model.", show_default=False
        ),
    ] = None,
    plugin: PluginOption = None,
) -> None:
    """Serve a model over HTTP, with a page.

    [b]Example:[/b] emoscope serve --port 8000
    """
    from emoscope.errors import InputError, require
    from emoscope.folder import resolve_folder
    from emoscope.inference.annotator import PRETRAINED, load
    from emoscope.inference.model_info import ModelSpec
    from emoscope.serve.keys import read_keys
    from emoscope.serve.limits import read_limits

    if (workers is None) == (cluster is not None) or (cluster and threads):
        raise InputError(
            "--cluster ray and --workers go together: on a cluster say how many processes load the "
            "model, and not --threads, as each takes its share. Without one there is one process, "
            "which uses all cores."
        )
    # Before anything is loaded.
    limits = read_limits(limit or ())
    keys = () if api_keys is None else tuple(read_keys(api_keys))
    resolve_folder(PRETRAINED if model is None else model)
    for package in ("fastapi", "uvicorn", "prometheus_client"):
        require(package, "serve")

    from emoscope.serve.app import AppOptions
    from emoscope.serve.server import Address, allow_hosts, check_address, start

    address = Address(host, port)
    check_address(address)
    options = AppOptions(
        name="emoscope" if model is None else model.resolve().name,
        limits=limits,
        keys=keys,
        hosts=allow_hosts(address, tuple(allowed_host or ())),
        origins=tuple(cors_origin or ()),
        page=page,
    )
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"Serving {options.name} at http://{shown}:{port}. Ctrl+C ends it.", err=True)
    if workers is not None:
        from emoscope.serve.ray_serve import start_on_ray

        start_on_ray(ModelSpec(model, engine=engine), options, address, workers)
        return
    start(lambda: load(model, engine=engine, threads=threads), options, address)
