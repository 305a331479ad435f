"""Variants of gold articles for training: the same annotation on text that is written another way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from vnreport.markup import Article, Entity, Sentence

_BETWEEN = re.compile(r"\s*[,–-]\s*|\s+")
_ADDRESS = re.compile(r"(?i)(?:các )?(?:đồng chí|đ/c|ông|bà|anh|chị)\s+\Z")
_SEPARATORS = (", ", " - ", "- ", " – ", " ")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence, an entity where it has a label."""

    text: str
    label: str = ""


Pieces = list[Piece]


def vary(article: Article, names: Sequence[str], rate: float, random: Random) -> Article:
    """A variant of an article: its sentences and entities, each sentence perhaps rewritten.

    Args:
        article: gold.
        names: persons' names to put in the place of those it has.
        rate: the probability of each rewriting, for each sentence, 0…1.
        random: where chance comes from.

    Returns:
        An article with text, sentences and entities; quantities and relations are left out.
    """
    rewritings: tuple[Callable[[Pieces, Sequence[str], Random], Pieces], ...] = (_rename, _reorder, _relist, _recase)
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


def _rename(pieces: Pieces, names: Sequence[str], random: Random) -> Pieces:
    """Other people."""
    return [Piece(random.choice(names), "PER") if p.label == "PER" and len(p.text.split()) > 1 else p for p in pieces]


def _reorder(pieces: Pieces, names: Sequence[str], random: Random) -> Pieces:
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


def _relist(pieces: Pieces, names: Sequence[str], random: Random) -> Pieces:
    """Another mark between bodies of a list."""
    mark = random.choice(_SEPARATORS[:-1])
    around = zip(["", *(p.label for p in pieces)], pieces, [*(p.label for p in pieces[1:]), ""], strict=False)
    return [Piece(mark) if (before, p.text, behind) == ("ORG", ", ", "ORG") else p for before, p, behind in around]


def _recase(pieces: Pieces, names: Sequence[str], random: Random) -> Pieces:
    """All capitals for what is short, small first letters of titles and bodies for the rest."""
    if sum(len(p.text.split()) for p in pieces) <= 25 and random.random() < 0.3:
        return [Piece(p.text.upper(), p.label) for p in pieces]
    return [
        Piece(p.text[0].lower() + p.text[1:], p.label)
        if i and p.label in ("TITLE", "ORG") and p.text[1:2].islower() and random.random() < 0.3
        else p
        for i, p in enumerate(pieces)
    ]
