"""Names as the user gives them → the files to read, in a fixed order, each once."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from vnreport.inputs import ERRORS, MANIFEST, InputError

DOCUMENTS = ("txt", "html", "docx", "pdf")
TABLES = ("jsonl", "csv", "tsv", "parquet")

_FORMATS = {f".{name}": name for name in (*DOCUMENTS, *TABLES, "zip")} | {".htm": "html", ".ndjson": "jsonl"}
_UNREAD = frozenset(".doc .rtf .odt .xls .xlsx .ods .ppt .pptx .rar .7z".split())  # but likely to hold reports


class Finder:
    """Finds files, and remembers which it gave.

    Args:
        skip: files and folders that are never given, though a folder holds them.
    """

    def __init__(self, skip: Collection[Path] = ()) -> None:
        self._known = {real(path) for path in skip}

    def find(self, name: str) -> Iterator[Path | InputError]:
        """What a file name, a folder or a glob pattern leads to.

        Yields:
            Files, folders of saved data sets, and what is wrong in their place.
        """
        path = Path(name)
        matches = [path]
        if not os.path.lexists(path):
            matches = [Path(match) for match in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207 absolute too
        if not matches:
            yield InputError(shown(path), "no such file or folder; check the name")
        for match in matches:
            if self._knows(match):
                continue
            try:
                searched = match.is_dir() and not is_saved_dataset(match)
            except OSError as error:
                yield unreadable(match, error)
                continue
            if searched:
                yield from self._in_folder(match)
            else:
                yield match
            self._known.add(real(match))

    def _in_folder(self, folder: Path) -> Iterator[Path | InputError]:
        empty = True
        written: list[Path] = []
        for file in _walk(folder, written):
            empty = False
            if isinstance(file, InputError) or not self._knows(file):
                yield file
        if empty and written:
            such = f"such as {shown(written[0].relative_to(folder))}; to read it, name the file itself"
            yield InputError(shown(folder), f"holds only what an earlier run has written, {such}")
        elif empty:
            others = ", ".join(sorted(_FORMATS.keys() - {".txt"}))
            yield InputError(shown(folder), f"no .txt file in this folder, nor {others}, alone or with .gz")

    def _knows(self, path: Path) -> bool:
        """Whether it, or a folder that it lies in, was given or is to be skipped."""
        if not self._known:
            return False
        path = real(path)
        return not self._known.isdisjoint((path, *path.parents))


def real(path: Path) -> Path:
    """Where a path leads; unlike `Path.resolve` it bears links that lead in a circle."""
    return Path(os.path.realpath(path))


def _walk(folder: Path, written: list[Path]) -> Iterator[Path | InputError]:
    """The files of a folder at any depth whose names tell a known format, but for those that a run has written.

    Links to folders are not followed. Those of a run are added to `written`.
    """
    pending = [iter([folder])]
    while pending:
        path = next(pending[-1], None)
        if path is None:
            pending.pop()
            continue
        try:
            is_folder = path.is_dir()
            is_link = is_folder and path.is_symlink() and path != folder
            if is_folder and not is_link:
                paths = sorted(path.iterdir())
                names = set(_written(paths))
                pending.append(iter([path for path in paths if path.name not in names]))
                written += [path for path in paths if path.name in names and format_of(path.name)[0]]
        except OSError as error:
            yield unreadable(path, error)
            continue
        if is_link:
            yield InputError(shown(path), "is a link to a folder, which is not followed; name it as an input")
        elif not is_folder and not is_litter(path.name):
            if format_of(path.name)[0]:
                yield path
            elif path.suffix.lower() in _UNREAD:
                yield InputError(shown(path), "is of a kind that is not read; save it as .docx, .pdf, .csv or .zip")


def _written(paths: Iterable[Path]) -> Iterator[str]:
    """The names of the files beside the manifests of complete runs that these have written."""
    for path in paths:
        if path.name.endswith(MANIFEST):
            try:
                manifest = json.loads(path.read_bytes())
            except (OSError, ValueError, RecursionError):
                continue
            if not is_manifest(manifest):
                continue
            if path.name == MANIFEST:
                yield from (file["name"] for file in manifest["files"])
            else:
                out = path.name.removesuffix(f".{MANIFEST}")
                yield from (out, f"{out}.{ERRORS}")


def is_manifest(value: Any) -> bool:
    """Whether JSON is what a run notes of the files that it has written."""
    if not (isinstance(value, dict) and isinstance(value.get("run"), dict) and isinstance(value.get("files"), list)):
        return False
    files = value["files"]
    return bool(files) and all(
        isinstance(file, dict) and {"bytes", "blake2b"} <= file.keys() and isinstance(file.get("name"), str)
        for file in files
    )


def is_saved_dataset(folder: Path) -> bool:
    """Whether `datasets` wrote this folder with `save_to_disk`."""
    parts = ("state.json", "dataset_info.json")
    return (folder / "dataset_dict.json").is_file() or all((folder / part).is_file() for part in parts)


def is_litter(name: str) -> bool:
    """Whether a file is one that macOS or Word leaves beside the files of the user."""
    return name.startswith("__MACOSX/") or Path(name).name.startswith(("._", "~$"))


def format_of(name: str) -> tuple[str | None, bool]:
    """The format that a file's name tells, and whether gzip has compressed it."""
    path = Path(name.lower())
    compressed = path.suffix == ".gz"
    return _FORMATS.get(path.with_suffix("").suffix if compressed else path.suffix), compressed


def shown(path: Path) -> str:
    """A path as text, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def unreadable(path: Path, error: OSError) -> InputError:
    """The error of a file or folder that the system does not open."""
    return InputError(shown(path), f"cannot be read ({error.strerror}); check its permissions")
