"""The command line."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from vnreport import __version__, cli_annotate, cli_evaluate

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
    if isinstance(sys.stdout, TextIOWrapper):  # where it is redirected it may be one that cannot write Vietnamese
        sys.stdout.reconfigure(encoding="utf-8")


cli_annotate.register(app)
cli_evaluate.register(app)


if __name__ == "__main__":
    app()
