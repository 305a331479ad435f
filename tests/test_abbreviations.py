"""Names in one form: a table of what is opened, and what holds for every name."""

from __future__ import annotations

import csv
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.timing import growth
from vnreport.abbreviations import expand


def rows() -> list[Any]:
    with (ROOT / "tests/data/abbreviations.tsv").open(encoding="utf-8", newline="") as file:
        return [
            pytest.param(label, text.replace("→", "\t"), context, norm, id=f"{label} {text} {context}".strip())
            for label, text, context, norm in list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
        ]


@pytest.mark.parametrize(("label", "text", "context", "norm"), rows())
def test_opened(label: str, text: str, context: str, norm: str) -> None:
    assert expand(text, label, context) == norm


@pytest.mark.parametrize(("label", "text", "context", "norm"), rows())
def test_an_opened_name_stays_as_it_is(label: str, text: str, context: str, norm: str) -> None:
    assert expand(norm, label, context) == norm


@pytest.mark.parametrize(("label", "text", "context", "norm"), rows())
def test_the_form_of_unicode_and_the_space_make_no_difference(label: str, text: str, context: str, norm: str) -> None:
    assert expand(unicodedata.normalize("NFD", f" {text}\n").replace(" ", "\u00a0"), label, context) == norm


@given(st.text(max_size=60), st.sampled_from(["", "PER", "TITLE", "ORG"]))
def test_any_text_comes_back_without_edges(text: str, label: str) -> None:
    norm = expand(text, label)
    assert norm == norm.strip()
    assert bool(norm) == bool(text.split())


@pytest.mark.parametrize("piece", ["UBND ", "ủy ban ", "TT-", "UbNd", "(TT) "])
def test_time_grows_with_the_length_alone(piece: str) -> None:
    assert growth(lambda times: expand(piece * times, "ORG", piece * times), 2000, 8000) < 16


def test_many_names_do_not_read_the_whole_text_each() -> None:
    def name(times: int) -> None:
        context = "Thành ủy họp bàn về kế hoạch năm nay, có đủ các đồng chí dự. " * times
        assert all(expand(f"TU {number}", "ORG", context) == f"Thành ủy {number}" for number in range(times))

    assert growth(name, 500, 2000) < 8
