"""Tables and pictures of a model card."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from vnreport import card

SCORES: dict[str, Any] = {
    "ents_f": 0.9,
    "ents_f_per_type": {"PER": 0.95},
    "class_macro_f": 0.8,
    "articles": 30,
    "syllables": 29271,
    "intervals": {"ents_f": [0.85, 0.95], "ents_f_per_type/PER": [0.9, 1.0], "class_macro_f": [0.7, 0.9]},
}
PREDICTIONS = [("OTHER", "OTHER", 0.9)] * 9 + [("OTHER", "DIRECTIVE", 0.95), ("SHORTCOMING", "SHORTCOMING", 0.55)]


def test_scores_stand_with_their_intervals_and_gold_input() -> None:
    given = {"gold_input": {"sentences": {"ents_f": 0.91}, "entities": {}}}
    assert card.score_table({"dev": {**SCORES, **given}, "real": SCORES}).splitlines() == [
        "|  | dev | 95 % interval | gold input | real | 95 % interval |",
        "|---|---:|---:|---:|---:|---:|",
        "| Articles | 30 |  |  | 30 |  |",
        "| Syllables | 29,271 |  |  | 29,271 |  |",
        "| Entities, F1 | 0.900 | 0.850 … 0.950 | 0.910 | 0.900 | 0.850 … 0.950 |",
        "| &emsp;PER | 0.950 | 0.900 … 1.000 |  | 0.950 | 0.900 … 1.000 |",
        "| Sentence classes, macro F1 | 0.800 | 0.700 … 0.900 |  | 0.800 | 0.700 … 0.900 |",
    ]


def test_noise_stands_with_the_points_lost() -> None:
    noise = {"noise": {"NFD": {"ents_f": 0.85, "class_macro_f": 0.81}}}
    assert card.noise_table({**SCORES, **noise}).splitlines() == [
        "|  | Entities | Classes |",
        "|---|---:|---:|",
        "| none | 0.900 | 0.800 |",
        "| NFD | 0.850 (-5.0) | 0.810 (+1.0) |",
    ]


def test_speed() -> None:
    table = card.speed_table({"vnreport": {"speed": 41234.5, "load": 0.712, "memory": 310.2}})
    assert table.splitlines()[-1] == "| vnreport | 41,234 | 0.71 | 310 |"


def test_calibration() -> None:
    rows, error = card.reliability(PREDICTIONS)
    assert rows == [(0.55, 1.0, 1), (pytest.approx(0.905), 0.9, 10)]
    assert error == pytest.approx((0.45 * 1 + 0.005 * 10) / 11)
    assert card.reliability([]) == ([], 0)


@pytest.mark.parametrize("name", ["confusion", "reliability", "curve"])
def test_a_picture_is_small_and_the_same_again(name: str, tmp_path: Path) -> None:
    def draw(path: Path) -> bytes:
        if name == "curve":
            card.draw_learning_curve([{"articles": n, "scores": SCORES} for n in (60, 120)], path)
        else:
            getattr(card, f"draw_{name}")(PREDICTIONS, path)
        return path.read_bytes()

    picture = draw(tmp_path / "a.svg")
    assert picture == draw(tmp_path / "b.svg")
    assert len(picture) < 30_000
    assert b"<dc:date>" not in picture
    words = " ".join(ElementTree.fromstring(picture).itertext())
    expected = {"confusion": "Shortcoming", "reliability": "expected calibration error 0.045", "curve": "entities, F1"}
    assert expected[name] in words
