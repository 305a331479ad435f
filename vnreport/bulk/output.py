"""Where a run writes: the work folder while it lasts, the files of the user when it is complete."""

from __future__ import annotations

import glob
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from vnreport.bulk.finding import format_of, is_manifest, real
from vnreport.bulk.formats import Format, Part
from vnreport.bulk.locks import lock
from vnreport.bulk.shards import Result
from vnreport.bulk.sources import STANDARD_INPUT
from vnreport.bulk.store import Entry, Store, sync_files, sync_folder, write_atomically
from vnreport.bulk.tables import HUB
from vnreport.inputs import ERRORS, MANIFEST

Manifest = dict[str, Any]


class RunError(Exception):
    """A run that is refused, since it would replace something or has nothing to write; the message says what to do."""


class Output:
    """The files of one run.

    The run works in a folder beside `path`, which goes when all is done. What
    is under `path` is complete where its manifest is there; files that are not
    of a run are left alone.

    Args:
        path: a file, or a folder where the format is one of several files.
        format: what is written.

    Attributes:
        errors: the file of the articles that were set aside.
        store: the shards that are finished, once the run has begun.
    """

    def __init__(self, path: Path, format: Format) -> None:
        self.path = real(path) if path.is_symlink() or path.name in ("", "..") else path
        if not self.path.name:
            raise RunError(f"{path}: is the root of all folders; name a file or folder in it")
        self.format = format
        self.errors = self._place(ERRORS)
        self._manifest = self._place(MANIFEST)
        self._work = _beside(self.path, ".work")
        self._begun = self._work / "run.json"
        self._placing = self._work / "placing.json"
        self._final = self._work / "final"
        self._lock_file = self._work / "lock"
        self.store = Store(self._work / "shards")
        self._lock: int | None = None
        self._new_parents: list[Path] = []

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        self._release_lock()

    def paths(self) -> list[Path]:
        """All that a run writes."""
        return [self.path, self.errors, self._manifest, self._work]

    def manifest(self) -> Manifest | None:
        """The manifest of a complete run; None if there is none."""
        value = _read_json(self._manifest)
        return value if is_manifest(value) else None

    def begun(self) -> Manifest | None:
        """What a run that is not complete began with; None if there is none."""
        return _read_json(self._begun)

    def check(self, inputs: Sequence[str]) -> None:
        """See that nothing but the result of a run would be replaced.

        Raises:
            RunError: something else is there.
        """
        for name in inputs:
            if name != STANDARD_INPUT and not name.startswith(HUB):
                self._check_input(name)
        if self.path.is_dir() and not self.format.in_folder:
            raise RunError(f"{self.path}: is a folder; name a file in it")
        if self.path.is_file() and self.format.in_folder:
            raise RunError(f"{self.path}: is a file; name a folder, since {self.format.name} is several files")

    def _check_input(self, name: str) -> None:
        """See that no file that the input leads to would be replaced, or be passed over as one of the output."""
        outputs = [real(path) for path in self.paths()]
        out, *_, work = outputs
        owned = {real(self._place(own)) for own in self._owned()}
        matches = [] if os.path.lexists(name) else glob.glob(name, recursive=True)  # noqa: PTH207 absolute too
        for path in map(real, map(Path, matches or [name])):
            if path == out and not (matches and (path in owned or path.is_dir())):
                raise RunError(f"{self.path}: is one of the inputs; name another file to write")
            of_run = matches and (path in owned or path.is_relative_to(work))
            if path != out and any(map(path.is_relative_to, outputs)) and not of_run:
                raise RunError(f"{path}: is one of the inputs, but lies in the output; name another output")
            if not owned and path.is_dir() and out.is_relative_to(path) and (file := _first_to_read(out)):
                raise RunError(f"{file}: is one of the inputs; name another output than {self.path}")

    def there(self) -> Path | None:
        """What is under the names of the output, if there is anything."""
        if self.path.is_dir():
            return self.path if any(self.path.iterdir()) else None
        return next((path for path in (self.path, self.errors, self._manifest) if path.exists()), None)

    def lacks(self, manifest: Manifest) -> bool:
        """Whether files of a complete run are gone."""
        return not all(self._place(row["name"]).is_file() for row in manifest["files"])

    def changed(self, manifest: Manifest) -> Path | None:
        """A file of a complete run that is there, but not as the run left it."""
        for row in manifest["files"]:
            path = self._place(row["name"])
            if path.is_file() and {"name": row["name"], **_describe(path)} != row:
                return path
        return None

    def begin(self, fingerprint: Manifest) -> None:
        """Make the work folder and say in it what the run is.

        Raises:
            RunError: another run is at work there, or it cannot be written.
        """
        try:
            self._new_parents = [folder for folder in self._work.parents if not folder.exists()]
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

    def publish(self, entries: Sequence[Entry], manifest: Manifest, overwrite: bool) -> None:
        """Assemble the files from the finished shards, and put them in their place.

        Args:
            entries: of the shards, in order.
            manifest: what is known of the run; the files are added to it.
            overwrite: whether files that are not of a run may be replaced.

        Raises:
            RunError: such files are there.
        """
        _remove(self._final)
        self._final.mkdir()
        for part in self.format.parts:

            def pieces(part: str = part) -> Iterator[bytes]:
                return (self.store.read(entry.digest, part) for entry in entries)

            self.format.assemble(part, pieces, self._final)
        if self.format.in_folder or any(entry.errors for entry in entries):
            with (self._final / ERRORS).open("wb") as file:
                file.writelines(self.store.read(entry.digest, Store.ERRORS) for entry in entries)
        files = [{"name": path.name, **_describe(path)} for path in sorted(self._final.iterdir())]
        write_atomically(self._final / MANIFEST, _dump({**manifest, "files": files}))
        sync_files(self._final)
        self._put_in_place([file["name"] for file in files], overwrite)
        self._begun.unlink()
        self._remove_work()

    def discard(self) -> None:
        """End a run that has nothing to write; what an earlier one has left under the output's name stays."""
        self._clear_work()
        if not self._placing.exists():
            self._remove_work()
        for folder in self._new_parents:
            with suppress(OSError):  # somebody else has put something into it
                folder.rmdir()

    def _put_in_place(self, names: Sequence[str], overwrite: bool) -> None:
        """Move the files there, the manifest last; what is stopped halfway can be done again from the beginning."""
        owned, new = self._owned(), {*names, MANIFEST}
        strangers = [path for path in map(self._place, sorted(new - owned)) if os.path.lexists(path)]
        if strangers and not overwrite:
            raise RunError(f"{strangers[0]}: is not of a run; move it away, or replace it: --overwrite")
        write_atomically(self._placing, _dump({"files": sorted(owned | new)}))
        if self.format.in_folder and not self.path.exists():
            self._final.rename(self.path)
        else:
            for name in [MANIFEST, *sorted(owned - new)]:
                self._place(name).unlink(missing_ok=True)
            sync_folder(self._manifest.parent)
            for name in names:
                (self._final / name).replace(self._place(name))
            sync_folder(self._manifest.parent)
            (self._final / MANIFEST).replace(self._manifest)
            sync_folder(self._manifest.parent)
        sync_folder(self.path.parent)

    def _place(self, name: str) -> Path:
        """Where a file goes; where the output is one file, the others go beside it."""
        if self.format.in_folder:
            return self.path / name
        return self.path if name == self.format.parts[0] else _beside(self.path, f".{name}")

    def _owned(self) -> set[str]:
        """Names of the files that are of a run, complete or on the way to their place."""
        complete, placing = self.manifest(), _read_json(self._placing)
        names = {row["name"] for row in complete["files"]} | {MANIFEST} if complete else set()
        return names | set(placing["files"] if placing else ())

    def _take_lock(self) -> None:
        """Keep a second run out for as long as this process lives."""
        self._lock = os.open(self._lock_file, os.O_CREAT | os.O_RDWR)
        try:
            lock(self._lock)
        except OSError:
            raise RunError(f"{self.path}: another run is writing it; wait for it, or name another output") from None

    def _release_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _remove_work(self) -> None:
        """Remove the work folder, its lock last, unless another run has taken that in the meantime."""
        for path in self._work.iterdir():
            if path != self._lock_file:
                _remove(path)
        if os.name == "nt":  # where a file that is open cannot be removed; elsewhere others may lock it once released
            self._release_lock()
        with suppress(OSError):
            self._lock_file.unlink()
            self._work.rmdir()

    def _clear_work(self) -> None:
        kept = {"lock", "placing.json"}
        own = {*kept, "placing.json.part", "run.json", "run.json.part", "shards", "final"}
        strangers = sorted({path.name for path in self._work.iterdir()} - own)
        if strangers:
            raise RunError(f"{self._work}: holds {strangers[0]!r}, which is not of a run; name another output")
        self._begun.unlink(missing_ok=True)  # first, since it stands for all others
        for path in self._work.iterdir():
            if path.name not in kept:
                _remove(path)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _first_to_read(out: Path) -> Path | None:
    """A file that would be read as an input if it were not the output, or did not lie in it."""
    paths = sorted(out.rglob("*")) if out.is_dir() else [out]
    return next((path for path in paths if path.is_file() and format_of(path.name)[0]), None)


def _describe(path: Path) -> Manifest:
    """Size and digest of a file."""
    state = blake2b(digest_size=20)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
        return {"bytes": file.tell(), "blake2b": state.hexdigest()}


def _read_json(path: Path) -> Manifest | None:
    """What a run has noted in a file; None if it is not there, or not of a run."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); name another output") from None
    return value if isinstance(value, dict) else None


def _dump(manifest: Manifest) -> bytes:
    """As JSON to read and compare: a line for each input and each shard; file names may be of any bytes."""
    fields = []
    for name, value in manifest.items():
        if isinstance(value, list):
            lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in value)
            fields.append(f' "{name}": [\n{lines}\n ]')
        else:
            fields.append(f' "{name}": {json.dumps(value, ensure_ascii=False)}')
    return ("{\n" + ",\n".join(fields) + "\n}\n").encode("utf-8", "backslashreplace")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
