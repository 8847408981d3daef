"""`emoscope report`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from emoscope.cli._common import PluginOption, RestartOption, check_files, removed_on_failure

if TYPE_CHECKING:
    from emoscope.experiments.log import ExperimentLog


def report(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Folder of a configuration's runs, as `emoscope train` writes it, or one that "
            "holds several.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="HTML file; default FOLDER/report.html."),
    ] = None,
    split: Annotated[
        Literal["dev", "test"] | None,
        typer.Option(
            help="Whose texts; default test if all runs were measured on it, else dev.",
            show_default=False,
        ),
    ] = None,
    examples: Annotated[
        int, typer.Option(min=0, max=1000, help="How many of the texts that are most wrong.")
    ] = 20,
    texts: Annotated[
        bool,
        typer.Option(" /--no-texts", help="Show the ids of these texts alone.", show_default=False),
    ] = True,
    plugin: PluginOption = None,
    restart: RestartOption = False,
) -> None:
    """Write one page about a training: figures, curves, calibration, mistakes, settings.

    [b]Example:[/b] emoscope report sample --no-texts
    """
    from emoscope.errors import InputError, require
    from emoscope.files import write_text

    require("pyarrow", "train")
    require("matplotlib", "train")
    from emoscope.experiments.configurations import find_logs
    from emoscope.experiments.report.report import ReportOptions, make_report_page

    path = output or folder / "report.html"
    if path.is_dir() or (output is not None and not path.parent.is_dir()):
        raise InputError(f"--output {path}: expected a file in a folder that is there.")
    # That of the folder is the program's own.
    check_files({}, {"--output": output}, restart=restart)
    logs = find_logs(folder)
    for name in find_missing_plugins(logs):
        typer.echo(
            f"Trained with the plug-in {name}, without which every field may count as set by the "
            f"recipe: --plugin PATH/TO/{name}",
            err=True,
        )
    page = make_report_page(logs, ReportOptions(split, examples, texts))
    with removed_on_failure(output):
        write_text(path, page)
        typer.echo(path)
        if texts and examples:
            typer.echo(
                "The page shows texts of the corpus: pass it on only if they may be, or write it "
                "with --no-texts.",
                err=True,
            )


def find_missing_plugins(logs: "Sequence[ExperimentLog]") -> list[str]:
    """The plug-in files that trainings ran with and that this command was not given."""
    from emoscope.files import read_json
    from emoscope.plugins import list_plugin_files

    given = {path.name for path in list_plugin_files()}
    used = [
        name
        for log in logs
        if (log.folder / "environment.json").is_file()
        for name in read_json(log.folder / "environment.json").get("plugins", ())
    ]
    return sorted({*used} - given)
