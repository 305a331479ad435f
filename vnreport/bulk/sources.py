"""Inputs → items: files, archives, tables, standard input and data sets, opened and cut but not yet understood.

Everything is read once, from the beginning to the end, in a fixed order. What
cannot be opened is an item too, with its reason, and never stops the rest.
"""

from __future__ import annotations

import gzip
import io
import stat
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from vnreport.bulk.finding import TABLES, Finder, format_of, is_litter, shown, unreadable
from vnreport.bulk.items import MAX_BYTES, Item, Reading, describe
from vnreport.bulk.tables import HUB, Stream, read_csv, read_hub, read_json_lines, read_parquet, read_saved_dataset
from vnreport.inputs import InputError

STANDARD_INPUT = "-"

_ARCHIVES = frozenset({".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst"})
_NESTED = "is an archive within an archive, which is not opened; unpack it first"
_EXPANSION = 200  # what text never reaches and a zip bomb needs
_HARMLESS = 64 << 20


def read_inputs(names: Sequence[str], reading: Reading, skip: Collection[Path] = ()) -> Iterator[tuple[str, Item]]:
    """Every article of the inputs, in a fixed order, each once.

    Args:
        names: files, folders, glob patterns, saved data sets, `hf:owner/name`,
            and `-` for standard input.
        reading: the columns and formats to read.
        skip: files and folders that are left out where a folder holds them.

    Yields:
        The input's name and an item of it.
    """
    finder = Finder(skip)
    for name in dict.fromkeys(names):
        for item in _read_input(name, reading, finder):
            yield name, item


def total_size(names: Sequence[str], skip: Collection[Path] = ()) -> int | None:
    """Bytes of the files that the inputs name; None where that cannot be known."""
    if any(name == STANDARD_INPUT or name.startswith(HUB) for name in names):
        return None
    finder = Finder(skip)
    total = 0
    for name in dict.fromkeys(names):
        for path in finder.find(name):
            if isinstance(path, Path):
                files = path.rglob("*") if path.is_dir() else (path,)
                total += sum(file.stat().st_size for file in files if file.is_file())
    return total


def _read_input(name: str, reading: Reading, finder: Finder) -> Iterator[Item]:
    if name == STANDARD_INPUT:
        yield from _guard(_cut(sys.stdin.buffer, name, name, reading.format, reading), name, name)
    elif name.startswith(HUB):
        yield from _guard(read_hub(name, reading), name, name)
    else:
        for path in finder.find(name):
            if isinstance(path, InputError):
                yield Item(path.name, path.name, error=path.reason)
            elif path.is_dir():
                yield from _guard(read_saved_dataset(path, reading), shown(path), shown(path))
            else:
                yield from _read_file(path, reading)


def _read_file(path: Path, reading: Reading) -> Iterator[Item]:
    name = shown(path)
    known, compressed = format_of(path.name)
    kind = known or reading.format
    group = name if kind in (*TABLES, "zip") else ""
    try:
        status = path.stat()
        regular = stat.S_ISREG(status.st_mode)
        if known and not regular:
            raise InputError(name, "is not a regular file; leave it out")
        with path.open("rb") as file:
            stream: Stream = file
            if kind == "zip":
                if compressed:
                    raise InputError(name, _NESTED)
                items = _read_zip(file, name, status.st_size, reading)
            else:
                if compressed:
                    stream = _Bounded(gzip.GzipFile(fileobj=file), _Budget(status.st_size))
                items = _cut(stream, name, name, kind, reading)
            guarded = _guard(items, name, name, group)
            yield from guarded if kind == "parquet" or not regular else _weigh(guarded, file.tell)
    except OSError as error:
        yield Item(name, name, group=group, error=unreadable(path, error).reason)
    except InputError as error:
        yield Item(name, name, group=group, error=error.reason)


def _read_zip(file: IO[bytes], name: str, size: int, reading: Reading) -> Iterator[Item]:
    budget = _Budget(size)
    counts = Counter[str]()
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.is_dir() or is_litter(info.filename):
                continue
            counts[info.filename] += 1
            again = counts[info.filename]
            inner = f"{name}/{info.filename}" + (f" ({again})" if again > 1 else "")
            kind, _ = format_of(info.filename)
            if Path(info.filename.lower()).suffix in _ARCHIVES:
                yield Item(inner, name, group=name, error=_NESTED)
            elif kind:
                yield from _guard(_read_member(archive, info, inner, name, kind, budget, reading), inner, name, name)


def _read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, inner: str, name: str, kind: str, budget: _Budget, reading: Reading
) -> Iterator[Item]:
    if info.flag_bits & 1:
        raise InputError(inner, "is encrypted; unpack it first")
    with archive.open(info) as member:
        yield from _cut(_Bounded(member, budget), inner, name, kind, reading, group=name)


def _cut(stream: Stream, name: str, source: str, kind: str, reading: Reading, group: str = "") -> Iterator[Item]:
    """The articles of one stream: a table's rows, or the whole of it."""
    if kind == "jsonl":
        yield from read_json_lines(stream, name, source)
    elif kind in ("csv", "tsv"):
        yield from read_csv(stream, name, source, reading, "\t" if kind == "tsv" else None)
    elif kind == "parquet":
        yield from read_parquet(stream, name, source, reading)
    else:
        data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InputError(name, f"is larger than {MAX_BYTES >> 20} MB; split it into articles")
        yield Item(name, source, kind, data, group)


def _guard(items: Iterable[Item], name: str, source: str, group: str | None = None) -> Generator[Item]:
    """The items, and a last one with the reason where the source breaks off."""
    try:
        yield from items
    except InputError as error:
        reason = error.reason
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        reason = f"is cut off or damaged ({describe(error)}); get it again"
    except Exception as error:
        reason = f"cannot be read ({describe(error)}); check it, or export it again"
    else:
        return
    yield Item(name, source, group=name if group is None else group, error=reason)


def _weigh(items: Generator[Item], position: Callable[[], int]) -> Iterator[Item]:
    last = 0
    with closing(items):
        for item in items:
            now = position()
            yield replace(item, weight=max(now - last, 0))
            last = now


class _Budget:
    """How many bytes an archive may still give."""

    def __init__(self, size: int) -> None:
        self.left = max(_HARMLESS, _EXPANSION * size)


class _Bounded(io.BufferedIOBase):
    """A decompressing stream that ends with an error where it grows beyond belief."""

    def __init__(self, stream: Stream, budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        data = self._stream.read(-1 if size is None else size)
        self._budget.left -= len(data)
        if self._budget.left < 0:
            raise InputError("", f"its archive expands to more than {_EXPANSION} times its size; unpack it first")
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
