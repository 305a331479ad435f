"""underthesea's words over the untouched text."""

import time
import tracemalloc
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.vocab import Vocab

from vnreport.pipes.tokenizer import WordTokenizer
from vnreport.text import normalize

TOKENIZER = WordTokenizer(Vocab())


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in TOKENIZER.words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Đảng ủy thị trấn họp.", ["Đảng ủy", "thị trấn", "họp", "."]),
        # offices and bodies are never one word
        ("Trưởng Ban Tổ chức", ["Trưởng", "Ban", "Tổ chức"]),
        ("Chánh Văn phòng", ["Chánh", "Văn phòng"]),
        # abbreviations stand alone
        ("Ban Tuyên giáo HU", ["Ban", "Tuyên giáo", "HU"]),
        ("PBT HU, PCT UBND", ["PBT", "HU", ",", "PCT", "UBND"]),
        # a name ends where small letters begin
        ("xã Phong Hải nhiệm kỳ mới", ["xã", "Phong Hải", "nhiệm kỳ", "mới"]),
        # glued punctuation
        ("Dũng- Phó Ban", ["Dũng", "-", "Phó", "Ban"]),
        ("Huyện ủy.Toàn thể", ["Huyện ủy", ".", "Toàn thể"]),
        ("đ/c Lò Văn Ún", ["đ/c", "Lò Văn Ún"]),
        # numbers
        ("320ha", ["320", "ha"]),
        ("1.124,5 m2", ["1.124,5", "m2"]),
        ("8/7/2020", ["8/7/2020"]),
        ("24,2%", ["24,2", "%"]),
        ("KT-XH, kinh tế-xã hội", ["KT-XH", ",", "kinh tế", "-", "xã hội"]),
        # no-break spaces inside a word
        ("thị\u00a0trấn", ["thị\u00a0trấn"]),
        # lines end words
        ("Đảng\nủy", ["Đảng", "ủy"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Huyện uỷ hoà thuận, khoẻ mạnh", "Huyện ủy hòa thuận, khỏe mạnh"),
        ("THUỶ LỢI và uỷ ban", "THỦY LỢI và ủy ban"),
        ("Ðảng bộ xã", "Đảng bộ xã"),
    ],
)
def test_spellings_of_one_text_give_the_same_tokens(one: str, other: str) -> None:
    for form in ("NFC", "NFD"):
        doc, reference = TOKENIZER(unicodedata.normalize(form, one)), TOKENIZER(other)
        assert [t.norm_ for t in doc] == [t.norm_ for t in reference]
        assert doc.text == unicodedata.normalize(form, one)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Uỷ", "ủy"),
        ("HOÀ", "hòa"),
        ("quỹ", "quỹ"),
        ("quý", "quý"),
        ("hoàn", "hoàn"),
        ("Thuỵ", "thụy"),
        ("xoè", "xòe"),
        ("Thị\u00a0 trấn", "thị trấn"),
        ("x\u200bã", "xã"),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert normalize(text) == normal


NASTY = [
    "",
    " ",
    "\n\n",
    "  a  b  ",
    "\ufeffĐảng\u200b bộ\u200d",
    "👩‍👩‍👧 ❤️ 🇻🇳",
    "a\u0000b\u001fc\u0085d",
    "e\u0301\u0323\u0301",
    "\u0301đầu",
    "a\r\nb\rc\u2028d",
    unicodedata.normalize("NFD", "Ủy ban") + "Ủy ban",
]


@pytest.mark.parametrize("text", NASTY)
def test_the_text_comes_back(text: str) -> None:
    assert TOKENIZER(text).text == text


def test_a_lone_surrogate_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match="offset 2"):
        TOKENIZER("ab\ud83d")


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert TOKENIZER(text).text == text


@given(st.text(alphabet="aáạ̣́ÁẠđĐ uyủỷỹ.,-/1 \u00a0\n\u200b"))
def test_vietnamese_letters_and_marks_come_back(text: str) -> None:
    assert TOKENIZER(text).text == text


@given(st.text(alphabet="ủy uỷhoàxa1. -UỶĐ\n"))
def test_nfd_and_nfc_give_the_same_tokens(text: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert [t.norm_ for t in TOKENIZER(composed)] == [t.norm_ for t in TOKENIZER(decomposed)]


@pytest.mark.parametrize("text", ["x" * 1_000_000, "a." * 50_000, "1/" * 50_000, "A-" * 50_000, "đ\u0323" * 50_000])
def test_hostile_text_takes_bounded_time_and_memory(text: str) -> None:
    tracemalloc.start()
    begin = time.perf_counter()
    assert TOKENIZER(text).text == text
    seconds = time.perf_counter() - begin
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 20
    assert peak < 300e6
