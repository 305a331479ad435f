"""What is written: JSON lines, CSV tables, Parquet tables, DocBins.

A format encodes the articles of a shard in the process that annotated them;
where all shards are there, it assembles the files that the user reads. It can
also split these files into shards again, so that some of them can be redone.
"""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import compress, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TextIO

from vnreport.bulk.columns import COLUMNS, TABLES, Row, to_rows
from vnreport.inputs import Text

if TYPE_CHECKING:
    from spacy.tokens import Doc

_CELL = (1 << 31) - 1  # characters; what the module `csv` can be told everywhere


class Annotated(NamedTuple):
    """A text, the source that it came from, and what its format kept of the Doc."""

    text: Text
    source: str
    kept: Any


class Part(NamedTuple):
    """What a shard gives to one of the files, and how many rows that is."""

    data: bytes
    rows: int


Pieces = Callable[[], Iterator[bytes]]
"""The data of one part of every shard, in order; can be gone through more than once."""


class Format(ABC):
    """A way to write what was found.

    Attributes:
        name: what the user calls it.
        parts: the files that it is made of.
        in_folder: whether they lie in a folder, or are one file.
    """

    name: ClassVar[str]
    parts: ClassVar[tuple[str, ...]] = TABLES
    in_folder: ClassVar[bool] = True

    def keep(self, text: Text, doc: Doc) -> Any:
        """What is kept of a Doc; its records."""
        from vnreport.records import to_records

        return to_records(doc)

    @abstractmethod
    def encode(self, articles: Sequence[Annotated]) -> dict[str, Part]:
        """The parts of one shard."""

    @abstractmethod
    def assemble(self, part: str, pieces: Pieces, folder: Path) -> None:
        """Write the files of one part into a folder."""

    @abstractmethod
    def split(self, part: str, path: Path, counts: Iterable[int]) -> Iterator[bytes]:
        """The inverse of `assemble`.

        Args:
            part: one of `parts`.
            path: the file, or the folder that the files lie in.
            counts: how many rows each shard has.
        """


class JsonLines(Format):
    """An object a line: `id`, `text`, `meta` where the source says more, and the records."""

    name = "jsonl"
    parts = ("articles.jsonl",)
    in_folder = False

    def encode(self, articles: Sequence[Annotated]) -> dict[str, Part]:
        """The parts of one shard."""
        lines = [to_json(text, records) + "\n" for text, _, records in articles]
        return {self.parts[0]: Part("".join(lines).encode(), len(lines))}

    def assemble(self, part: str, pieces: Pieces, folder: Path) -> None:
        """Write the files of one part into a folder."""
        with (folder / part).open("wb") as file:
            file.writelines(pieces())

    def split(self, part: str, path: Path, counts: Iterable[int]) -> Iterator[bytes]:
        """The inverse of `assemble`."""
        with path.open("rb") as file:
            for count in counts:
                yield b"".join(islice(file, count))


def to_json(text: Text, records: dict[str, list[Row]]) -> str:
    """An article and its records as one line of JSON."""
    row = {"id": text.id, "text": text.text, **({"meta": text.meta} if text.meta else {}), **records}
    return json.dumps(row, ensure_ascii=False, default=to_string)


def to_string(value: Any) -> str:
    """A value of the metadata as text: lists, objects and truth values as JSON."""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=to_string)
    return value.isoformat() if isinstance(value, date) else str(value)


class Csv(Format):
    """A table for each kind of record, for spreadsheets.

    A text that a spreadsheet would run as a formula begins with an apostrophe.
    """

    name = "csv"

    def encode(self, articles: Sequence[Annotated]) -> dict[str, Part]:
        """The parts of one shard."""
        return {table: self._encode(table, rows) for table, rows in to_rows(articles).items()}

    def _encode(self, table: str, rows: list[Row]) -> Part:
        columns = list(dict.fromkeys((*COLUMNS[table], *(name for row in rows for name in row))))
        header = [_to_cell(name) for name in columns]
        cells = [[_to_cell(row.get(name)) for name in columns] for row in rows]
        return Part(_to_csv(_drop_empty(table, header, cells)), len(rows))

    def assemble(self, part: str, pieces: Pieces, folder: Path) -> None:
        """Write the files of one part into a folder."""
        columns = list(dict.fromkeys(name for piece in pieces() for name in next(_from_csv(_open(piece)))))
        header = _to_csv([columns])
        with (folder / f"{part}.csv").open("wb") as file:
            file.write("\ufeff".encode() + header)
            for piece in pieces():
                if piece.startswith(header):
                    file.write(piece[len(header) :])
                else:
                    rows = _from_csv(_open(piece))
                    named = (dict(zip(own, row, strict=True)) for own in [next(rows)] for row in rows)
                    file.write(_to_csv([row.get(name, "") for name in columns] for row in named))

    def split(self, part: str, path: Path, counts: Iterable[int]) -> Iterator[bytes]:
        """The inverse of `assemble`."""
        with (path / f"{part}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = _from_csv(file)
            header = next(rows)
            for count in counts:
                yield _to_csv(_drop_empty(part, header, list(islice(rows, count))))


def _to_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return to_string(value)


def _to_csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _open(piece: bytes) -> TextIO:
    return io.StringIO(piece.decode(), newline="")


def _from_csv(file: TextIO) -> Iterator[list[str]]:
    csv.field_size_limit(_CELL)
    return csv.reader(file)


def _drop_empty(table: str, header: list[str], rows: list[list[str]]) -> Iterator[list[str]]:
    """Header and rows, without the columns of metadata that have no value."""
    filled = [place < len(COLUMNS[table]) or any(row[place] for row in rows) for place in range(len(header))]
    return (list(compress(row, filled)) for row in (header, *rows))


class DocBins(Format):
    """spaCy's DocBin, a file for each shard; `doc.user_data["vnreport.article"]` has `id` and `meta`."""

    name = "docbin"
    parts = ("docs",)

    def keep(self, text: Text, doc: Doc) -> Any:
        """A DocBin of the Doc alone, since the Doc itself does not outlive its batch."""
        from spacy.tokens import DocBin

        meta = json.loads(json.dumps(text.meta, default=to_string))
        doc.user_data["vnreport.article"] = {"id": text.id, "meta": meta}
        return DocBin(store_user_data=True, docs=[doc])

    def encode(self, articles: Sequence[Annotated]) -> dict[str, Part]:
        """The parts of one shard."""
        from spacy.tokens import DocBin

        docs = DocBin(store_user_data=True)
        for article in articles:
            docs.merge(article.kept)
        return {"docs": Part(docs.to_bytes() if articles else b"", len(articles))}

    def assemble(self, part: str, pieces: Pieces, folder: Path) -> None:
        """Write the files of one part into a folder."""
        for number, piece in enumerate(pieces()):
            if piece:
                (folder / f"{number:06}.spacy").write_bytes(piece)

    def split(self, part: str, path: Path, counts: Iterable[int]) -> Iterator[bytes]:
        """The inverse of `assemble`."""
        for number, count in enumerate(counts):
            yield (path / f"{number:06}.spacy").read_bytes() if count else b""
