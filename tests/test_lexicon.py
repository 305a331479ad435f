"""The tables: every row is whole, and there once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from vnreport import lexicon

TABLES = sorted(Path(lexicon.__file__).parent.glob("*.tsv"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_row_has_a_cell_for_each_column_and_stands_once(path: Path) -> None:
    columns = path.read_text(encoding="utf-8").splitlines()[0].split("\t")
    rows = lexicon.read_rows(path.name)
    assert rows
    assert [row for row in rows if len(row) != len(columns)] == []
    assert [row for row, count in Counter(map(tuple, rows)).items() if count > 1] == []
