"""The released models reach the scores that were pinned for them, and their cards tell the truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from spacy.language import Language

from tests.conftest import ROOT
from vnreport.corpus import read_articles
from vnreport.evaluate import evaluate
from vnreport.models import released

FLOORS = json.loads((ROOT / "models/floors.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scores(nlp: Language) -> dict[str, float]:
    return evaluate(nlp, read_articles(ROOT / "corpus/articles/dev"))


@pytest.mark.parametrize("score", FLOORS["vi_report_sm"])
def test_no_score_is_below_its_floor(score: str, scores: dict[str, float]) -> None:
    assert scores[score] >= FLOORS["vi_report_sm"][score]


def test_the_model_scores_what_its_meta_says(nlp: Language, scores: dict[str, float]) -> None:
    told = nlp.meta["performance"]
    for name, value in scores.items():
        if isinstance(value, float):
            assert value == pytest.approx(told[name], abs=2e-3), name


def test_every_released_pipeline_has_a_card() -> None:
    assert set(released()) == set(FLOORS)
    for name in released():
        card = (ROOT / "models" / name / "README.md").read_text(encoding="utf-8")
        assert card.startswith(f"# {name}")
        meta = json.loads((ROOT / "models" / name / "meta.json").read_text(encoding="utf-8"))
        assert f"| {meta['performance']['ents_f']:.3f} |" in card
        assert f"| {meta['performance']['class_macro_f']:.3f} |" in card


def test_no_released_pipeline_names_a_place_of_its_making() -> None:
    for name in released():
        config = (ROOT / "models" / name / "config.cfg").read_text(encoding="utf-8")
        assert '"/' not in config


def test_models_hold_no_pickle() -> None:
    for path in (ROOT / "models").rglob("*"):
        if path.is_file():
            assert path.suffix not in {".pkl", ".pickle", ".joblib"}
            assert not is_pickle(path), path


def is_pickle(path: Path) -> bool:
    return path.read_bytes()[:2] in {b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}
