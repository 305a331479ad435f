"""The released pipelines, which travel inside the package."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language

DEFAULT = "vi_report_trf"

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent if (_PACKAGE.parent / "pyproject.toml").is_file() else None
_FOLDERS = (_PACKAGE / "pipelines", *([_CHECKOUT / "models"] if _CHECKOUT else []))


def load(name: str | Path | None = None, **overrides: Any) -> Language:
    """Load a pipeline.

    Args:
        name: a released pipeline (`"vi_report_trf"`, `"vi_report_sm"`), or the folder of another
            one; the best released one if None.
        overrides: what `spacy.load` takes: `vocab`, `disable`, `enable`,
            `exclude`, `config`.

    Returns:
        The pipeline, ready to run; nothing is downloaded.

    Raises:
        OSError: there is no such pipeline; the message lists those there are.
    """
    from spacy.util import load_model_from_path

    return load_model_from_path(find(name), **overrides)


def find(name: str | Path | None = None) -> Path:
    """The folder of a pipeline that `load` takes.

    Raises:
        OSError: there is no such pipeline; the message lists those there are.
    """
    name = name or DEFAULT
    for path in (*(folder / name for folder in _FOLDERS), Path(name)):
        if (path / "config.cfg").is_file():
            return path
    raise OSError(f"no pipeline {str(name)!r}; released with vnreport: {', '.join(released())}, or give a folder")


def digest(folder: Path) -> str:
    """The SHA-256 of a pipeline's files, their names included, as hexadecimal digits."""
    state = sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        state.update(f"{path.relative_to(folder).as_posix()}\0{len(data)}\0".encode() + data)
    return state.hexdigest()


def released() -> list[str]:
    """Names of the pipelines that this installation carries."""
    return sorted({config.parent.name for folder in _FOLDERS for config in folder.glob("*/config.cfg")})
