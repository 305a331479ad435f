"""Noise changes the text and moves the gold along."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from vnreport.abbreviations import expand
from vnreport.corpus import read_articles
from vnreport.markup import Article, Entity, Quantity, Sentence, parse
from vnreport.noise import NOISES, rewrite

DEV = read_articles(ROOT / "corpus/articles/dev")


def surfaces(article: Article) -> list[str]:
    return [article.text[span.start : span.end] for span in spans_of(article)]


def spans_of(article: Article) -> list[Sentence | Entity | Quantity]:
    return [*article.sentences, *article.entities, *article.quantities]


def bare(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in letters if not unicodedata.combining(c))


KEPT: dict[str, Callable[[str], str]] = {  # what a noise does not change
    "diacritics dropped": bare,
    "stops glued": str,
    "NFD": lambda text: unicodedata.normalize("NFC", text),
    "all capitals": str.upper,
    "abbreviations opened": lambda text: expand(text).lower(),
    "abbreviations closed": lambda text: expand(text).lower(),
}


def test_each_noise_is_held_to_what_it_keeps() -> None:
    assert KEPT.keys() == NOISES.keys()


@pytest.mark.parametrize("name", [name for name in NOISES if "abbreviations" not in name])
def test_spans_cover_what_they_covered(name: str) -> None:
    for article in DEV:
        noisy = NOISES[name](article)
        assert [*map(KEPT[name], surfaces(noisy))] == [*map(KEPT[name], surfaces(article))]


@pytest.mark.parametrize("name", ["abbreviations opened", "abbreviations closed"])
def test_names_stay_the_same_names(name: str) -> None:
    changed = same = 0
    for article in DEV:
        noisy = NOISES[name](article)
        for one, other in zip(article.entities, noisy.entities, strict=True):
            before, after = article.text[one.start : one.end], noisy.text[other.start : other.end]
            if before != after:
                changed += 1
                same += (
                    expand(before, one.label, article.text).lower() == expand(after, other.label, article.text).lower()
                )
    assert changed > 300
    assert same > 0.95 * changed  # an abbreviation that was closed may be opened in another way


@pytest.mark.parametrize("name", NOISES)
def test_labels_values_and_relations_stay(name: str) -> None:
    for article in DEV[:5]:
        noisy = NOISES[name](article)
        assert noisy.text != article.text or name == "stops glued"
        assert [s.label for s in noisy.sentences] == [s.label for s in article.sentences]
        assert [e.label for e in noisy.entities] == [e.label for e in article.entities]
        assert [(q.kind, q.value) for q in noisy.quantities] == [(q.kind, q.value) for q in article.quantities]
        assert (noisy.roles, noisy.facts) == (article.roles, article.facts)
        assert NOISES[name](article) == noisy


SOURCE = (
    "kind: x\n---\n"
    "O| [Lò Panh]PER- [HUV]TITLE, [Bí thư]TITLE [Đảng ủy xã]ORG, dự họp KT-XH.\n"
    "A> Đạt {5 tiêu chí|count 5 tiêu chí}.\n"
    "D> 1.Xây dựng nông thôn mới của [UBND {xã 5|identifier}]ORG.\n"
)


@pytest.mark.parametrize(
    ("name", "text", "spans"),
    [
        (
            "stops glued",
            "Lò Panh- HUV, Bí thư Đảng ủy xã, dự họp KT-XH.Đạt 5 tiêu chí. 1.Xây dựng nông thôn mới của UBND xã 5.",
            ["Lò Panh", "HUV", "Bí thư", "Đảng ủy xã", "UBND xã 5", "5 tiêu chí", "xã 5"],
        ),
        (
            "all capitals",
            "LÒ PANH- HUV, BÍ THƯ ĐẢNG ỦY XÃ, DỰ HỌP KT-XH. ĐẠT 5 TIÊU CHÍ. 1.XÂY DỰNG NÔNG THÔN MỚI CỦA UBND XÃ 5.",
            ["LÒ PANH", "HUV", "BÍ THƯ", "ĐẢNG ỦY XÃ", "UBND XÃ 5", "5 TIÊU CHÍ", "XÃ 5"],
        ),
        (
            "abbreviations opened",
            "Lò Panh- Huyện ủy viên, Bí thư Đảng ủy xã, dự họp Kinh tế - Xã hội. Đạt 5 tiêu chí."
            " 1.Xây dựng nông thôn mới của Ủy ban nhân dân xã 5.",
            ["Lò Panh", "Huyện ủy viên", "Bí thư", "Đảng ủy xã", "Ủy ban nhân dân xã 5", "5 tiêu chí", "xã 5"],
        ),
        (
            "abbreviations closed",
            "Lò Panh- HUV, BT ĐUX, dự họp KT-XH. Đạt 5 tiêu chí. 1.Xây dựng NTM của UBND xã 5.",
            ["Lò Panh", "HUV", "BT", "ĐUX", "UBND xã 5", "5 tiêu chí", "xã 5"],
        ),
    ],
)
def test_what_a_noise_does(name: str, text: str, spans: list[str]) -> None:
    noisy = NOISES[name](parse(SOURCE))
    assert noisy.text == text
    assert surfaces(noisy)[3:] == spans


def test_a_tenth_of_the_words_lose_their_diacritics() -> None:
    article = parse("kind: x\n---\nO| " + "Đảng ủy xã " * 500 + "họp.\n")
    words = NOISES["diacritics dropped"](article).text.split()
    assert 0.07 < sum(word.isascii() for word in words) / len(words) < 0.13


@st.composite
def articles_with_edits(draw: st.DrawFn) -> tuple[Article, list[tuple[int, int, str]]]:
    text = draw(st.text("aĐ. 5\u0301", min_size=1, max_size=40))
    offset = st.integers(0, len(text))
    spans = [
        (a, b) for a, b in (sorted(pair) for pair in draw(st.lists(st.tuples(offset, offset), max_size=8))) if a < b
    ]
    cuts = sorted(draw(st.sets(offset, max_size=12)))
    edits = [(a, b, draw(st.text("xy", max_size=3))) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    third = len(spans) // 3
    article = Article(
        "a",
        {},
        text,
        [Sentence(a, b, "OTHER") for a, b in spans[:third]],
        [Entity(a, b, "ORG") for a, b in spans[third : 2 * third]],
        [Quantity(a, b, "identifier") for a, b in spans[2 * third :]],
    )
    return article, edits


@given(articles_with_edits())
def test_a_span_covers_its_own_text_with_the_edits_inside_it(case: tuple[Article, list[tuple[int, int, str]]]) -> None:
    article, edits = case
    spans = spans_of(article)
    edges = {edge for s in spans for edge in (s.start, s.end)}
    kept = [(a, b, new) for a, b, new in edits if not any(a < edge < b for edge in edges)]

    def edited(start: int, end: int) -> str:
        pieces, position = [], start
        for a, b, new in kept:
            if start <= a and b <= end:
                pieces += [article.text[position:a], new]
                position = b
        return "".join([*pieces, article.text[position:end]])

    noisy = rewrite(article, reversed(edits))
    assert noisy.text == edited(0, len(article.text))
    assert surfaces(noisy) == [edited(span.start, span.end) for span in spans]
