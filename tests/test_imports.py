"""Imports go one way, and what is heavy or optional is imported where it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vnreport

PACKAGE = Path(vnreport.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
# Each module may import those of its own layer's line and of the lines below it.
LAYERS = [
    {"cli"},
    {"cli_annotate", "cli_evaluate"},
    {"bulk"},
    {"card", "compare"},
    {"evaluate", "pretty"},
    {"records", "corpus", "models", "inputs"},
    {"pipes", "training"},
    {"noise"},
    {"relations", "abbreviations"},
    {"augment", "jsonlines"},
    {"quantities", "markup", "networks"},
    {"segmenter", "windows"},
    {"numerals", "resampling", "schema", "text", "threads", "lexicon"},
]
HEAVY = set(
    "datasets matplotlib ray torch sklearn scipy onnxruntime underthesea underthesea_core pandas pyarrow".split()
)
WITHOUT_SPACY = {
    "numerals",
    "quantities",
    "markup",
    "text",
    "relations",
    "abbreviations",
    "lexicon",
    "inputs",
    "corpus",
    "jsonlines",
    "noise",
    "resampling",
    "threads",
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, *, everywhere: bool) -> Iterator[str]:
    """Modules that a file imports: at its top level, or everywhere but under TYPE_CHECKING."""
    pending: list[ast.AST] = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif everywhere or not isinstance(node, ast.FunctionDef):
            pending.extend(ast.iter_child_nodes(node))


def layer(name: str) -> int:
    return next(i for i, names in enumerate(LAYERS) if name in names)


@pytest.mark.parametrize("path", MODULES[1:], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    own = name_of(path)
    for module in imports(path, everywhere=False):
        if module.startswith("vnreport."):
            other = module.split(".")[1]
            assert other == own or layer(other) >= layer(own), f"{own} imports {other}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "pipes").glob("*.py")), ids=lambda p: p.stem)
def test_pipes_never_import_each_other(path: Path) -> None:
    assert not [module for module in imports(path, everywhere=True) if module.startswith("vnreport.pipes")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_modules_are_imported_inside_functions(path: Path) -> None:
    top = {module.split(".")[0] for module in imports(path, everywhere=False)}
    assert not top & HEAVY or name_of(path) == "training"
    if name_of(path) in WITHOUT_SPACY:
        assert "spacy" not in top


def test_numbers_need_no_spacy() -> None:
    code = (
        "import sys; from vnreport import parse_number, parse_quantities;"
        "parse_quantities('5 tỷ'); parse_number('hai'); print('spacy' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "False\n"


def test_public_names() -> None:
    assert dir(vnreport) == [
        "Quantity",
        "__version__",
        "annotate",
        "load",
        "parse_number",
        "parse_quantities",
        "records_schema",
        "to_records",
    ]
    assert all(getattr(vnreport, name) for name in dir(vnreport))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        vnreport.nothing  # noqa: B018
