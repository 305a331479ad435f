"""Lost diacritics: what is given back, and what is left alone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from vnreport.corpus import read_articles
from vnreport.evaluate import match_quantities
from vnreport.noise import drop_diacritics
from vnreport.quantities import parse_quantities
from vnreport.quantities.diacritics import restore

RESTORED = {
    "thu 5 ty dong": "thu 5 tỷ đồng",
    "dat 95% ke hoach": "đạt 95% kế hoạch",
    "dat 95% kế hoach": "đạt 95% kế hoạch",
    "so voi cung ky": "so với cùng kỳ",
    "SO VOI CUNG KY": "SO VỚI CÙNG KỲ",
    "Thang 6/2020": "Tháng 6/2020",
    "quy II và khoa XX dat": "quý II và khóa XX dat",
    "12 trieu dong/nguoi/nam": "12 triệu đồng/người/năm",
}
ALONE = [
    *("", "công ty", "ban tổ chức thu 5 con", "đàn bò 12 con", "Ông Nam 60 tuổi", "in the year 2020", "lá dong riềng"),
    *("mới thu 40 triệu", "đạt 4 sao", "hai con số", "Công ty 5 Thang Long"),
]


@pytest.mark.parametrize(("text", "expected"), RESTORED.items(), ids=RESTORED)
def test_restored(text: str, expected: str) -> None:
    assert restore(text) == expected


@pytest.mark.parametrize("text", ALONE)
def test_left_alone(text: str) -> None:
    assert restore(text) == text


@given(st.text() | st.lists(st.sampled_from([*RESTORED, *ALONE, "5", "\n", "İ", "ﬀ", "DAT"])).map(" ".join))
def test_code_point_for_code_point(text: str) -> None:
    restored = restore(text)
    assert len(restored) == len(text)
    for one, other in zip(text, restored, strict=True):
        assert one == other or (one.isascii() and one.isupper() == other.isupper())
    assert restore(restored) == restored


def test_written_text_is_left_alone() -> None:
    """Nothing changes in the development part, though it has names and words without diacritics."""
    for article in read_articles(ROOT / "corpus/articles/dev"):
        text = unicodedata.normalize("NFC", article.text)
        assert restore(text) == text


def test_quantities_survive_the_loss() -> None:
    """Of what is read in the development part at most one in a hundred is lost with a tenth of the words bare."""
    right = [0, 0]
    for article in read_articles(ROOT / "corpus/articles/dev"):
        for place, form in enumerate((article, drop_diacritics(article))):
            right[place] += len(match_quantities(form, [q.to_dict() for q in parse_quantities(form.text)])[1])
    assert right[1] >= 0.99 * right[0]
