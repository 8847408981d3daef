"""`emoscope explain`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from emoscope.cli._common import (
    DomainOption,
    LabelsOption,
    ModelOption,
    PluginOption,
    RestartOption,
    check_files,
    choose_labels,
    describe_file_names,
    removed_on_failure,
)


def explain(
    text: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT",
            help="A text; several are the turns of one conversation; - for stdin.",
            show_default=False,
        ),
    ],
    model: ModelOption = None,
    labels: LabelsOption = None,
    taxonomy: Annotated[
        str | None,
        typer.Option(help="The same: a taxonomy's name or file.", show_default=False),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="Explain this label; may be repeated. Default all, in the terminal those given.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a page, an HTML file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all numbers as JSON.")] = False,
    method: Annotated[
        Literal["shapley", "occlusion"],
        typer.Option(help="Share the score out among all words, or leave out one at a time."),
    ] = "shapley",
    evaluations: Annotated[
        int, typer.Option(help="Score so many versions of the text for Shapley values, at most.")
    ] = 512,
    domain: DomainOption = None,
    plugin: PluginOption = None,
    restart: RestartOption = False,
) -> None:
    """Show which words of a text speak for and against its labels.

    [b]Example:[/b] emoscope explain "guess what" "what?" "I got the job!" --model sample
    """
    import sys

    from rich.console import Console

    from emoscope.cli._terminal import to_json
    from emoscope.errors import InputError
    from emoscope.explain.explanation import MAX_CHARACTERS
    from emoscope.files import write_text
    from emoscope.inference.annotator import load

    if text == ["-"]:
        # Enough bytes for the error about a text that is too long.
        turns = [sys.stdin.buffer.read(4 * MAX_CHARACTERS).decode(errors="replace").rstrip("\r\n")]
    else:
        # Bytes of another encoding than the terminal's show as a replacement character.
        turns = [item.encode(errors="surrogateescape").decode(errors="replace") for item in text]
    if not any(turn.strip() for turn in turns):
        raise InputError("Expected a text to explain, got an empty one. Name one, or - for stdin.")
    check_files(
        {"--labels": labels, "--taxonomy": taxonomy},
        {"--output": output},
        model=model,
        restart=restart,
    )
    annotator = load(model, choose_labels(labels, taxonomy), domain=domain)
    explanation = annotator.explain(turns, label, method=method, evaluations=evaluations)
    with removed_on_failure(output):
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            write_text(output, explanation.to_html())
        if as_json:
            typer.echo(to_json(explanation.to_dict()))
        elif output is not None:
            typer.echo(output)
        else:
            Console().print(explanation if label else explanation.leading())
    for line in describe_file_names(text):
        typer.echo(line, err=True)
