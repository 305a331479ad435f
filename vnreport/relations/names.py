"""The words that say what a figure measures."""

from __future__ import annotations

import re

from vnreport.relations.cues import INDICATOR, pattern
from vnreport.text import normalize

_OPEN, _CLOSE, _HEADS, _PLAN, _BESIDE = (
    pattern(INDICATOR, kind) for kind in ("opening", "closing", "head", "plan", "beside")
)
_OPENING = re.compile(rf"(?:{_OPEN}|\d{{1,2}}[.)]|[-+*•])(?=\s|\Z)\s*")
_CLOSING = re.compile(rf"(?:\A|\s){_CLOSE}\Z")
_KEPT = re.compile(rf"{pattern(INDICATOR, 'kept')}\Z")
_SINCE = re.compile(r"\bso với .*\Z", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^()]*\)")
_GENERIC = frozenset(INDICATOR["generic"])
_ACTS = frozenset(INDICATOR["act"])
_PARTS = re.compile(r"[,;:()\n]|\.\s|\bcho (?:biết|hay|rằng)\b")
_BULLET = re.compile(r"\A\s*[-–—+*•]\s")
_EDGES = re.compile(r"\A[\s\W_]+|[\s\W_]+\Z")
_HEAD = re.compile(rf"{_HEADS} \w")
_ONE = r"(?!so )[“\"]?[^\W\d]+[”\"]?"
_TAIL = re.compile(rf"{_ONE}(?: {_ONE}){{0,3}}")
_LONG_TAIL = re.compile(rf"{_ONE}(?: {_ONE}){{0,8}}")
_NOT_A_TAIL = re.compile(rf"(?:{_PLAN}|{_BESIDE})\b", re.IGNORECASE)
_PLAN_BEFORE = re.compile(rf"\s*{_PLAN}\s+", re.IGNORECASE)
_OF_ISSUER = re.compile(rf"{pattern(INDICATOR, 'issuer')}\b", re.IGNORECASE)
_ENDS_WITH_ACT = re.compile(rf"(?:\A|\s){pattern(INDICATOR, 'act')}\Z")
_CONCERNS = re.compile(r"\s*về ((?:(?!(?:và|so|trong|theo)\b)[^\W\d]+ ?){2,8})", re.IGNORECASE)
_EACH = re.compile(r"\blần lượt\b", re.IGNORECASE)
_LIST_PARTS = re.compile(r"[,:()\n]|\bvà\b|\bcủa các\b", re.IGNORECASE)
_LONG = 8
"""Spaces in a stretch of words that is a clause rather than a name."""


def indicator_name(before: str, unit: str | None, behind: str, *, first: bool) -> str:
    """The noun phrase of a figure.

    Args:
        before: the text between the figure and the one before it.
        unit: the noun that the figure counts.
        behind: the text up to the next figure.
        first: whether the figure is the first of its sentence.

    Returns:
        Words as typed; empty where nothing is named.
    """
    before = _BRACKETS.sub(" ", before)
    clause = before.rpartition(";")[2]
    parts = _PARTS.split(_BULLET.sub("", clause))
    if not first and len(parts) > 1 and clause == before:
        parts = parts[1:]
    rest = behind.lstrip()
    tail = _LONG_TAIL.match(rest)
    counts = unit is not None and not _clean(parts[-1]) and not clause.rstrip().endswith(":")
    if counts and tail:
        return f"{unit} {tail.group()}"
    name = _noun_phrase([piece for part in parts if (piece := _clean(part))])
    generic = unit is None or normalize(unit) in _GENERIC
    if name.count(" ") >= _LONG and tail and not generic:
        return f"{unit} {tail.group()}"
    short = None if _NOT_A_TAIL.match(rest) else _TAIL.match(rest)
    for words in ("" if generic and (name or unit is None) else unit, short.group() if short else ""):
        if words and normalize(words) not in normalize(name):
            name = f"{name} {words}".strip()
    return name


def listed_names(before: str, count: int) -> list[str]:
    """The last `count` names of a list before `lần lượt`; none where the list is shorter."""
    clause = _EACH.split(before.rpartition(";")[2])[0]
    names = [name for part in _LIST_PARTS.split(clause) if (name := _clean(part))]
    return names[-count:] if 1 < count <= len(names) else []


def is_act(name: str) -> bool:
    """Whether a name ends with a bare verb (`xã hoàn thành`), so that it says nothing of what is measured."""
    return _ENDS_WITH_ACT.search(normalize(name)) is not None if name else True


def plan_name(behind: str) -> str:
    """The words that name a plan: `giao quân` of `chỉ tiêu giao quân năm 2022`; empty if there are none."""
    match = _PLAN_BEFORE.match(behind)
    if match is None or _NOT_A_TAIL.match(rest := behind[match.end() :]) or _OF_ISSUER.match(rest):
        return ""
    tail = _TAIL.match(rest)
    return tail.group() if tail else ""


def concerned_name(behind: str) -> str:
    """The words that name what changed: `số vốn đăng ký` of `giảm 3,5% về số vốn đăng ký`; empty if there are none."""
    match = _CONCERNS.match(behind)
    return match[1].strip() if match else ""


def _noun_phrase(pieces: list[str]) -> str:
    """The last piece; with those before it where a list began with the head of a figure's name."""
    for place in range(len(pieces) - 1, max(len(pieces) - 4, -1), -1):
        if _HEAD.match(pieces[place].lower()):
            return ", ".join(pieces[place:])
    name = ""
    for piece in reversed(pieces):
        if name and piece.count(" ") >= _LONG:
            break
        name = f"{piece} {name}".strip()
        if " " in name and normalize(name) not in _ACTS:
            break
    return name


def _clean(part: str) -> str:
    previous = None
    while part != previous:
        previous = part
        part = _SINCE.sub("", _EDGES.sub("", part))
        if match := _OPENING.match(part.lower()):
            part = part[match.end() :]
        low = part.lower()
        if (match := _CLOSING.search(low)) and not _KEPT.search(low):
            part = part[: match.start()]
    return " ".join(part.split())
