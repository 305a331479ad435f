"""The command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from vnreport import __version__
from vnreport.inputs import InputError, Text, find, read

if TYPE_CHECKING:
    from rich.progress import Progress
    from spacy.language import Language

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vnreport {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Structured facts from the reports of Vietnamese local government."""


@app.command()
def annotate(
    inputs: Annotated[
        list[str], typer.Argument(metavar="IN…", help="Text files, folders of .txt files, or `-` for standard input.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", help="The JSON lines file to write; `-` is standard output.")
    ] = "-",
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A released pipeline or the folder of another one.")
    ] = None,
    pretty: Annotated[
        bool, typer.Option("--pretty", "-p", help="Show a readable, coloured summary instead of JSON lines.")
    ] = False,
) -> None:
    r"""Annotate articles: one JSON object a line, or a summary to read.

    A line holds `id` (the file's name), `text`, and the records: `sentences`
    with their classes, `entities`, `quantities` with their readings,
    `indicators` and `roles`. Offsets are code points of `text`.

    - One article, to read: `vnreport annotate report.txt --pretty`
    - A folder, to a file: `vnreport annotate reports/ -o reports.jsonl`
    - From a pipe: `cat report.txt | vnreport annotate - | jq .roles`

    Text is read as UTF-8, UTF-16 or Windows-1258. An input that cannot be read
    is named on standard error and left out; the exit code is then 1.
    """
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    failed = 0
    nlp = _load(model, errors)
    paths = list(dict.fromkeys(find(inputs)))
    if any(isinstance(path, Path) and path.name != "-" and path.resolve() == Path(output).resolve() for path in paths):
        _stop(errors, f"{output}: is one of the inputs; name another file to write")
    with _writer(output, errors) as out, _progress(errors) as progress:
        task = progress.add_task("annotating", total=len(paths))
        for item in paths:
            try:
                if isinstance(item, InputError):
                    raise item
                _write(nlp, read(item), out, pretty)
            except InputError as error:
                failed += 1
                errors.print(f"[red]error[/red] {escape(str(error))}")
            progress.advance(task)
    if failed:
        errors.print(f"{len(paths) - failed} annotated, {failed} left out")
        raise typer.Exit(1)


@app.command("evaluate")
def evaluate_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A released pipeline or the folder of another one.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A .vnr article or a folder of them.")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT", help="Also write the scores to this JSON file.")
    ] = None,
) -> None:
    """Measure every stage of a pipeline on gold articles.

    Example: `vnreport evaluate vi_report_sm corpus/articles/dev`
    """
    from vnreport.corpus import read_articles
    from vnreport.evaluate import evaluate
    from vnreport.markup import MarkupError

    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        articles = read_articles(data)
    except (FileNotFoundError, MarkupError) as error:
        _stop(errors, str(error))
    nlp = _load(model, errors)
    with _writer("-" if output is None else output, errors) as out:
        scores = json.dumps(evaluate(nlp, articles), indent=2)
        out.write(scores + "\n")
    if output is not None:
        typer.echo(scores)


def _load(model: str | None, errors: Console) -> Language:
    from vnreport.models import load

    try:
        return load(model)
    except (OSError, ValueError) as error:
        _stop(errors, str(error))


def _stop(errors: Console, message: str) -> NoReturn:
    errors.print(f"[red]error[/red] {escape(message)}")
    raise typer.Exit(2)


def _write(nlp: Language, text: Text, out: IO[str], pretty: bool) -> None:
    from vnreport.records import to_records

    if len(text.text) > nlp.max_length:
        raise InputError(
            f"{text.id}: {len(text.text):,} characters in one text, more than {nlp.max_length:,}; "
            "split it into articles"
        )
    records = to_records(nlp(text.text))
    if pretty:
        from vnreport.pretty import render

        Console(file=out, highlight=False).print(render(text, records))
    else:
        json.dump({"id": text.id, "text": text.text, **records}, out, ensure_ascii=False)
        out.write("\n")


@contextmanager
def _writer(output: str, errors: Console) -> Iterator[IO[str]]:
    """The stream to write to; a file appears under its name only when it is complete."""
    if output == "-":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        yield sys.stdout
        return
    path = Path(output)
    part = path.with_name(path.name + ".part")
    if path.is_dir():
        _stop(errors, f"{output}: is a folder; name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = part.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        _stop(errors, f"{output}: cannot be written ({error.strerror}); name another file")
    try:
        with file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _progress(console: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


if __name__ == "__main__":
    app()
