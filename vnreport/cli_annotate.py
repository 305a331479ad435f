"""The command that annotates: articles to read, a stream, or a run that can be left alone."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from vnreport.bulk.annotator import Annotator, Failure
from vnreport.bulk.engine import Hire, Job, Stop, Unfinished, read_distinct, run
from vnreport.bulk.formats import Csv, DocBins, Format, JsonLines
from vnreport.bulk.items import Item, Reading
from vnreport.bulk.output import Output, RunError
from vnreport.bulk.parquet import Parquet
from vnreport.bulk.report import JsonLog, Report, Terminal, show_error
from vnreport.bulk.shards import ARTICLES, Result, Shard, ShardAnnotator, cut_shards
from vnreport.bulk.workers import Processes, Workers, WorkersError, map_in_order
from vnreport.models import DEFAULT

ALL, SOME, NONE, UNFINISHED = range(4)
"""Exit codes: how many articles were annotated; 2 is wrong usage too."""

STANDARD_OUTPUT = "-"

_ANY_WIDTH = 1 << 20  # of a line in a file
_STREAM_SHARD = 32
_SUFFIXES = {"": "jsonl", ".jsonl": "jsonl", ".parquet": "parquet", ".csv": "csv", ".spacy": "docbin"}


class OutputFormat(str, Enum):
    """What can be written."""

    jsonl = "jsonl"
    parquet = "parquet"
    csv = "csv"
    docbin = "docbin"


class InputFormat(str, Enum):
    """What can be read from standard input, or from a file whose name does not tell."""

    txt = "txt"
    html = "html"
    docx = "docx"
    pdf = "pdf"
    jsonl = "jsonl"
    csv = "csv"
    tsv = "tsv"


class Engine(str, Enum):
    """Where the processes run."""

    local = "local"
    ray = "ray"


def register(app: typer.Typer) -> None:
    """Add `annotate` to the command line."""
    app.command("annotate")(annotate)


def annotate(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="IN…", help="Files, folders, patterns, saved data sets, or `-` for standard input."),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", help="The file or folder to write; `-` is standard output.")
    ] = "-",
    format: Annotated[
        OutputFormat | None,
        typer.Option("--format", "-f", help="What to write; the ending of OUT tells it where it is not given."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help=f"A released pipeline or the folder of another one; {DEFAULT} where it is not given."
        ),
    ] = None,
    pretty: Annotated[
        bool, typer.Option("--pretty", "-p", help="Show a readable, coloured summary instead of JSON lines.")
    ] = False,
    text: Annotated[str, typer.Option(metavar="COLUMN", help="The column of a table that holds the text.")] = "text",
    id: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="The column that names an article, each differently.")
    ] = None,
    from_: Annotated[
        InputFormat, typer.Option("--from", help="The format of standard input, and of files without a known ending.")
    ] = InputFormat.txt,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Processes; all cores by default, one for standard output."),
    ] = None,
    shard_size: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help=f"Articles annotated, written and at worst lost together; {ARTICLES} by default."
        ),
    ] = None,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="Take the articles again that were set aside.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there; of the same run, only what has changed.")
    ] = False,
    engine: Annotated[Engine, typer.Option(help="Processes of this machine, or actors of Ray.")] = Engine.local,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="The Ray cluster; `auto`: the one of this machine.")
    ] = None,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Log to standard error, one JSON object a line, instead of a bar.")
    ] = False,
) -> None:
    r"""Annotate articles, a few or millions.

    - One article, to read: `vnreport annotate report.txt --pretty`
    - A folder, to a file: `vnreport annotate reports/ -o reports.jsonl`
    - From a pipe: `cat report.txt | vnreport annotate - | jq .roles`
    - To tables for DuckDB or pandas: `vnreport annotate pages.zip 'more/*.html' -o facts --format parquet`
    - A table: `vnreport annotate news.csv --text content --id url -o news.jsonl`
    - On a cluster: `vnreport annotate news.parquet -o facts.parquet --engine ray --address auto`

    Reads `.txt` (UTF-8, UTF-16, UTF-32 or Windows-1258), `.html`, `.docx`, `.pdf`,
    `.jsonl`, `.csv`, `.tsv`, `.parquet`, each also as `.gz`; `.zip` of these; a
    folder that `datasets` saved; and a data set of the Hugging Face hub, as
    `hf:owner/name`, which is downloaded.

    Writes `.jsonl`: a line for each article with `id`, `text`, `meta` and the
    records; or to a folder: `parquet` and `csv`, a table for each kind of
    record, and `docbin`. Offsets are code points of `text`.

    With -o it can be left alone: whatever ends it, the same command goes on
    where it was, and the result is the same. An article that cannot be annotated
    is set aside in a file of errors with the reason. Ctrl-C ends it after the
    articles that are under way.

    Exit codes: 0 all articles were annotated, 1 some, 2 none or wrong usage,
    3 it is unfinished.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    reading = Reading(text, id, from_.value)
    if pretty or output == STANDARD_OUTPUT:
        if pretty and output != STANDARD_OUTPUT:
            refuse(console, "--pretty is for reading; leave out -o, or redirect it: --pretty > FILE")
        if pretty and jobs is not None:
            refuse(console, "--jobs: --pretty shows one article after the other; leave out one of them")
        of_runs = {
            "--format": format not in (None, OutputFormat.jsonl),
            "--shard-size": shard_size is not None,
            "--retry-errors": retry_errors,
            "--overwrite": overwrite,
            "--engine ray": engine is Engine.ray,
            "--address": address is not None,
            "--log-json": log_json,
        }
        if useless := [option for option, given in of_runs.items() if given]:
            refuse(console, f"{', '.join(useless)}: needs a file or folder to write; name it: -o OUT")
        annotator = ShardAnnotator(Annotator(model), reading, JsonLines())
        items = (item for _, item in read_distinct(inputs, reading))
        try:
            annotator.load()
            code = _show(items, annotator, console) if pretty else _stream(items, annotator, jobs or 1, console)
        except BrokenPipeError:
            raise  # who reads has enough: Typer ends the command quietly
        except (OSError, ValueError, WorkersError) as error:
            refuse(console, str(error))
    else:
        if address is not None and engine is not Engine.ray:
            refuse(console, "--address: is Ray's; add --engine ray")
        path = Path(output)
        kind = format.value if format else _tell_format(path, inputs, console)
        shard = shard_size or ARTICLES
        job = Job(inputs, path, _get_format(kind, console), reading, model, shard, retry_errors, overwrite)

        def hire(function: ShardAnnotator) -> Workers[Shard, Result]:
            if engine is Engine.ray:
                from vnreport.bulk.ray_workers import RayActors

                return RayActors(function, jobs, address)
            from vnreport.threads import cores

            return Processes(function, jobs or cores())

        code = _run(job, hire, console, log_json)
    raise typer.Exit(code)


def _run(job: Job, hire: Hire, console: Console, log_json: bool) -> int:
    """Do a job that can be left alone; Ctrl-C ends it after the shards that are under way."""
    report = JsonLog(sys.stderr) if log_json else Terminal(console)
    stop = Stop()
    try:
        with _stopping_at_signals(stop, report):
            summary = run(job, hire, report, stop)
    except (Unfinished, KeyboardInterrupt) as error:
        command = shlex.join(["vnreport", *sys.argv[1:]])
        reason = str(error) or "stopped at once"
        report.say("unfinished", f"{reason}; the same command goes on with it:\n  {command}", command=command)
        return UNFINISHED
    except (RunError, WorkersError) as error:
        report.say("refused", str(error))
        return NONE
    text = f"{job.output}: {_count(summary.annotated, summary.errors)}"
    if summary.errors:
        text += f"; see {summary.errors_file}"
    if summary.idle:
        text += "; it is complete, there is nothing to do"
    report.say("complete", text, annotated=summary.annotated, errors=summary.errors)
    return _exit_code(summary.annotated, summary.errors)


@contextmanager
def _stopping_at_signals(stop: Stop, report: Report) -> Iterator[None]:
    """Ask to stop at the first signal; at the second one leave at once, which loses no more than the open shards."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True
        asked.set()

    def tell() -> None:  # in a thread: who is interrupted may be writing, and a file cannot be written within a write
        asked.wait()
        if stop.asked:
            report.say("stopping", "stopping after the articles that are under way; once more to leave at once")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, ask) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        asked.set()
        teller.join()


def _stream(items: Iterable[Item], annotator: ShardAnnotator, jobs: int, console: Console) -> int:
    """Write JSON lines to standard output, in order, as they come."""
    annotated = errors = 0
    shards = cut_shards(items, _STREAM_SHARD)
    with Processes[Shard, Result](annotator, jobs) as workers:
        for result in map(annotator, shards) if jobs == 1 else map_in_order(workers, shards, ahead=4 * jobs):
            for part in result.parts.values():
                sys.stdout.write(part.data.decode())
            sys.stdout.flush()
            for row in result.errors:
                show_error(console, row["id"], row["reason"])
            annotated += result.articles
            errors += len(result.errors)
    if errors:
        console.print(_count(annotated, errors))
    return _exit_code(annotated, errors)


def _show(items: Iterable[Item], annotator: ShardAnnotator, console: Console) -> int:
    """Print a summary of each article."""
    from vnreport.pretty import render

    annotated = errors = 0
    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = _ANY_WIDTH
    for item in items:
        (outcome,) = annotator.annotate([item])
        if isinstance(outcome, Failure):
            errors += 1
            show_error(console, item.id, outcome.reason)
        else:
            annotated += 1
            out.print(render(outcome.text, outcome.kept))
    if errors:
        console.print(_count(annotated, errors))
    return _exit_code(annotated, errors)


def _tell_format(path: Path, inputs: list[str], console: Console) -> str:
    """What the ending of the output's name says."""
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        try:
            Output(path, JsonLines()).check(inputs)  # a slip that matters more
        except RunError as error:
            refuse(console, str(error))
        known = ", ".join(filter(None, _SUFFIXES))
        refuse(console, f"{path}: its ending tells no format; end it in one of {known}, or give --format")
    return kind


def _get_format(name: str, console: Console) -> Format:
    if name == "parquet" and find_spec("pyarrow") is None:
        refuse(console, "writing Parquet needs pyarrow: pip install 'vnreport[parquet]'")
    return next(format for format in (JsonLines(), Csv(), Parquet(), DocBins()) if format.name == name)


def _count(annotated: int, errors: int) -> str:
    return f"{annotated:,} annotated" + (f", {errors:,} left out" if errors else "")


def _exit_code(annotated: int, errors: int) -> int:
    if annotated == 0:
        return NONE
    return SOME if errors else ALL


def refuse(console: Console, message: str) -> NoReturn:
    """Print what is wrong and end the command as one that did nothing."""
    console.print(f"[red]error[/red] {escape(message)}")
    raise typer.Exit(NONE)
