"""Numerals: what one numeral states, exactly, and what is none."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verbalise import words
from vnreport.numerals import parse_number, read_digits

CASES = {
    "không": 0,
    "mười": 10,
    "mười lăm": 15,
    "hai mươi lăm": 25,
    "hai mươi nhăm": 25,
    "hai lăm": 25,
    "ba mốt": 31,
    "hai mươi mốt": 21,
    "bốn mươi tư": 44,
    "năm mươi bẩy": 57,
    "một trăm": 100,
    "một trăm linh năm": 105,
    "một trăm lẻ tư": 104,
    "một trăm hai": 120,
    "một trăm rưỡi": 150,
    "một trăm rưởi": 150,
    "hai triệu rưởi": 2500000,
    "hai trăm ba lăm": 235,
    "một nghìn không trăm linh năm": 1005,
    "một ngàn hai": 1200,
    "một nghìn lẻ một": 1001,
    "hai mươi vạn": 200000,
    "ba vạn hai nghìn": 32000,
    "hai mươi lăm triệu rưỡi": 25500000,
    "một triệu không nghìn hai trăm": 1000200,
    "một nghìn hai trăm tỷ": 1200000000000,
    "hai nghìn rưỡi tỷ": 2500000000000,
    "năm nghìn tỉ": 5000000000000,
    "nửa": Decimal("0.5"),
    "nửa triệu": 500000,
    "hai phẩy năm": Decimal("2.5"),
    "ba phẩy bảy lăm triệu": 3750000,
    "không phẩy không năm": Decimal("0.05"),
    "ba phần tư": Decimal("0.75"),
    "một phần ba": Fraction(1, 3),
    "âm hai": -2,
    "3/4": Decimal("0.75"),
    "2/3": Fraction(2, 3),
    "10 tỷ 800 triệu": 10800000000,
    "7 triệu 520 nghìn": 7520000,
    "4 tỷ 8": 4800000000,
    "1 tỷ 250": 1250000000,
    "3 chục triệu": 30000000,
    "2 trăm": 200,
    "1.124": 1124,
    "1,124": Decimal("1.124"),
    "24,2": Decimal("24.2"),
    "53.4": Decimal("53.4"),
    "1.234,5": Decimal("1234.5"),
    "1,234.5": Decimal("1234.5"),
    "13.503.000.000": 13503000000,
    "13 503 000": 13503000,
    "0,125": Decimal("0.125"),
    "05": 5,
    "-5": -5,
    "−2,3": Decimal("-2.3"),
}


@pytest.mark.parametrize(("text", "value"), CASES.items(), ids=CASES)
def test_parse_number(text: str, value: int | Decimal | Fraction) -> None:
    found = parse_number(text)
    assert found == value
    assert isinstance(found, Decimal | Fraction)
    for same in (text.upper(), text.title(), unicodedata.normalize("NFD", text), f"  {text} "):
        assert parse_number(same) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "năm ngoái", "một số", "nghìn", "triệu", "hai ba", "mười năm", "hai mươi năm", "lăm"),
        *("1.2.3", "1,23,4", "12.", "mười mươi", "hai trăm trăm", "năm triệu ba triệu", "5 kg", "1/0"),
        *("một phần không", "phần ba", "hai linh", "٣", "1" * 100, "²", "rưỡi"),
        "một tỷ " + "rưỡi tỷ tỷ tỷ " * 20,
    ],
)
def test_not_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a Vietnamese numeral"):
        parse_number(text)


@given(st.integers(0, 10**15))
def test_words_round_trip(number: int) -> None:
    assert parse_number(words(number)) == number
    assert parse_number(words(number, thousand="ngàn", odd="lẻ")) == number


@given(st.integers(0, 999), st.integers(1, 99))
def test_decimals_in_words_round_trip(whole: int, hundredths: int) -> None:
    tenths, rest = divmod(hundredths, 10)
    digits = (tenths, rest) if rest else (tenths,)
    text = f"{words(whole)} phẩy {' '.join(map(words, digits))}"
    assert parse_number(text) == Decimal(whole) + Decimal(hundredths) / 100


@given(st.decimals(0, 10**12, allow_nan=False, allow_infinity=False, places=4))
def test_digits_keep_every_true_value(number: Decimal) -> None:
    plain = f"{number:f}".rstrip("0").rstrip(".")
    whole, _, part = plain.partition(".")
    grouped = f"{int(whole):,}"
    local = grouped.replace(",", ".") + (f",{part}" if part else "")
    english = grouped + (f".{part}" if part else "")
    ungrouped = whole + (f",{part}" if part else "")
    for text in (local, english, ungrouped, ungrouped.replace(",", ".")):
        assert number in read_digits(text), text
    assert read_digits(local)[0] == number or part == ""


@given(st.from_regex(r"[0-9]{1,8}([.,][0-9]{1,8}){0,5}", fullmatch=True, alphabet="0123456789.,"))
def test_digits_state_what_is_typed(text: str) -> None:
    """Every value has the digits typed and differs in the point alone; one mark at most may be either."""
    parts = re.split("[.,]", text)
    digits = int("".join(parts))
    values = read_digits(text)
    possible = {Decimal(digits).scaleb(-places) for places in (0, len(parts[-1]))}
    assert len(set(values)) == len(values)
    assert set(values) <= possible
    assert values or len(parts) > 2
    assert len(values) < 2 or len(parts) == 2
    if len(parts) == 1:
        assert values == (digits,)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_number(text), Decimal | Fraction)


def test_the_message_names_the_text() -> None:
    with pytest.raises(ValueError, match="'năm ngoái'"):
        parse_number("năm ngoái")
