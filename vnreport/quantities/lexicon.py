"""The tables of `vnreport/lexicon`, read once, and the patterns made from them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from vnreport.lexicon import read_rows
from vnreport.numerals import ONES
from vnreport.text import OLD_TONES

END = r"(?![^\W_])"
FELLOWS = (
    r"chí|bào|đội|hồ|phục|nghiệp|phạm|loạt|thời(?! (?:gian|điểm|hạn|kỳ))|hương|hành|lòng|thuận|tình|tác giả|chủ tịch"
)
"""What makes `đồng` another word than the currency: `đồng chí`."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of `units.tsv`; `factor` leads to the dimension's base, None where regions differ."""

    symbol: str
    dimension: str
    factor: Fraction | None


def spellings(words: str) -> set[str]:
    """The words with the tone mark where either school puts it (`khóa`, `khoá`)."""
    forms = {words}
    for new, old in OLD_TONES.items():
        if old in words and "q" + old not in words:
            forms.add(words.replace(old, new))
        if new in words and "q" + new not in words:
            forms.add(words.replace(new, old))
    return forms


def alternation(words: Iterable[str]) -> str:
    """A pattern for any of the words, longest first; words share the letters they begin with."""
    return _branches({form for word in words for form in spellings(word)})


def _branches(words: set[str]) -> str:
    tails: dict[str, set[str]] = {}
    for word in sorted(filter(None, words)):
        tails.setdefault(word[0], set()).add(word[1:])
    pattern = "|".join(re.escape(letter) + _branches(rest) for letter, rest in tails.items())
    if "" in words:
        return f"(?:{pattern})?" if pattern else ""
    return f"(?:{pattern})" if len(tails) > 1 else pattern


def _pairs(name: str) -> dict[str, str]:
    return {form: value for word, value in read_rows(name) for form in spellings(word)}


UNITS = {
    form: Unit(unit, dimension, Fraction(factor) if factor else None)
    for surface, unit, dimension, factor in read_rows("units.tsv")
    for form in spellings(surface)
}
REGIONAL: dict[str, dict[str, Fraction]] = {}
for _unit, _region, _size in read_rows("regional_units.tsv"):
    REGIONAL.setdefault(_unit, {})[_region] = Fraction(_size)
HEADS: dict[str, frozenset[str]] = {}
for _word, _class in read_rows("heads.tsv"):
    for _form in spellings(_word):
        HEADS[_form] = HEADS.get(_form, frozenset()) | {_class}
PLACES = frozenset(word for word, classes in HEADS.items() if classes & {"name", "label"} and word != "số")
APPROXIMATORS = _pairs("approximators.tsv")


def _ends(phrases: Iterable[str]) -> dict[str, int]:
    """How many words the longest phrase has that ends with a word."""
    longest: dict[str, int] = {}
    for phrase in phrases:
        last = phrase.rpartition(" ")[2]
        longest[last] = max(longest.get(last, 0), phrase.count(" ") + 1)
    return longest


HEAD_ENDS, APPROXIMATOR_ENDS = _ends(HEADS), _ends(APPROXIMATORS)
NOUNS = _pairs("nouns.tsv")
STOPS = frozenset(form for (word,) in read_rows("stops.tsv") for form in spellings(word))
# How many words the longest noun has that begins with a word.
NOUN_LENGTHS: dict[str, int] = {}
for _noun in NOUNS:
    _first = _noun.split(" ", 1)[0].rstrip(",")
    NOUN_LENGTHS[_first] = max(NOUN_LENGTHS.get(_first, 0), _noun.count(" ") + 1)


def _set_phrases() -> str:
    """A pattern that matches at the number of `xe hai bánh`; `#` stands for any number."""
    endings: dict[str, list[str]] = {}
    for before, number, behind in read_rows("set_phrases.tsv"):
        endings.setdefault(f"(?<={before} ){number}" if before else number, []).append(behind)
    pattern = "|".join(f"{start} (?:{'|'.join(behind)})" for start, behind in endings.items())
    return f"(?:{pattern})".replace("#", f"(?:[0-9]{{1,2}}|{'|'.join(ONES)})")


SET_PHRASE = re.compile(_set_phrases() + END)
"""At a number that belongs to a slogan, a set name or an idiom, and counts nothing."""
UNIT = re.compile(rf"(?: ?|(?<=tr)\.)({alternation(UNITS)})(?:{END}|(?<=[%‰$²³]))(?!/c{END})")
"""Behind a number: `ha`, `đồng`, `.đ` of `9 tr.đ`, not `đ/c`."""
