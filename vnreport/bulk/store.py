"""Finished shards on disk, until all are there: each in a file of its own, whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from vnreport.bulk.shards import Result


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a finished shard without reading it.

    Attributes:
        digest: of its articles.
        articles: how many were annotated.
        syllables: how many they have.
        errors: how many articles were set aside.
        rows: how many rows it gives to each file of the output.
    """

    digest: str
    articles: int
    syllables: int
    errors: int
    rows: dict[str, int]


class Store:
    """The folder of finished shards.

    A shard's file is written under another name, synced and then renamed, so
    that a file that is there is complete, whatever happened. Its first line
    says what follows.

    Args:
        folder: where they lie.
    """

    ERRORS = "errors"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, digest: str, result: Result) -> Entry:
        """Keep the result of a shard.

        Raises:
            OSError: it cannot be written; nothing of it stays.
        """
        errors = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in result.errors).encode()
        data = {self.ERRORS: errors, **{name: part.data for name, part in result.parts.items()}}
        rows = {name: part.rows for name, part in result.parts.items()}
        entry = Entry(digest, result.articles, result.syllables, len(result.errors), rows)
        header = {**asdict(entry), "sizes": {name: len(part) for name, part in data.items()}}
        write_atomically(self._path(digest), json.dumps(header).encode() + b"\n" + b"".join(data.values()))
        return entry

    def get(self, digest: str) -> Entry | None:
        """What is known of a shard; None if it is not there."""
        try:
            with self._path(digest).open("rb") as file:
                header = json.loads(file.readline())
        except FileNotFoundError:
            return None
        return Entry(**{name: value for name, value in header.items() if name != "sizes"})

    def read(self, digest: str, part: str) -> bytes:
        """One part of a finished shard; `errors` are the rows of the articles that were set aside."""
        with self._path(digest).open("rb") as file:
            sizes: dict[str, int] = json.loads(file.readline())["sizes"]
            before = list(sizes)[: list(sizes).index(part)]
            file.seek(sum(sizes[name] for name in before), os.SEEK_CUR)
            return file.read(sizes[part])

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.shard"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, even after a power cut.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can do that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_files(folder: Path) -> None:
    """Wait until all files in a folder are on the disk."""
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    sync_folder(folder)
