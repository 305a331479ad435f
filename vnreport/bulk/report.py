"""How far a run is: as a bar for people, as JSON lines for machines."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import IO, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from vnreport.bulk.store import Entry

SHOWN_ERRORS = 10
"""How many articles that are set aside are named on the terminal; the file of errors has all."""


LAST_EVENTS = ("complete", "unfinished", "refused")
_HEADS = {"unfinished": "[yellow]unfinished[/yellow] ", "refused": "[red]error[/red] "}


class Report:
    """Counts what is done.

    Attributes:
        articles: annotated so far, by this run and before.
        errors: set aside so far.
        rate: syllables a second of this run; None before the first shard.
        left: seconds to go; None where that cannot be known.
    """

    def __init__(self) -> None:
        self.articles = 0
        self.errors = 0
        self._total: int | None = None
        self._weight = 0.0
        self._own_weight = 0.0
        self._own_syllables = 0
        self._start = time.monotonic()

    def begin(self, total: int | None) -> None:
        """The work begins.

        Args:
            total: bytes of the inputs; None if that is not known.
        """
        self._total = total
        self._start = time.monotonic()

    def done(self, entry: Entry, weight: float, errors: Sequence[dict[str, str]] = (), reused: bool = False) -> None:
        """A shard is finished.

        Args:
            entry: what it gave.
            weight: the bytes of the inputs that it took.
            errors: rows for the articles that were set aside.
            reused: whether an earlier run had finished it.
        """
        self.articles += entry.articles
        self.errors += entry.errors
        self._weight += weight
        if not reused:
            self._own_weight += weight
            self._own_syllables += entry.syllables

    def say(self, event: str, text: str, **fields: Any) -> None:
        """Tell the user something.

        Args:
            event: one word, for machines.
            text: a sentence, for people.
            fields: what it is about, for machines.
        """

    @property
    def rate(self) -> float | None:
        """Syllables a second of this run; None before its first shard."""
        return self._own_syllables / max(time.monotonic() - self._start, 1e-9) if self._own_syllables else None

    @property
    def left(self) -> float | None:
        """Seconds to go; None where that cannot be known."""
        if not self._total or not self._own_weight:
            return None
        seconds_a_byte = (time.monotonic() - self._start) / self._own_weight
        return max(self._total - self._weight, 0) * seconds_a_byte


class Terminal(Report):
    """A progress bar, where the console is a terminal, and the first errors by name."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        columns = (BarColumn(), TextColumn("{task.description}"))
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("loading the model", total=None)
        self._named = 0

    def begin(self, total: int | None) -> None:
        """Show the bar."""
        super().begin(total)
        self._progress.update(self._task, total=total)
        self._progress.start()

    def done(self, entry: Entry, weight: float, errors: Sequence[dict[str, str]] = (), reused: bool = False) -> None:
        """Move the bar, and name articles that were set aside."""
        super().done(entry, weight, errors, reused)
        for row in errors[: SHOWN_ERRORS - self._named]:
            self._named += 1
            show_error(self._console, row["id"], row["reason"])
        parts = [f"{self.articles:,} articles", f"{self.errors:,} errors"]
        if self.rate is not None:
            parts.insert(1, f"{self.rate:,.0f} syllables/s")
        if self.left is not None:
            parts.append(f"{_clock(self.left)} left")
        self._progress.update(self._task, completed=self._weight, description=" · ".join(parts))

    def say(self, event: str, text: str, **fields: Any) -> None:
        """Print the sentence, in place of the bar where that has come to its end."""
        if event in LAST_EVENTS:
            self._progress.stop()
        self._console.print(_HEADS.get(event, "") + escape(text))


class JsonLog(Report):
    """A JSON object a line: `begin`, `shard`, `error`, `stopping`, and at the end one of `LAST_EVENTS`."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__()
        self._file = file

    def begin(self, total: int | None) -> None:
        """Log the size of the inputs."""
        super().begin(total)
        self._log("begin", bytes=total)

    def done(self, entry: Entry, weight: float, errors: Sequence[dict[str, str]] = (), reused: bool = False) -> None:
        """Log the shard's errors and how far the run is."""
        super().done(entry, weight, errors, reused)
        for row in errors:
            self._log("error", **row)
        rate, left = (None if value is None else round(value, 1) for value in (self.rate, self.left))
        self._log(
            "shard",
            digest=entry.digest,
            reused=reused,
            articles=self.articles,
            errors=self.errors,
            syllables_per_second=rate,
            seconds_left=left,
        )

    def say(self, event: str, text: str, **fields: Any) -> None:
        """Log it."""
        self._log(event, **fields, text=text)

    def _log(self, event: str, **fields: Any) -> None:
        row = {"event": event, "seconds": round(time.monotonic() - self._start, 3), **fields}
        self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._file.flush()


def show_error(console: Console, name: str, reason: str) -> None:
    """Name an article that is left out."""
    console.print(f"[red]error[/red] {escape(f'{name}: {reason}')}")


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
