"""Where a run writes: the work folder while it lasts, the files of the user when it is complete."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from vnreport.bulk.finding import format_of, real
from vnreport.bulk.formats import Format, Part
from vnreport.bulk.shards import Result
from vnreport.bulk.store import Entry, Store, sync_files, sync_folder, write_atomically

Manifest = dict[str, Any]


class RunError(Exception):
    """A run that is refused, since it would replace something else; the message has the reason and the remedy."""


class Output:
    """The files of one run.

    What is under `path` is always complete: the run works in a folder beside
    it, which goes when all is done.

    Args:
        path: a file, or a folder where the format is one of several files.
        format: what is written.

    Attributes:
        errors: the file of the articles that were set aside.
        store: the shards that are finished, once the run has begun.
    """

    def __init__(self, path: Path, format: Format) -> None:
        self.path = path
        self.format = format
        self.errors = path / "errors.jsonl" if format.in_folder else _beside(path, ".errors.jsonl")
        self._manifest = path / "manifest.json" if format.in_folder else _beside(path, ".manifest.json")
        self._work = _beside(path, ".work")
        self._begun = self._work / "run.json"
        self._final = self._work / "final"
        self._old = self._work / "old"
        self.store = Store(self._work / "shards")
        self._lock: int | None = None

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            os.close(self._lock)

    def paths(self) -> list[Path]:
        """All that a run writes."""
        return [self.path, self.errors, self._manifest, self._work]

    def manifest(self) -> Manifest | None:
        """The manifest of a complete run; None if there is none."""
        return _read_json(self._manifest)

    def begun(self) -> Manifest | None:
        """What a run that is not complete began with; None if there is none."""
        return _read_json(self._begun)

    def check(self, inputs: Sequence[str]) -> None:
        """See that nothing but the result of a run would be replaced.

        Raises:
            RunError: something else is there.
        """
        would_be_read = self.path.is_file() and format_of(self.path.name)[0] and self.manifest() is None
        for given, own in ((real(Path(name)), real(self.path)) for name in inputs):
            if given == own or (would_be_read and given.is_dir() and own.is_relative_to(given)):
                raise RunError(f"{self.path}: is one of the inputs; name another file to write")
        if self.path.is_dir() and not self.format.in_folder:
            raise RunError(f"{self.path}: is a folder; name a file in it")
        if self.path.is_file() and self.format.in_folder:
            raise RunError(f"{self.path}: is a file; name a folder, since {self.format.name} is several files")

    def exists(self) -> bool:
        """Whether there is anything under the name of the output."""
        return any(self.path.iterdir()) if self.path.is_dir() else self.path.exists()

    def begin(self, fingerprint: Manifest) -> None:
        """Make the work folder and say in it what the run is.

        Raises:
            RunError: another run is at work there, or it cannot be written.
        """
        try:
            self._work.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            if self.begun() != fingerprint:
                self._clear_work()
                self.store.folder.mkdir()
                write_atomically(self._begun, _dump(fingerprint))
                sync_folder(self._work.parent)
        except OSError as error:
            raise RunError(f"{self.path}: cannot be written ({error.strerror}); name another file") from None

    def restore(self, entries: Iterable[Entry]) -> None:
        """Put the shards of a complete run back into the store, but for those that have errors."""
        entries = list(entries)
        parts = {
            part: self.format.split(part, self.path, [entry.rows[part] for entry in entries])
            for part in self.format.parts
        }
        for entry in entries:
            data = {part: Part(next(pieces), entry.rows[part]) for part, pieces in parts.items()}
            if not entry.errors:
                self.store.put(entry.digest, Result(entry.articles, entry.syllables, [], data))

    def publish(self, entries: Sequence[Entry], manifest: Manifest) -> None:
        """Assemble the files from the finished shards, and put them in their place, whole."""
        _remove(self._final)
        self._final.mkdir()
        for part in self.format.parts:

            def pieces(part: str = part) -> Iterator[bytes]:
                return (self.store.read(entry.digest, part) for entry in entries)

            self.format.assemble(part, pieces, self._final)
        with (self._final / self.errors.name).open("wb") as file:
            file.writelines(self.store.read(entry.digest, Store.ERRORS) for entry in entries)
        write_atomically(self._final / self._manifest.name, _dump(manifest))
        sync_files(self._final)
        if self.format.in_folder:
            _remove(self._old)
            if self.path.exists():
                self.path.rename(self._old)
            self._final.rename(self.path)
        else:
            if any(entry.errors for entry in entries):
                (self._final / self.errors.name).replace(self.errors)
            else:
                self.errors.unlink(missing_ok=True)
            (self._final / self.format.parts[0]).replace(self.path)
            (self._final / self._manifest.name).replace(self._manifest)
        sync_folder(self.path.parent)
        self._begun.unlink()
        _remove(self._work)

    def _take_lock(self) -> None:
        """Keep a second run out for as long as this process lives."""
        try:
            import fcntl
        except ImportError:  # not a POSIX system
            return
        self._lock = os.open(self._work / "lock", os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"{self.path}: another run is writing it; wait for it, or name another output") from None

    def _clear_work(self) -> None:
        own = {"lock", "run.json", "run.json.part", "shards", "final", "old"}
        strangers = sorted({path.name for path in self._work.iterdir()} - own)
        if strangers:
            raise RunError(f"{self._work}: holds {strangers[0]!r}, which is not of a run; name another output")
        self._begun.unlink(missing_ok=True)  # first, since it stands for all others
        for path in self._work.iterdir():
            if path.name != "lock":
                _remove(path)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _read_json(path: Path) -> Manifest | None:
    try:
        value: Manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return value


def _dump(manifest: Manifest) -> bytes:
    """As JSON to read and compare: a line for each input and each shard."""
    fields = []
    for name, value in manifest.items():
        if isinstance(value, list):
            lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in value)
            fields.append(f' "{name}": [\n{lines}\n ]')
        else:
            fields.append(f' "{name}": {json.dumps(value, ensure_ascii=False)}')
    return ("{\n" + ",\n".join(fields) + "\n}\n").encode()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
