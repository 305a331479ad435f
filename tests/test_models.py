"""The released models reach the scores that were pinned for them, and their cards tell the truth."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import vnreport
from tests.conftest import ROOT
from vnreport.corpus import read_articles
from vnreport.evaluate import HEADLINES, LOWER_IS_BETTER, evaluate, evaluate_under_noise, pick
from vnreport.models import find, released

MODELS = ROOT / "models"
FLOORS = json.loads((MODELS / "floors.json").read_text(encoding="utf-8"))


@cache
def scores(name: str) -> dict[str, Any]:
    return evaluate(vnreport.load(name), read_articles(ROOT / "corpus/articles/dev"))


def test_every_released_pipeline_has_floors() -> None:
    assert set(released()) == set(FLOORS)
    for floors in FLOORS.values():
        assert set(floors) <= set(HEADLINES) - LOWER_IS_BETTER


@pytest.mark.parametrize(("name", "score"), [(name, score) for name, floors in FLOORS.items() for score in floors])
def test_no_score_is_below_its_floor(name: str, score: str) -> None:
    assert (pick(scores(name), score) or 0.0) >= FLOORS[name][score]


@pytest.mark.parametrize("name", released())
def test_no_noise_costs_more_than_five_points(name: str) -> None:
    dev = read_articles(ROOT / "corpus/articles/dev")
    for noise, noisy in evaluate_under_noise(vnreport.load(name), dev).items():
        for score in ("ents_f", "boundary_f", "class_macro_f", "quantities_right"):
            assert scores(name)[score] - noisy[score] <= 0.05, f"{score} under {noise}"


@pytest.mark.parametrize("name", released())
def test_a_model_scores_what_its_meta_says(name: str) -> None:
    told = json.loads((MODELS / name / "meta.json").read_text(encoding="utf-8"))["performance"]
    for score in HEADLINES:
        value = pick(scores(name), score)
        if value is not None:
            assert value == pytest.approx(pick(told, score), abs=2e-3), score


@pytest.mark.parametrize("name", released())
def test_the_card_says_what_the_meta_says(name: str) -> None:
    folder = MODELS / "cards" / name
    card = (folder / "README.md").read_text(encoding="utf-8")
    told = json.loads((MODELS / name / "meta.json").read_text(encoding="utf-8"))["performance"]
    assert card.startswith(f"# {name}\n")
    for score, title in HEADLINES.items():
        value = pick(told, score)
        if value is not None:  # rounded to four places there, to three here
            assert any(f"{title} | {near:.3f} |" in card for near in (value - 5e-5, value, value + 5e-5)), score
    for picture in ("confusion.svg", "reliability.svg"):
        assert f"]({picture})" in card
        assert (folder / picture).is_file()


@pytest.mark.parametrize("name", released())
def test_the_readme_says_of_real_articles_what_the_card_says(name: str) -> None:
    def rows(path: Path) -> list[list[str]]:
        return [[cell.strip() for cell in line.split("|")] for line in path.read_text(encoding="utf-8").splitlines()]

    card = rows(MODELS / "cards" / name / "README.md")
    real = "24 real articles, not redistributed"
    (column,) = [row.index(real) for row in card if real in row]
    (told,) = [row[4:6] for row in rows(ROOT / "README.md") if row[1:2] == [f"`{name}`"]]
    titles = "Entities, F1", "Sentence classes, macro F1"
    assert told == [row[column] for title in titles for row in card if row[1:2] == [title]]


def test_a_release_below_a_floor_is_refused(tmp_path: Path) -> None:
    nlp = vnreport.load("vi_report_sm", exclude=["report_quantities", "report_relations"])
    nlp.to_disk(tmp_path / "trained")
    target = tmp_path / "vi_report_sm"
    command = [sys.executable, str(ROOT / "scripts/release-model"), str(tmp_path / "trained"), str(target)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "vi_report_sm: roles_f is 0.0000, below the floor of" in result.stderr
    assert not target.exists()


def test_a_pipeline_that_pip_installed_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "vi_mine/vi_mine-0.1.0"
    folder.mkdir(parents=True)
    (folder / "config.cfg").touch()
    (tmp_path / "vi_mine/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert find("vi_mine") == folder


def test_the_folder_of_a_training_is_no_pipeline_but_holds_one(tmp_path: Path) -> None:
    (tmp_path / "model-last").mkdir()
    with pytest.raises(OSError, match="training wrote one there: "):
        find(tmp_path)


def test_no_folder_is_written_over_that_is_no_pipeline(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    command = [sys.executable, str(ROOT / "scripts/release-model"), str(MODELS / "vi_report_sm"), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "is no pipeline and would be written over" in result.stderr
    assert (tmp_path / "notes.txt").exists()


def test_no_released_pipeline_names_a_place_of_its_making() -> None:
    for name in released():
        config = (MODELS / name / "config.cfg").read_text(encoding="utf-8")
        assert '"/' not in config


def test_models_hold_no_pickle() -> None:
    for path in MODELS.rglob("*"):
        if path.is_file():
            assert path.suffix not in {".pkl", ".pickle", ".joblib"}
            assert not is_pickle(path), path


def is_pickle(path: Path) -> bool:
    return path.read_bytes()[:2] in {b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}
