"""The released pipelines, which travel inside the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language

DEFAULT = "vi_report_sm"

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent if (_PACKAGE.parent / "pyproject.toml").is_file() else None
_FOLDERS = (_PACKAGE / "pipelines", *([_CHECKOUT / "models"] if _CHECKOUT else []))


def load(name: str | Path | None = None, **overrides: Any) -> Language:
    """Load a pipeline.

    Args:
        name: a released pipeline (`"vi_report_sm"`), or the folder of another
            one; the best released one if None.
        overrides: what `spacy.load` takes: `vocab`, `disable`, `enable`,
            `exclude`, `config`.

    Returns:
        The pipeline, ready to run; nothing is downloaded.

    Raises:
        OSError: there is no such pipeline; the message lists those there are.
    """
    from spacy.util import load_model_from_path

    name = name or DEFAULT
    for path in (*(folder / name for folder in _FOLDERS), Path(name)):
        if (path / "config.cfg").is_file():
            return load_model_from_path(path, **overrides)
    raise OSError(f"no pipeline {str(name)!r}; released with vnreport: {', '.join(released())}, or give a folder")


def released() -> list[str]:
    """Names of the pipelines that this installation carries."""
    return sorted({config.parent.name for folder in _FOLDERS for config in folder.glob("*/config.cfg")})
