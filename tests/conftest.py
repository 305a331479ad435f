from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from spacy.language import Language

import vnreport

settings.register_profile("default", deadline=None)
settings.load_profile("default")

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "corpus/examples/xa-dong-mo.txt"


@pytest.fixture(scope="session")
def nlp() -> Language:
    return vnreport.load("vi_report_sm")


@pytest.fixture(scope="session")
def text() -> str:
    return EXAMPLE.read_text(encoding="utf-8")


@pytest.fixture
def no_model_in_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a pipeline that loads fast: sentences and quantities alone."""
    path = tmp_path_factory.mktemp("models") / "numbers"
    vnreport.load("vi_report_sm", exclude=["report_encoder", "report_relations"]).to_disk(path)
    return str(path)
