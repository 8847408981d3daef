"""What several commands share: options, tables, how files are named."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from emoscope.errors import InputError, require
from emoscope.files import delete_files, is_stream
from emoscope.touched import FileUse, check_file_uses, holds_something, list_model_files

CorpusArgument = Annotated[
    str,
    typer.Argument(
        metavar="CORPUS",
        help="[b]sample[/b], [b]emoji[/b], [b]situations[/b] (these ship), a published corpus "
        "(with --data-dir): cedr, edos, emocontext, event2mind, french_election, goemotions, kote, "
        "prdect_id, red1, red2, semeval2018, semeval2025, xed; or a table of your own: .csv, .tsv, "
        ".xlsx, .jsonl, .json or .parquet.",
        show_default=False,
    ),
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the corpus' files.", show_default=False)
]
ModelOption = Annotated[
    Path | None,
    typer.Option(
        "--model",
        "-m",
        help="Folder of a model or of a training; default the model that ships.",
        show_default=False,
    ),
]
DomainOption = Annotated[
    Literal["twitter", "reddit", "facebook", "chat"] | None,
    typer.Option(
        help="Where the texts come from: they are cleaned for it before the model's own cleaning.",
        show_default=False,
    ),
]
LabelsOption = Annotated[
    str | None,
    typer.Option(
        help="Score these instead of the model's own: 'pride, relief, anger|rage', or a "
        "taxonomy's name or file.",
        show_default=False,
    ),
]
TurnColumns = Annotated[
    str | None,
    typer.Option(
        "--turns",
        help="Columns that hold the turns, comma-separated, oldest first; or the one column that "
        "holds them all. Default: turn1,turn2,turn3 where there are such columns, else text.",
        show_default=False,
    ),
]
IdColumn = Annotated[
    str | None,
    typer.Option("--id", help="Column of ids; default id, if there is one.", show_default=False),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label",
        help="Column of label names; default a column for each label with 1 or 0, or a column "
        "called labels, label, emotions, emotion or sentiment.",
        show_default=False,
    ),
]
LabelNames = Annotated[
    str | None,
    typer.Option(
        "--label-names",
        help="What numbers or other names in the column of labels stand for: 'sadness, joy' for 0 "
        "and 1, '1=sadness, 2=joy', a taxonomy whose order they follow, or a .json or .yaml file.",
        show_default=False,
    ),
]
TextColumn = Annotated[
    str | None, typer.Option("--text", help="Column of the text; default text.", show_default=False)
]
LanguageColumn = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="COLUMN",
        help="Column of a table with the code of each text's language, for figures by language.",
        show_default=False,
    ),
]
TaxonomyOption = Annotated[
    str | None,
    typer.Option(help="Labels of a table: a name or a file, see `emoscope taxonomies`."),
]
TurnSeparator = Annotated[
    str | None,
    typer.Option(
        "--turn-separator",
        help="What parts the turns inside one column; [b]json[/b] for a JSON list.",
        show_default=False,
    ),
]


def run_plugins(paths: list[Path] | None) -> list[Path] | None:
    """Run the files that --plugin names, before the other options are looked at."""
    if paths:
        from emoscope.registry import load_plugin

        for path in paths:
            load_plugin(path)
    return paths


PluginOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        metavar="FILE.py",
        callback=run_plugins,
        is_eager=True,
        help="Run a Python file with parts of your own: corpora, models, losses, cleaning steps, "
        "trainers. Repeatable.",
        show_default=False,
    ),
]
PictureFormatOption = Annotated[
    Literal["png", "svg", "pdf"],
    typer.Option("--picture-format", help="Format of the pictures in a folder."),
]
Languages = Annotated[
    str | None,
    typer.Option(
        help="Languages of a corpus that has several, comma-separated: en,es.", show_default=False
    ),
]


RestartOption = Annotated[
    bool,
    typer.Option(
        "--restart",
        help="Replace files that are there; without it no file that holds something is replaced.",
    ),
]


def parse_list(text: str | None) -> tuple[str, ...] | None:
    """`en,es` → the parts."""
    return None if text is None else tuple(part.strip() for part in text.split(","))


def parse_turn_columns(text: str | None) -> tuple[str, ...] | None:
    """`turn1,turn2` → the names."""
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise InputError(f"--turns {text!r}: expected column names parted by commas.")
    return names


def check_files(
    read: Mapping[str, Path | str | None],
    written: Mapping[str, Path | str | None],
    *,
    model: Path | None = None,
    pictures: Sequence[Path | None] = (),
    restart: bool = False,
    new: bool = True,
) -> None:
    """Check the files of a command before it does anything; see `check_file_uses`.

    Args:
        read: what it reads, by the option that names it. None, and what is no file, such as the
            name of a taxonomy, is passed over.
        written: the files and folders that it writes, by the option that names them. None and `-`
            are passed over.
        model: the folder of a model that it reads.
        pictures: those of the files written that are pictures. None is passed over.
        restart: what is there may be replaced.
        new: what is written must not be there; else that is checked later.

    Raises:
        InputError: a file is named twice, or one that is written is there; a picture's suffix is
            of no known format.
    """
    from emoscope.charts.suffix import find_picture_format

    for picture in pictures:
        if picture is not None:
            find_picture_format(picture)
    uses = [
        FileUse(Path(file), role)
        for role, file in read.items()
        if file is not None and is_file(file)
    ]
    uses += list_model_files(model)
    uses += [
        FileUse(Path(file), role, written=True, new=new)
        for role, file in written.items()
        if file is not None and str(file) != "-"
    ]
    check_file_uses(uses, restart=restart)


@contextmanager
def removed_on_failure(*written: Path | str | None) -> Iterator[None]:
    """If something goes wrong remove what was written, so that the same command can run again.

    Args:
        written: files and folders; None and `-` are passed over. What was there before stays.
    """
    paths = [Path(file) for file in written if file is not None and str(file) != "-"]
    new = [path for path in paths if not is_stream(path) and not holds_something(path)]
    try:
        yield
    except BaseException:
        for path in new:
            delete_files([*path.iterdir()] if path.is_dir() else [path])
        raise


def check_picture_format(picture_format: str, folder: Path | None, option: str) -> None:
    """Raise an `InputError` if a format is named and the option that writes pictures is not."""
    if folder is None and picture_format != "png":
        raise InputError(
            f"--picture-format is that of the pictures of {option}: give {option} FOLDER as well."
        )


def is_file(name: Path | str) -> bool:
    """Whether an option that may say other things names a file."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        # Too long for a name, or with a zero byte: a text.
        return False


def describe_file_names(texts: Sequence[str]) -> Iterator[str]:
    """Say of texts that are called as files that the files are not read.

    Args:
        texts: arguments of a command line.
    """
    for text in texts:
        if is_file(text):
            yield (
                f"The text is the name {text!r} itself; the file of this name is not read. For the "
                f"texts in it: emoscope annotate {text}"
            )


def require_training() -> None:
    """Check, before anything is read, that what trains is installed.

    Raises:
        MissingExtraError: a package is not.
    """
    for module in ("torch", "transformers", "datasets", "sklearn", "matplotlib", "accelerate"):
        require(module, "train")


def choose_labels(labels: str | None, taxonomy: str | None) -> str | None:
    """Choose what names the labels: --labels or --taxonomy, which take the same; None for neither.

    Raises:
        InputError: both are given.
    """
    if labels is not None and taxonomy is not None:
        raise InputError("--labels and --taxonomy say the same thing: give only one of them.")
    return labels if labels is not None else taxonomy
