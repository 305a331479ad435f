"""The people and bodies of a text, each with all its mentions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, TypedDict

from vnreport.abbreviations import expand
from vnreport.relations.cues import ROLE
from vnreport.relations.spans import LabelledSpan
from vnreport.text import normalize

_LEVELS = frozenset(ROLE["level"])
_BEFORE_PLACES = _LEVELS | frozenset(ROLE["seat"])
_NATION = "mặt trận tổ quốc việt nam"

_LONGEST = 8
"""How many words at the end of a person's name are compared."""
_MOST = 40
"""How many words at the beginning of a body's name."""

Words = tuple[str, ...]


class Party(TypedDict):
    """A person or body and where the text names it.

    Attributes:
        label: `PER` or `ORG`.
        name: its fullest mention, in its regular form.
        mentions: indices of entities, in the order of the text.
    """

    label: Literal["PER", "ORG"]
    name: str
    mentions: list[int]


def link(text: str, entities: Sequence[LabelledSpan], norms: Sequence[str] = ()) -> list[Party]:
    """Join the mentions of one person and of one body.

    A short name belongs to the last person before it whose name ends with it
    (`Nguyễn Văn Hùng` … `đ/c Hùng`), or else to the next such person. A body
    without its place belongs to the one body of the text that has it (`Đảng ủy
    xã` … `Đảng ủy xã Phong Hải`); where two bodies have places it stays apart.

    Args:
        text: the text, as given.
        entities: spans labelled `PER`, `TITLE`, `ORG`, in the order of the text.
        norms: their regular forms (`vnreport.abbreviations.expand`), where they are known.

    Returns:
        People and bodies in the order of their first mentions.
    """
    forms = norms or [expand(text[e.start : e.end], e.label, text) for e in entities]
    names = {i: form for i, (e, form) in enumerate(zip(entities, forms, strict=True)) if e.label != "TITLE"}
    people = {i: _words(name) for i, name in names.items() if entities[i].label == "PER"}
    bodies = {i: _words(name) for i, name in names.items() if entities[i].label == "ORG"}
    parties = _parties("PER", _join_people(people), names) + _parties("ORG", _join_bodies(bodies), names)
    return sorted(parties, key=lambda party: party["mentions"][0])


def _words(name: str) -> Words:
    return tuple(normalize(name).replace(_NATION, _NATION.removesuffix(" việt nam")).split()) if name else ()


def _parties(label: Literal["PER", "ORG"], keys: Mapping[int, Words], names: Mapping[int, str]) -> list[Party]:
    groups: dict[Words, list[int]] = {}
    for index, key in keys.items():
        groups.setdefault(key, []).append(index)
    return [
        Party(label=label, name=max((names[i] for i in group), key=len), mentions=group) for group in groups.values()
    ]


def _join_people(mentions: Mapping[int, Words]) -> dict[int, Words]:
    """The fullest name of each mention of a person."""
    keys = _join_short(mentions.items())
    late = _join_short(list(mentions.items())[::-1])
    return {i: late[i] if keys[i] == words and len(words) == 1 else keys[i] for i, words in mentions.items()}


def _join_short(mentions: Iterable[tuple[int, Words]]) -> dict[int, Words]:
    """Each name, or the last one before it that ends with it."""
    keys: dict[int, Words] = {}
    known: dict[Words, Words] = {}
    for index, words in mentions:
        keys[index] = known.get(words, words)
        if keys[index] == words:
            known.update((words[start:], words) for start in range(1, min(len(words), _LONGEST)))
    return keys


def _join_bodies(mentions: Mapping[int, Words]) -> dict[int, Words]:
    """Each body with its place, where the text names one such body."""
    longer: dict[Words, set[Words]] = {}
    for words in set(mentions.values()):
        for end in range(1, min(len(words), _MOST)):
            if _is_place(words[end:]) or _is_seat(words[:end]):
                longer.setdefault(words[:end], set()).add(words)
    return {index: _fullest(words, longer.get(words, ())) for index, words in mentions.items()}


def _is_place(words: Words) -> bool:
    return words[0] in _LEVELS or " ".join(words[:2]) in _LEVELS


def _is_seat(words: Words) -> bool:
    return words[-1] in _BEFORE_PLACES or " ".join(words[-2:]) in _BEFORE_PLACES


def _fullest(words: Words, longer: Collection[Words]) -> Words:
    """The longest of the names that go on from one, if all the others lead to it."""
    fullest = max(longer, key=lambda name: (len(name), name), default=words)
    return fullest if all(fullest[: len(name)] == name for name in longer) else words
