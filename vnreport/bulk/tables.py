"""Tables → items, one a row: JSON lines, CSV, Parquet, data sets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, count
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias, TypeVar

from vnreport.bulk.finding import shown
from vnreport.bulk.items import MAX_BYTES, Item, Reading, find_column, require_columns
from vnreport.inputs import InputError, guess_encoding

HUB = "hf:"
_DELIMITER = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)  # what Excel has above the header

T = TypeVar("T")
Stream: TypeAlias = IO[bytes] | io.BufferedIOBase


def read_json_lines(stream: Stream, name: str, source: str) -> Iterator[Item]:
    """The lines that are not blank, each named by its number.

    Raises:
        InputError: there is none.
    """
    empty = True
    with closing(_Lines(stream, "\n")) as lines:
        while (line := _next(lines)) is not None:
            if isinstance(line, _Bad) or not line.isspace():
                empty = False
                yield _item(line, "json", name, source, lines.number)
    if empty:
        raise _no_rows(name)


def read_csv(stream: Stream, name: str, source: str, reading: Reading, delimiter: str | None) -> Iterator[Item]:
    """The rows under the header, numbered from 1.

    A name that the header repeats is kept with a number, as pandas does:
    `year`, `year.1`. The columns of text and id have to be the only ones of
    their names.

    Args:
        stream: the table.
        name: to name the rows after.
        source: the file that it comes from.
        reading: the columns of text and id.
        delimiter: the character between cells; what the header has most of, or the
            line above it tells, if None.

    Raises:
        InputError: the header cannot be read or lacks a column, or there are no rows.
    """
    csv.field_size_limit(MAX_BYTES)
    number = 0
    with closing(_Lines(stream, "")) as lines:
        first = _next(lines)
        if isinstance(first, str) and (told := _DELIMITER.fullmatch(first)):
            delimiter, first = delimiter or told[1], _next(lines)
        if isinstance(first, _Bad):
            raise InputError(name, f"its header is {first.reason}")
        delimiter = delimiter or max(",;\t", key=(first or "").count)
        rows = csv.reader(chain([first or ""], lines), delimiter=delimiter)
        header = next(rows, [])
        require_columns(reading, header, name)
        for column in (reading.text, reading.id):
            if column is not None and (columns := header.count(find_column(column, header))) > 1:
                raise InputError(name, f"has {columns} columns {column!r}; rename all but one")
        header = _distinct(header)
        line = lines.number
        while (row := _next(rows)) is not None:
            if lines.ended:  # within a row
                row = _Bad(f"unfinished: a quotation mark behind line {line} is never closed")
            line = lines.number
            if row:
                number += 1
                yield _item(_named(row, header), "row", name, source, number)
    if not number:
        raise _no_rows(name)


def _distinct(header: list[str]) -> list[str]:
    names: list[str] = []
    taken = set(header)
    numbers: dict[str, Iterator[int]] = {}
    for name in header:
        if name in numbers:
            name = next(new for number in numbers[name] if (new := f"{name}.{number}") not in taken)
            taken.add(name)
        else:
            numbers[name] = count(1)
        names.append(name)
    return names


def _named(row: list[str] | _Bad, header: list[str]) -> dict[str, str] | _Bad:
    if isinstance(row, _Bad):
        return row
    if len(row) > len(header):
        return _Bad(f"a row of {len(row)} cells under a header of {len(header)}; check its quotes")
    return dict(zip(header, row, strict=False))


class _Bad(NamedTuple):
    """Stands for a line or row that cannot be read."""

    reason: str


def _next(rows: Iterator[T]) -> T | _Bad | None:
    try:
        return next(rows, None)
    except _TooLong:
        return _Bad(f"a line longer than {MAX_BYTES >> 20} MB; split it into articles")
    except csv.Error as error:
        return _Bad(f"not a row ({error}); check its quotes")


def _item(content: str | dict[str, str] | _Bad, kind: str, name: str, source: str, number: int) -> Item:
    if isinstance(content, _Bad):
        return Item(f"{name}#{number}", source, kind, group=name, error=f"is {content.reason}")
    return Item(f"{name}#{number}", source, kind, content, name)


def read_parquet(stream: Stream, name: str, source: str, reading: Reading) -> Iterator[Item]:
    """The rows, numbered from 1.

    Raises:
        InputError: pyarrow is not installed, `stream` cannot be searched, a column is
            not there, or there are no rows.
    """
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise InputError(name, "reading Parquet needs pyarrow: pip install 'vnreport[parquet]'") from None
    if not stream.seekable():
        raise InputError(name, "Parquet cannot be read from a stream or an archive; unpack it into a file")
    size = stream.seek(0, io.SEEK_END)
    file = ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20)
    require_columns(reading, file.schema_arrow.names, name)
    number = 0
    for batch in file.iter_batches(batch_size=64):
        for row in batch.to_pylist():
            number += 1
            yield Item(f"{name}#{number}", source, "row", row, name, size / file.metadata.num_rows)
    if not number:
        raise _no_rows(name)


def read_saved_dataset(folder: Path, reading: Reading) -> Iterator[Item]:
    """The rows of what `save_to_disk` wrote, numbered from 1 in each split.

    Raises:
        InputError: `datasets` is not installed, or a column is not there.
    """
    name = shown(folder)
    try:
        from datasets import load_from_disk
    except ImportError:
        raise InputError(name, "reading a saved data set needs datasets: pip install 'vnreport[parquet]'") from None
    yield from _read_dataset(load_from_disk(str(folder)), name, reading)


def read_hub(name: str, reading: Reading) -> Iterator[Item]:
    """The rows of `hf:owner/name`, `hf:owner/name:split`, or of a folder in the place of owner and name.

    Raises:
        InputError: `datasets` is not installed, or a column is not there.
    """
    try:
        from datasets import load_dataset
    except ImportError:
        raise InputError(name, "reading a data set needs datasets: pip install 'vnreport[parquet]'") from None
    path, _, split = name.removeprefix(HUB).partition(":")
    yield from _read_dataset(load_dataset(path, split=split or None, streaming=True), name, reading)


def _read_dataset(data: Any, name: str, reading: Reading) -> Iterator[Item]:
    """The rows as they are stored: pictures as bytes, arrays as lists, not as objects, which differ in every run."""
    from datasets import IterableDataset

    splits = {f"{name}/{split}": part for split, part in data.items()} if isinstance(data, dict) else {name: data}
    for split, part in splits.items():
        if part.column_names:
            require_columns(reading, part.column_names, split)
        if part.features:
            stream = part if isinstance(part, IterableDataset) else part.to_iterable_dataset()
            part = stream.with_format(None).decode(False)
        for number, row in enumerate(part, start=1):
            yield Item(f"{split}#{number}", name, "row", row, split)


class _TooLong(Exception):
    """A line is longer than an article may be; it has been passed over."""


class _Lines:
    """The lines of a stream, decoded; bytes that cannot be decoded become lone surrogates."""

    def __init__(self, stream: Stream, newline: str) -> None:
        buffered = io.BufferedReader(stream, 1 << 16)  # type: ignore[type-var]
        encoding = guess_encoding(buffered.peek())
        self._text = io.TextIOWrapper(buffered, encoding, errors="surrogateescape", newline=newline)
        self.number = 0
        self.ended = False

    def close(self) -> None:
        """Let go of the stream, without closing it."""
        self._text.detach().detach()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_BYTES)
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        if len(line) < MAX_BYTES:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(MAX_BYTES)
        raise _TooLong


def _no_rows(name: str) -> InputError:
    return InputError(name, "holds no rows; leave it out or export it again")
