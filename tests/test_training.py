"""Training with stock `spacy train`: every stage is fitted, and the same seed gives the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy

from tests.conftest import ROOT
from vnreport.schema import SENTENCES_KEY


def train(articles: Path, output: Path) -> Path:
    command = [sys.executable, "-m", "spacy", "train", "models/configs/vi_report_sm.cfg", "--output", str(output)]
    settings = {"paths.train": articles, "paths.dev": articles, "training.max_steps": 2, "training.eval_frequency": 2}
    command += [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return output / "model-last"


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("articles")
    for path in sorted((ROOT / "corpus/articles/dev").glob("*.vnr"))[:6]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def trained(articles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(articles, tmp_path_factory.mktemp("one"))


def test_the_same_seed_gives_the_same_bytes(articles: Path, trained: Path, tmp_path: Path) -> None:
    again = train(articles, tmp_path)
    files = sorted(path.relative_to(trained) for path in trained.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert [path for path in files if (trained / path).read_bytes() != (again / path).read_bytes()] == []


def test_the_classifier_is_fitted_by_initialize(trained: Path, text: str) -> None:
    doc = spacy.load(trained)(text)
    assert len({sentence.label_ for sentence in doc.spans[SENTENCES_KEY]}) > 2
