"""`emoscope score`."""

from typing import Annotated

import typer

from emoscope.cli._common import (
    DomainOption,
    LabelsOption,
    ModelOption,
    PluginOption,
    describe_file_names,
)


def score(
    text: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT",
            help="One text or several; - for the lines of stdin.",
            show_default=False,
        ),
    ],
    model: ModelOption = None,
    labels: LabelsOption = None,
    top_k: Annotated[
        int, typer.Option(min=1, help="Show so many labels, and all that are given.")
    ] = 5,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each text, with all labels.")
    ] = False,
    domain: DomainOption = None,
    plugin: PluginOption = None,
) -> None:
    """Show the emotions of a text, or of several.

    [b]Example:[/b] emoscope score "I love it" "Where have you been?"
    """
    from emoscope.cli._score import describe_doubts, read_texts, score_texts
    from emoscope.cli._terminal import make_bars, make_console, to_json
    from emoscope.inference.annotator import load

    texts = read_texts(text)
    annotator = load(model, labels, domain=domain)
    scored = score_texts(annotator, texts)
    console = make_console()
    if as_json:
        for each in scored:
            typer.echo(to_json(each.to_dict(annotator.taxonomy.exclusive)))
    else:
        for each in scored:
            console.print(make_bars(console, each.text, each.leading(top_k), each.given))
        mark = "*" if console.options.ascii_only else "●"
        if any(each.given for each in scored):
            typer.echo(f"{mark} given by the model, from the probability fitted for each label")
    for line in (*describe_file_names(text), *describe_doubts(annotator, texts)):
        typer.echo(line, err=True)
