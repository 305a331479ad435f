"""What docs/bulk.md shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bulk import write_articles
from tests.conftest import ROOT

SNIPPETS = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/bulk.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
LIBRARIES = ("ray", "pyspark", "dask")


@pytest.mark.parametrize("code", SNIPPETS, ids=range(len(SNIPPETS)))
def test_snippet_runs(code: str, tmp_path: Path) -> None:
    for library in LIBRARIES:
        if library in code and find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    write_articles(tmp_path / "news.jsonl", 6)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/a.txt").write_text("Thu ngân sách đạt 9,2 tỷ đồng.", encoding="utf-8")
    script = tmp_path / "snippet.py"
    script.write_text(code, encoding="utf-8")
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    subprocess.run([sys.executable, script.name], cwd=tmp_path, env=environment, check=True, timeout=300)
    if "facts" in code:
        assert any((tmp_path / "facts").iterdir())
