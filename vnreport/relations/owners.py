"""Who set a plan."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from vnreport.relations.cues import INDICATOR, pattern
from vnreport.relations.spans import Span
from vnreport.text import normalize

_ISSUER, _PLAN, _SET = (pattern(INDICATOR, kind) for kind in ("issuer", "plan", "set"))
_BEHIND_BODY = re.compile(rf"\s*(?:{_SET}\b|\Z|[,.;()])")
_NAMES_PLAN = re.compile(rf"{_PLAN}\b[^,;]*\Z")
_SETS = re.compile(rf"\b({_ISSUER}) {_SET}\b|{_PLAN} (?:năm |của )?({_ISSUER})\b(?! tới)")
_FAR = 400
"""How many characters behind the first figure its plan's owner may stand."""


def plan_owner(text: str, start: int, end: int, bodies: Sequence[Span]) -> str | None:
    """The words between two offsets that name who set the plan told there.

    Args:
        text: the composed text.
        start: behind the first figure.
        end: before the next indicator.
        bodies: the bodies named in the sentence.
    """
    end = min(end, start + _FAR)
    for body in bodies[bisect_left(bodies, start, key=lambda span: span.start) :]:
        if body.start >= end:
            break
        if _BEHIND_BODY.match(text[body.end : end].lower()) and _NAMES_PLAN.search(normalize(text[start : body.start])):
            return text[body.start : body.end]
    region = text[start:end]
    match = _SETS.search(region.lower())
    return None if match is None else region[slice(*match.span(match.lastindex or 0))]
