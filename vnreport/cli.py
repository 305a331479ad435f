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


@app.callback()
def main() -> None:
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
    with _writer(output) as out, _progress(errors) as progress:
        paths = list(find(inputs))
        task = progress.add_task("annotating", total=len(paths))
        nlp = _load(model, errors)
        for item in paths:
            try:
                if isinstance(item, InputError):
                    raise item
                _write(nlp, read(item), out, pretty)
            except InputError as error:
                failed += 1
                errors.print(f"[red]error[/red] {error}", markup=True)
            progress.advance(task)
    if failed:
        errors.print(f"{len(paths) - failed} annotated, {failed} left out")
        raise typer.Exit(1)


@app.command("evaluate")
def evaluate_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A released pipeline or the folder of another one.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A .vnr article or a folder of them.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT", help="Also write the scores to this JSON file.")
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
    scores = json.dumps(evaluate(_load(model, errors), articles), indent=2)
    typer.echo(scores)
    if output is not None:
        output.write_text(scores + "\n", encoding="utf-8")


def _load(model: str | None, errors: Console) -> Language:
    from vnreport.models import load

    try:
        return load(model)
    except OSError as error:
        _stop(errors, str(error))


def _stop(errors: Console, message: str) -> NoReturn:
    errors.print(f"[red]error[/red] {message}")
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
def _writer(output: str) -> Iterator[IO[str]]:
    if output == "-":
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        yield sys.stdout
        return
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        yield file
    part.replace(path)


def _progress(console: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


if __name__ == "__main__":
    app()
