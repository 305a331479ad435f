"""Words that lost their diacritics (`ke hoach`, `5 ty dong`), given them back."""

from __future__ import annotations

import re
from functools import lru_cache

from vnreport.lexicon import read_rows
from vnreport.text import bare, cased_as

_TOKEN = re.compile(r"[^\W\d_]+|[0-9]+(?:[.,][0-9]+)*")
_NUMBER = "#"
_BESIDE = frozenset(" %-/")
_NUMERALS = frozenset(("hai", "ba", "bốn", "sáu", "bảy", "tám", "chín", "mười"))
_ROMAN = re.compile("[ivx]{1,5}")

Pair = tuple[str, str]
Span = tuple[int, int]


def _read() -> tuple[dict[str, str], frozenset[str], dict[Pair, Pair]]:
    alone: dict[str, str] = {}
    signs: set[str] = set()
    pairs: dict[Pair, Pair] = {}
    for kind, words in read_rows("diacritics.tsv"):
        if kind == "beside":
            one, two = words.split(" ")
            pairs[bare(one), bare(two)] = one, two
        else:
            signs.add(bare(words))
            if kind == "alone":
                alone[bare(words)] = words
    return alone, frozenset(signs), pairs


_ALONE, _SIGNS, _PAIRS = _read()
_KNOWN = frozenset(_ALONE) | {word for pair in _PAIRS for word in pair}


@lru_cache(maxsize=1)  # numbers and relations read the same text in turn
def restore(text: str) -> str:
    """The text with the words of `lexicon/diacritics.tsv` that lost their diacritics as they should be.

    A text in which no word shows the loss is left alone. What could be another
    word is restored only beside a word or number that settles it.

    Args:
        text: in NFC.

    Returns:
        A text of the same length in the same case, code point for code point.
    """
    lower = text.lower()
    if _SIGNS.isdisjoint(lower.split()) or len(lower) != len(text):
        return text
    plain = bare(lower)
    tokens = [match.span() for match in _TOKEN.finditer(plain)]
    pieces: list[str] = []
    at = 0
    for place, (start, end) in enumerate(tokens):
        typed = lower[start:end]
        if typed not in _KNOWN or typed != plain[start:end]:
            continue
        named = text[start].isupper() and not text[start:end].isupper()
        word = _ALONE.get(typed) or _settled(lower, plain, tokens, place, named)
        if word is not None:
            pieces += [text[at:start], cased_as(word, text[start:end])]
            at = end
    return "".join([*pieces, text[at:]])


def _settled(lower: str, plain: str, tokens: list[Span], place: int, named: bool) -> str | None:
    """What a word should be that only the word or the number beside it can tell; None where they do not.

    A capital behind a number begins a name: `Công ty 5 Thang Long`.
    """
    behind = [(place - 1, place)] if place else []
    before = [(place, place + 1)] if place + 1 < len(tokens) else []
    for number in (False, True):
        for one, two in before if number and named else behind + before:
            word = _beside(lower, plain, tokens[one], tokens[two], two == place, number)
            if word is not None:
                return word
    return None


def _beside(lower: str, plain: str, one: Span, two: Span, second: bool, number: bool) -> str | None:
    """What the first or the second of two tokens should be if the other one, a word or a number, settles it."""
    if not _BESIDE.issuperset(lower[one[1] : two[0]]):
        return None
    other = slice(*(one if second else two))
    key = plain[other]
    if number:
        if not (key[0].isdigit() or lower[other] in _NUMERALS or _ROMAN.fullmatch(key)):
            return None
        key = _NUMBER
    pair = _PAIRS.get((key, plain[slice(*two)]) if second else (plain[slice(*one)], key))
    if pair is None or not (number or lower[other] in (key, pair[not second])):
        return None
    return pair[second]
