"""Who set a plan."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vnreport.relations.cues import ISSUER, PLAN, SET
from vnreport.relations.spans import Span
from vnreport.text import normalize

_BEHIND_BODY = re.compile(rf"\s*(?:{SET}\b|\Z|[,.;()])")
_NAMES_PLAN = re.compile(rf"{PLAN}\b[^,;]*\Z")
_SETS = re.compile(rf"\b({ISSUER}) {SET}\b|{PLAN} (?:năm |của )?({ISSUER})\b(?! tới)")


def plan_owner(text: str, start: int, end: int, bodies: Sequence[Span]) -> str | None:
    """The words between two offsets that name who set the plan told there.

    Args:
        text: the composed text.
        start: behind the first figure.
        end: before the next indicator.
        bodies: the bodies named in the sentence.
    """
    for body in bodies:
        if (
            start <= body.start < end
            and _BEHIND_BODY.match(text[body.end : end].lower())
            and _NAMES_PLAN.search(normalize(text[start : body.start]))
        ):
            return text[body.start : body.end]
    region = text[start:end]
    match = _SETS.search(region.lower())
    return None if match is None else region[slice(*match.span(match.lastindex or 0))]
