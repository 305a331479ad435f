"""Articles as they lie in their sources: what travels to the process that reads and annotates them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from unicodedata import normalize

from vnreport.inputs import InputError

MAX_BYTES = 32 << 20
"""The longest article, as stored, that is read; what is larger is set aside."""

NO_TEXT = "holds no text; leave it out or export it again"
"""The reason where a text is empty or blank."""

_ADDRESS = re.compile(r"\bat 0x[0-9a-f]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """How inputs are read.

    Attributes:
        text: the column of a table that holds the text.
        id: the column that names the article; its place in the source if None.
        format: of standard input, and of files whose name does not tell theirs.
    """

    text: str = "text"
    id: str | None = None
    format: str = "txt"


@dataclass(frozen=True, slots=True)
class Item:
    """One article, not read yet.

    Attributes:
        id: `folder/report.txt`, `pages.zip/1.html`, `reports.jsonl#17`.
        source: the file or data set that it comes from.
        format: `txt`, `html`, `docx`, `pdf`, `json` (a line) or `row` (of a table).
        data: its content.
        group: the table or archive that it lies in; empty for a file of its own.
        weight: how many bytes of the source it takes, about.
        error: why it cannot be annotated.
        stage: where that became known.
    """

    id: str
    source: str
    format: str = ""
    data: bytes | str | dict[str, Any] = b""
    group: str = ""
    weight: float = 0
    error: str | None = None
    stage: str = "reading"

    def digest(self) -> bytes:
        """20 bytes that change with its name and content."""
        data = json.dumps(self.data, default=_describe_cell) if isinstance(self.data, dict) else self.data
        names = [self.id, self.source, self.format, repr(self.error)]
        state = blake2b(json.dumps(names).encode(), digest_size=20)
        state.update(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
        return state.digest()

    @property
    def size(self) -> int:
        """Bytes or characters of the content."""
        return sum(len(str(cell)) for cell in self.data.values()) if isinstance(self.data, dict) else len(self.data)


def find_column(asked: str, columns: Collection[str]) -> str:
    """The name of a column as a table has it, which may store its accents otherwise; as asked if it has none."""
    if asked in columns:
        return asked
    form = normalize("NFC", asked)
    return next((column for column in columns if normalize("NFC", column) == form), asked)


def require_columns(reading: Reading, columns: Sequence[str], name: str) -> None:
    """See that a table, or a row of one, has the columns that are read.

    Raises:
        InputError: one is not there.
    """
    for column, what, option in ((reading.text, "text", "--text"), (reading.id, "article's name", "--id")):
        if column is not None and find_column(column, columns) not in columns:
            there = ", ".join(map(repr, columns)) or "no columns"
            raise InputError(
                name, f"has no column {column!r}, but {there}; name the one with the {what}: {option} COLUMN"
            )


def _describe_cell(cell: object) -> str:
    return _ADDRESS.sub("", repr(cell))


def describe(error: BaseException) -> str:
    """An exception as a reason in one line, the same in every run."""
    message = _ADDRESS.sub("", " ".join(str(error).split()))[:300]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
