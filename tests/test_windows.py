"""What an encoder reads: units, pieces, lines, headings and windows."""

from __future__ import annotations

import pickle
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnreport.windows import (
    CAPITALS,
    INLINE,
    LINE,
    MORE,
    PARAGRAPH,
    SPECIALS,
    UNKNOWN,
    Line,
    Vocabulary,
    cut_windows,
    find_headings,
    read_lines,
    units,
)

LETTERS = "▁abcdđeghimnopstuvxyĐẢXãảấậủỷọ.,:;-0123456789"
VOCABULARY = Vocabulary(dict.fromkeys(LETTERS, -6.0) | {"▁xã": -4.0, "ủy": -4.5})
NAMES = [*SPECIALS, *VOCABULARY.pieces]
TEXTS = st.text(alphabet="xãXÃ ủy12,5%.:;-\n\r\t\u00a0\u0301\u200b🌸✅đ", max_size=120)


def sentences_of(text: str) -> list[tuple[int, int]]:
    """The lines of a text as sentences; `|` ends one as well."""
    return [match.span() for match in re.finditer(r"[^\s|](?:[^|\n]*[^\s|])?", text)]


def read(text: str) -> list[Line]:
    return read_lines(text, sentences_of(text), VOCABULARY)


def shown(line: Line) -> list[str]:
    return [" ".join(NAMES[i] for i in unit) for unit in line.pieces]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Xã họp.", ["▁Xã", "▁họp", "."]),
        ("1.124,5 m2", ["▁1.124,5", "▁m2"]),
        ("320ha, 5/2020-QĐ", ["▁320", "ha", ",", "▁5/2020", "-", "QĐ"]),
        ("(đ/c Ún)", ["▁(", "đ", "/", "c", "▁Ún", ")"]),
        ("xa\u0303\u00a0u\u0309", ["▁xa\u0303", "▁u\u0309"]),
        ("🌸\r\n✅", ["▁🌸", "▁✅"]),
        (" \t", []),
    ],
)
def test_units(text: str, expected: list[str]) -> None:
    assert list(units(text)) == expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("▁xã", ["▁xã"]),
        ("xã", ["x", "ã"]),
        ("▁xãi", ["▁xã", "i"]),
        ("▁đảng", ["▁", "đ", "ả", "n", "g"]),
        ("▁ủy", ["▁", "ủy"]),
        ("🌸", ["🌸"]),
    ],
)
def test_the_most_probable_pieces(unit: str, expected: list[str]) -> None:
    assert VOCABULARY.split(unit) == expected


@pytest.mark.parametrize(("unit", "same"), [("▁uỷ", "▁ủy"), ("▁xa\u0303", "▁xã"), ("x" * 10**6, "x" * 24)])
def test_spellings_that_are_read_alike(unit: str, same: str) -> None:
    assert VOCABULARY.ids(unit) == VOCABULARY.ids(same)


def test_units_are_read_together() -> None:
    assert VOCABULARY.read(["▁xã", "x", "▁xã"]) == [VOCABULARY.ids("▁xã"), VOCABULARY.ids("x"), VOCABULARY.ids("▁xã")]


def test_a_character_without_a_piece_is_unknown() -> None:
    assert VOCABULARY.ids("🌸") == (UNKNOWN,)
    assert Vocabulary({}).ids("▁x") == (UNKNOWN, UNKNOWN)


def test_a_vocabulary_travels() -> None:
    copy = pickle.loads(pickle.dumps(VOCABULARY))
    assert len(copy) == len(VOCABULARY) == len(SPECIALS) + len(VOCABULARY.pieces)
    assert copy.ids("▁xã") == VOCABULARY.ids("▁xã")


@pytest.mark.parametrize(
    ("text", "markers"),
    [
        ("xã. |xã.", [[PARAGRAPH], [INLINE]]),
        ("xã\nxã\n\nxã", [[PARAGRAPH], [LINE], [PARAGRAPH]]),
        ("xã\r\nxã\r\n\r\nxã", [[PARAGRAPH], [LINE], [PARAGRAPH]]),
        ("\n\nXÃ HỌP BÀN\nxã", [[PARAGRAPH, CAPITALS], [LINE]]),
        ("UBND\nXÃ A", [[PARAGRAPH], [LINE]]),  # one word, or too few letters
        ("UBND xã", [[PARAGRAPH]]),
        ("x " * 330, [[PARAGRAPH], [MORE], [MORE]]),
        ("XÃ " * 161, [[PARAGRAPH, CAPITALS], [MORE, CAPITALS]]),
    ],
)
def test_how_a_line_opens(text: str, markers: list[list[int]]) -> None:
    assert [list(line.pieces[0]) for line in read(text)] == markers


def test_capitals_are_read_small() -> None:
    (line,) = read("XÃ ĐÃ CẤP")
    assert shown(line) == ["<paragraph> <capitals>", "▁xã", "▁ đ ã", "▁ c ấ p"]
    assert line.spans == [(0, 2), (3, 5), (6, 9)]


def test_a_glued_sentence_starts_no_word() -> None:
    text = "xã.xã xã"
    lines = read_lines(text, [(0, 3), (3, 8)], VOCABULARY)
    assert [shown(line)[1:] for line in lines] == [["▁xã", "."], ["x ã", "▁xã"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xã họp. |xã họp.", [-1, -1]),
        # a lead-in announces the list marks that follow it, to the next line without one
        ("họp bàn:\n- một;\n- hai.\nxã.", [-1, 0, 0, -1]),
        ("họp bàn:\n1. một. |xã;\n✅ hai", [-1, 0, 0, 0]),
        ("họp bàn:\nxã", [-1, -1]),
        ("họp bàn: |xã. |xã.", [-1, 0, 0]),
        # a short line without a stop stands above what follows, but the first line of all
        ("bản tin\nxã.\nkinh tế\nxã.\nxã.\nvăn hóa\nxã.", [-1, -1, -1, 2, 2, 2, 5]),
        ("bản tin\nxã.\nkinh tế\nhọp bàn:\n- một", [-1, -1, -1, 2, 3]),
        ("bản tin\n" + "xã " * 26 + "\nxã.", [-1, -1, -1]),
        ("", []),
    ],
)
def test_what_a_sentence_stands_under(text: str, expected: list[int]) -> None:
    assert find_headings(text, sentences_of(text)) == expected


def test_a_heading_is_the_number_of_its_first_line() -> None:
    text = "x " * 200 + ":\n- một;\n- hai"
    assert [line.sentence for line in read(text)] == [0, 0, 1, 2]
    assert [line.heading for line in read(text)] == [-1, -1, 0, 0]


@given(TEXTS)
def test_lines_cover_the_text(text: str) -> None:
    lines = read(text)
    spans = [span for line in lines for span in line.spans]
    assert "".join(text[a:b] for a, b in spans) == re.sub(r"[\s|]", "", text)
    assert spans == sorted(spans)
    assert all(len(line) == len(line.spans) + 1 for line in lines)
    assert all(ids and max(ids) < len(VOCABULARY) for line in lines for ids in line.pieces)
    assert all(-1 <= line.heading < number for number, line in enumerate(lines))


@given(st.text(alphabet="xãXÃ ủyĐđấ12,.:-\n", max_size=60))
def test_composed_and_decomposed_text_read_alike(text: str) -> None:
    one, other = read(unicodedata.normalize("NFC", text)), read(unicodedata.normalize("NFD", text))
    assert [(line.pieces, line.heading) for line in one] == [(line.pieces, line.heading) for line in other]


def test_a_word_without_end_is_one_unit() -> None:
    text = "x" * 100_000
    assert [line.spans for line in read(text)] == [[(0, 100_000)]]


def lines_of(lengths: list[int], headings: dict[int, int] | None = None) -> list[Line]:
    return [Line(n, [], [(0,)] * size, (headings or {}).get(n, -1)) for n, size in enumerate(lengths)]


@pytest.mark.parametrize(
    ("lengths", "headings", "size", "context", "expected"),
    [
        ([], {}, 10, 4, []),
        ([4, 4, 4], {}, 10, 0, [([0, 1], 0), ([2], 0)]),
        ([4, 4, 4], {}, 10, 4, [([0, 1], 0), ([1, 2], 1)]),
        ([4, 4, 4], {}, 10, 3, [([0, 1], 0), ([2], 0)]),  # the line before is too long
        ([20, 20], {}, 10, 4, [([0], 0), ([1], 0)]),  # a line is never cut
        ([2, 4, 4, 2], {3: 0}, 10, 4, [([0, 1, 2], 0), ([0, 3], 1)]),
        ([2, 4, 1, 3, 2], {4: 0}, 10, 4, [([0, 1, 2, 3], 0), ([0, 4], 1)]),
        ([2, 5, 1, 1, 3], {4: 0}, 10, 5, [([0, 1, 2, 3], 0), ([0, 2, 3, 4], 3)]),
        ([5, 4, 1, 1], {3: 0}, 11, 4, [([0, 1, 2, 3], 0)]),
        ([5, 4, 1, 1], {3: 0}, 10, 4, [([0, 1, 2], 0), ([2, 3], 1)]),  # a heading takes half the context at most
    ],
)
def test_windows(
    lengths: list[int], headings: dict[int, int], size: int, context: int, expected: list[tuple[list[int], int]]
) -> None:
    lines = lines_of(lengths, headings)
    assert [(window.lines, window.context) for window in cut_windows(lines, size, context)] == expected


def test_the_first_window_may_be_smaller() -> None:
    windows = cut_windows(lines_of([2] * 6), 8, 0, first=4)
    assert [window.lines for window in windows] == [[0, 1], [2, 3, 4, 5]]


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 60), st.integers(0, 40))
def test_windows_read_each_line_once(lengths: list[int], size: int, context: int) -> None:
    lines = lines_of(lengths, {n: n // 2 for n in range(1, len(lengths), 3)})
    windows = list(cut_windows(lines, size, context))
    assert [i for window in windows for i in window.lines[window.context :]] == list(range(len(lines)))
    for window in windows:
        assert window.lines == sorted(set(window.lines))
        assert window.units == sum(lengths[i] for i in window.lines)
        assert sum(lengths[i] for i in window.lines[: window.context]) <= context
        assert window.units <= size or len(window.lines) == window.context + 1
