"""Offices and names on lines of their own, as under a letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vnreport.relations.cues import ROLE, pattern
from vnreport.relations.offices import Office, items
from vnreport.relations.spans import Span
from vnreport.text import normalize

_SIGNS, _FOR_ANOTHER = (pattern(ROLE, kind) for kind in ("signs", "deputises"))
_LONGEST = 60
"""How many characters the marks of signing take."""
_FOR = re.compile(rf"[\W_]*(?:{_SIGNS}(?![^\W_])[\W_]*)*")
_SIGNS_FOR = re.compile(rf"{_SIGNS}(?![^\W_])")
_DEPUTISED = re.compile(rf"\b{_FOR_ANOTHER}\W*\Z")


def signatures(
    text: str, sentences: Sequence[Span], groups: Sequence[list[Span]]
) -> Iterator[tuple[Span, Span, Office]]:
    """The signed names of a text: the line of the name, the person, the office.

    Args:
        text: the composed text.
        sentences: its sentences.
        groups: the entities of each.
    """
    letterhead = body = _letterhead(sentences, groups)
    offices: list[Office] = []
    for sentence, members in zip(sentences, groups, strict=True):
        if not _bare(text, sentence, members):
            body, offices = None if _names_signer(text, sentence) else letterhead, []
            continue
        persons = [span for span in members if span.label == "PER"]
        start = sentence.start
        for item in items(text, members):
            words = normalize(text[start : item.start]) if item.start > start else ""
            start = item.end
            if isinstance(item, Office):
                if not _DEPUTISED.search(words):
                    offices.append(item if item.organisation or item.alone else Office(item.title, body, item.name))
            elif item.label == "ORG":
                body, offices = item, []
        if not persons:
            continue
        columns = len(persons) == len(offices) > 1
        for place, person in enumerate(persons):
            for office in offices[place : place + 1] if columns else offices:
                own = body is None or not columns or place == 0 or office.organisation is not body
                yield sentence, person, office if own else Office(office.title, None, office.name)
        letterhead = body = None
        offices = []


def _letterhead(sentences: Sequence[Span], groups: Sequence[list[Span]]) -> Span | None:
    """The body that sends a letter: the last of those that have the first lines to themselves."""
    body: Span | None = None
    for sentence, members in zip(sentences, groups, strict=True):
        if len(members) != 1 or members[0].label != "ORG":
            break
        if (members[0].start, members[0].end) != (sentence.start, sentence.end):
            break
        body = members[0]
    return body


def _names_signer(text: str, sentence: Span) -> bool:
    """Whether a line names for whom is signed, in words that are no entity: `T/M CHI BỘ`."""
    if sentence.end - sentence.start > _LONGEST:
        return False
    return _SIGNS_FOR.match(normalize(text[sentence.start : sentence.end])) is not None


def _bare(text: str, sentence: Span, members: list[Span]) -> bool:
    """Whether a line holds nothing but bodies, offices, then names, and the marks of signing."""
    if not members and sentence.end - sentence.start > _LONGEST:
        return False
    labels = [span.label for span in members]
    if "PER" in labels and set(labels[labels.index("PER") :]) != {"PER"}:
        return False
    start = sentence.start
    for span in [*members, None]:
        end = span.start if span else sentence.end
        if end - start > _LONGEST:
            return False
        piece = text[start:end]
        if piece and not _FOR.fullmatch(normalize(piece)):
            return False
        start = span.end if span else start
    return True
