"""Variants of gold articles for training: the same annotation on text that is written another way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from vnreport.markup import Article, Entity, Sentence

_BETWEEN = re.compile(r"\s*[,–-]\s*|\s+")
_ADDRESS = re.compile(r"(?i)(?:các )?(?:đồng chí|đ/c|ông|bà|anh|chị)\s+\Z")
_SEPARATORS = (", ", " - ", "- ", " – ", " ")
_LEVEL = r"(?:tỉnh|thành phố|quận|huyện|thị xã|thị trấn|phường|xã|(?:[Tt]ỉnh|[Tt]hành|[Qq]uận|[Hh]uyện|[Tt]hị) ủy)"
_PLACED = re.compile(rf"(?P<body>.*\b{_LEVEL}) (?P<place>[^\W\d_a-z]\w*(?: [^\W\d_a-z]\w*){{0,3}})")
_UNPLACED = re.compile(rf".*\b{_LEVEL}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence, an entity where it has a label."""

    text: str
    label: str = ""


Pieces = list[Piece]


@dataclass(frozen=True, slots=True)
class Names:
    """Names to put in the place of those that an article has."""

    people: Sequence[str]
    places: Sequence[str]


def collect_names(articles: Iterable[Article]) -> Names:
    """The people of the articles, and the places that bodies are named after, each once, in order."""
    people, places = set(), set()
    for article in articles:
        for entity in article.entities:
            text = article.text[entity.start : entity.end]
            if entity.label == "PER" and " " in text:
                people.add(text)
            elif entity.label == "ORG" and (placed := _PLACED.fullmatch(text)) and placed["place"].istitle():
                places.add(placed["place"])
    return Names(sorted(people), sorted(places))


def vary(article: Article, names: Names, rate: float, random: Random) -> Article:
    """A variant of an article: its sentences and entities, each sentence perhaps rewritten.

    Args:
        article: gold.
        names: to put in the place of those it has.
        rate: the probability of each rewriting, for each sentence, 0…1.
        random: where chance comes from.

    Returns:
        An article with text, sentences and entities; quantities and relations are left out.
    """
    rewritings: tuple[Callable[[Pieces, Names, Random], Pieces], ...] = (_rename, _resettle, _reorder, _relist, _recase)
    text, sentences, entities, end = "", [], [], 0
    for sentence in article.sentences:
        pieces = _pieces(article, sentence)
        for rewrite in rewritings:
            if random.random() < rate:
                pieces = rewrite(pieces, names, random)
        text += article.text[end : sentence.start]
        start = len(text)
        for piece in pieces:
            if piece.label:
                entities.append(Entity(len(text), len(text) + len(piece.text), piece.label))
            text += piece.text
        sentences.append(Sentence(start, len(text), sentence.label))
        end = sentence.end
    return Article(article.id, article.meta, text + article.text[end:], sentences, entities)


def _pieces(article: Article, sentence: Sentence) -> Pieces:
    pieces, end = [], sentence.start
    for entity in sorted(article.entities, key=lambda e: e.start):
        if sentence.start <= entity.start and entity.end <= sentence.end:
            pieces.append(Piece(article.text[end : entity.start]))
            pieces.append(Piece(article.text[entity.start : entity.end], entity.label))
            end = entity.end
    pieces.append(Piece(article.text[end : sentence.end]))
    return [piece for piece in pieces if piece.text]


def _rename(pieces: Pieces, names: Names, random: Random) -> Pieces:
    """Other people."""
    return [
        Piece(random.choice(names.people), "PER") if p.label == "PER" and " " in p.text and names.people else p
        for p in pieces
    ]


def _resettle(pieces: Pieces, names: Names, random: Random) -> Pieces:
    """Bodies of other places; a body that only names its level is now and then given a place."""
    if not names.places:
        return pieces
    moved = []
    for piece in pieces:
        text = piece.text
        if piece.label == "ORG":
            if (placed := _PLACED.fullmatch(text)) and placed["place"].istitle():
                text = f"{placed['body']} {_place(names, random)}"
            elif _UNPLACED.fullmatch(text) and random.random() < 0.5:
                text = f"{text} {_place(names, random)}"
        moved.append(Piece(text, piece.label))
    return moved


def _place(names: Names, random: Random) -> str:
    """A known place, or one that two of them make: most places of the country are in no article."""
    place = random.choice(names.places)
    return place if random.random() < 0.5 else f"{place.split()[0]} {random.choice(names.places).split()[-1]}"


def _reorder(pieces: Pieces, names: Names, random: Random) -> Pieces:
    """`An, Bí thư Huyện ủy` as newspapers write it, `Bí thư Huyện ủy An`, or with another mark between."""
    for i in range(len(pieces) - 4):
        person, gap, title, space, body = pieces[i : i + 5]
        if [p.label for p in (person, gap, title, space, body)] != ["PER", "", "TITLE", "", "ORG"]:
            continue
        if not (_BETWEEN.fullmatch(gap.text) and space.text.isspace()):
            continue
        before = pieces[:i]
        if random.random() < 0.5:
            return [*pieces[: i + 1], Piece(random.choice(_SEPARATORS[:-1])), *pieces[i + 2 :]]
        if before and not before[-1].label:
            before[-1] = Piece(_ADDRESS.sub("", before[-1].text))
        return [p for p in [*before, title, space, body, Piece(" "), person, *pieces[i + 5 :]] if p.text]
    return pieces


def _relist(pieces: Pieces, names: Names, random: Random) -> Pieces:
    """Another mark between bodies of a list."""
    mark = random.choice(_SEPARATORS[:-1])
    around = zip(["", *(p.label for p in pieces)], pieces, [*(p.label for p in pieces[1:]), ""], strict=False)
    return [Piece(mark) if (before, p.text, behind) == ("ORG", ", ", "ORG") else p for before, p, behind in around]


def _recase(pieces: Pieces, names: Names, random: Random) -> Pieces:
    """All capitals for what is short, small first letters of titles and bodies for the rest."""
    if sum(len(p.text.split()) for p in pieces) <= 25 and random.random() < 0.3:
        return [Piece(p.text.upper(), p.label) for p in pieces]
    return [
        Piece(p.text[0].lower() + p.text[1:], p.label)
        if i and p.label in ("TITLE", "ORG") and p.text[1:2].islower() and random.random() < 0.3
        else p
        for i, p in enumerate(pieces)
    ]
