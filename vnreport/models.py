"""The released pipelines, which travel inside the package."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
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
        name: a released pipeline (`"vi_report_trf"`, `"vi_report_sm"`), the folder of another
            one, or an installed one; `"vi_report_trf"` if None.
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
    for path in (*(folder / name for folder in _FOLDERS), Path(name), *_installed(str(name))):
        if (path / "config.cfg").is_file():
            return path
    if (last := Path(name) / "model-last").is_dir():
        raise OSError(f"no pipeline {str(name)!r}, but training wrote one there: {last}")
    raise OSError(f"no pipeline {str(name)!r}; released with vnreport: {', '.join(released())}, or give a folder")


def _installed(name: str) -> Iterator[Path]:
    """The folder of a pipeline that `spacy package` made and pip installed."""
    spec = find_spec(name) if name.isidentifier() else None
    if spec is not None and spec.origin is not None:
        yield from Path(spec.origin).parent.glob(f"{name}-*")


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
