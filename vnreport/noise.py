"""Articles written another way, the gold moved along exactly: what a model should withstand.

Each of `NOISES` is a pure function from an article to an article: the same
article gives the same one again.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import accumulate, pairwise
from random import Random
from typing import TypeVar

from vnreport.abbreviations import openings, unambiguous
from vnreport.markup import Article, Entity, Quantity, Sentence
from vnreport.text import bare, compose, normalize, old_tones

Edit = tuple[int, int, str]  # offsets of what is replaced, and by what
_Span = TypeVar("_Span", Sentence, Entity, Quantity)

DROPPED = 0.1  # share of the words that lose their diacritics
_WORD = re.compile(r"[^\W\d_][\w\u0300-\u036f]*")
_STOPS = (".", "!", "?", "…")
_SHORTEST = 3  # letters of an abbreviation outside of names; shorter ones stand for too much


def rewrite(article: Article, edits: Iterable[Edit]) -> Article:
    """Replace stretches of an article's text and move its annotation along.

    Args:
        article: gold.
        edits: disjoint, none of an empty stretch, in any order. One in which a
            span begins or ends is left out.

    Returns:
        The article on the new text. A span that was edited covers what stands
        there now; values of quantities and names of facts stay as they are.
    """
    spans: list[Sentence | Entity | Quantity] = [*article.sentences, *article.entities, *article.quantities]
    edges = sorted({edge for span in spans for edge in (span.start, span.end)})
    kept = sorted(edit for edit in edits if bisect_right(edges, edit[0]) == bisect_right(edges, edit[1] - 1))
    ends = [end for _, end, _ in kept]
    grown = list(accumulate((len(new) - (end - start) for start, end, new in kept), initial=0))
    pieces, position = [], 0
    for start, end, new in kept:
        pieces += [article.text[position:start], new]
        position = end

    def moved(spans: list[_Span]) -> list[_Span]:
        def place(offset: int) -> int:
            return offset + grown[bisect_right(ends, offset)]

        return [replace(span, start=place(span.start), end=place(span.end)) for span in spans]

    return replace(
        article,
        text="".join([*pieces, article.text[position:]]),
        sentences=moved(article.sentences),
        entities=moved(article.entities),
        quantities=moved(article.quantities),
    )


def drop_diacritics(article: Article) -> Article:
    """A tenth of the words without their tone marks and hooks (`Đảng ủy` → `Dang uy`)."""
    random = Random(article.text)
    words = [match.span() for match in _WORD.finditer(article.text) if random.random() < DROPPED]
    return rewrite(article, (edit for start, end in words for edit in _by_letter(article.text, start, end, _bare)))


def glue_stops(article: Article) -> Article:
    """No space between a stop and the sentence behind it, where that begins with a letter."""
    gaps = [(one.end, other.start) for one, other in pairwise(article.sentences)]
    return rewrite(
        article,
        [
            (start, end, "")
            for start, end in gaps
            if article.text[start:end] == " " and article.text[:start].endswith(_STOPS) and article.text[end].isalpha()
        ],
    )


def decompose(article: Article) -> Article:
    """Letters and their marks as code points of their own (NFD)."""
    return rewrite(
        article, _by_letter(article.text, 0, len(article.text), lambda letter: unicodedata.normalize("NFD", letter))
    )


def capitalize(article: Article) -> Article:
    """All capitals."""
    return rewrite(article, _by_letter(article.text, 0, len(article.text), str.upper))


def open_abbreviations(article: Article) -> Article:
    """Abbreviations of `lexicon/abbreviations.tsv` written out (`HU` → `Huyện ủy`)."""

    def edits() -> Iterator[Edit]:
        common = {short for short in unambiguous() if len(short) >= _SHORTEST}
        for start, end, label in _stretches(article):
            surface = article.text[start:end]
            for first, last, words in openings(surface, label, article.text):
                stop = not label and surface[last - 1] == "."  # of the sentence
                if label or surface[first : last - stop] in common:
                    yield start + first, start + last - stop, words

    return rewrite(article, edits())


def close_abbreviations(article: Article) -> Article:
    """What has an abbreviation in `lexicon/abbreviations.tsv`, abbreviated (`Huyện ủy` → `HU`)."""

    def edits() -> Iterator[Edit]:
        for start, end, label in _stretches(article):
            composed, offsets = compose(article.text[start:end])
            folded = old_tones(composed.lower())
            if composed.isupper() or len(folded) != len(composed):
                continue
            shorter, pattern = _closings(label)
            for match in pattern.finditer(folded):
                first, last = (place if offsets is None else offsets[place] for place in match.span())
                yield start + first, start + last, shorter[" ".join(match.group().split())]

    return rewrite(article, edits())


NOISES: dict[str, Callable[[Article], Article]] = {
    "diacritics dropped": drop_diacritics,
    "stops glued": glue_stops,
    "NFD": decompose,
    "all capitals": capitalize,
    "abbreviations opened": open_abbreviations,
    "abbreviations closed": close_abbreviations,
}


def _by_letter(text: str, start: int, end: int, change: Callable[[str], str]) -> Iterator[Edit]:
    for place in range(start, end):
        new = change(text[place])
        if new != text[place]:
            yield place, place + 1, new


def _bare(letter: str) -> str:
    return "" if unicodedata.combining(letter) else bare(letter)


def _stretches(article: Article) -> Iterator[tuple[int, int, str]]:
    """Titles and bodies with their label, and what stands between names."""
    position = 0
    for entity in sorted(article.entities, key=lambda e: e.start):
        yield position, entity.start, ""
        if entity.label != "PER":
            yield entity.start, entity.end, entity.label
        position = entity.end
    yield position, len(article.text), ""


@cache
def _closings(label: str) -> tuple[dict[str, str], re.Pattern[str]]:
    forms: dict[str, str] = {}
    for short, expansion in unambiguous(label).items():
        if (label or len(short) >= _SHORTEST) and not short.endswith("."):
            forms.setdefault(normalize(expansion), short)
    longest_first = sorted(forms, key=lambda words: (-len(words), words))
    words = "|".join(r"\s+".join(map(re.escape, words.split())) for words in longest_first)
    return forms, re.compile(rf"(?<!\w)(?:{words})(?!\w)")
