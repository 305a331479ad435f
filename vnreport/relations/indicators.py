"""Which figure of a report is set against which plan, base or earlier period."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TypedDict

from vnreport.relations.figures import tells_figures
from vnreport.relations.grammar import KEYS, Direction, Relation
from vnreport.relations.owners import plan_owner
from vnreport.relations.reader import Draft, Reader
from vnreport.relations.spans import LabelledSpan, Offsets, QuantityLike, Span, group
from vnreport.relations.verdict import Verdict, check, check_sum

_FAR = 400
"""How many characters before an indicator its period may stand."""


class Indicator(TypedDict):
    """One figure set against another; quantities by their index.

    Attributes:
        sentence: index of the sentence that states it.
        name: the words that say what is measured; empty where there are none.
        actual: the figure reported.
        plan: the target it is set against; of a ratio that is both, the same index.
        base: an earlier value.
        stated: the percentage of plan or base that the text states.
        growth: the change in per cent, or how many times over.
        excess: the change, or how far from the plan, as an amount or in points.
        period: the period it was reached in.
        owner: the words that name who set the plan.
        direction: whether `growth` or `excess` went up or down.
        parts: of a sum, the figures that should add up to `actual`; else empty.
        relation: which stated figure `recomputed` and `verdict` speak of.
        recomputed: what follows from the other figures, a decimal string.
        verdict: how the stated figure meets it.
    """

    sentence: int
    name: str
    actual: int | None
    plan: int | None
    base: int | None
    stated: int | None
    growth: int | None
    excess: int | None
    period: int | None
    owner: str | None
    direction: Direction | None
    parts: list[int]
    relation: Relation | None
    recomputed: str | None
    verdict: Verdict


def find_indicators(
    text: str,
    quantities: Sequence[QuantityLike],
    sentences: Sequence[LabelledSpan],
    entities: Sequence[LabelledSpan] = (),
) -> list[Indicator]:
    """Set the figures of a text against the plans and bases that it gives for them.

    Args:
        text: the text, as given.
        quantities: its numeric expressions, in the order of the text.
        sentences: spans that cover the text in its order. Where they are
            labelled, `OTHER` reports no figure, and those of a `DIRECTIVE` are
            still to be reached.
        entities: spans labelled `ORG` tell who set a plan.

    Returns:
        One indicator for each figure reported against something, in the order
        of the text; one for each plan where a figure has several. A figure that
        is told with its parts makes one more, whose relation is `sum`.
    """
    offsets = Offsets(text)
    spans = offsets.spans(sentences)
    members = group(offsets.spans(quantities), spans)
    bodies = group([span for span in offsets.spans(entities) if span.label == "ORG"], spans)
    found: list[tuple[Reader, Draft, Sequence[Span]]] = []
    before: Reader | None = None
    for sentence, inside, owners in zip(spans, members, bodies, strict=True):
        if not tells_figures(inside, quantities):
            continue
        reader = Reader(offsets.text, sentence, inside, quantities, before)
        if reader.row:
            if sentence.label != "OTHER":
                found += [(reader, draft, owners) for draft in reader.read()]
            before = reader
    return [_indicator(reader, draft, owners) for reader, draft, owners in found]


def _indicator(reader: Reader, draft: Draft, bodies: Sequence[Span]) -> Indicator:
    actual = draft.actual
    way = draft.direction
    result = check_sum(actual, draft.parts) if actual and draft.parts else check(draft.figures, way)
    index = {key: draft.figures[key].span.index if key in draft.figures else None for key in KEYS}
    return Indicator(
        sentence=reader.sentence.index,
        name=draft.name,
        actual=index["actual"],
        plan=index["plan"],
        base=index["base"],
        stated=index["stated"],
        growth=index["growth"],
        excess=index["excess"],
        period=_period(reader, draft),
        owner=_owner(reader, draft, bodies),
        direction=way,
        parts=[part.span.index for part in draft.parts],
        relation=result.relation,
        recomputed=result.recomputed,
        verdict=result.verdict,
    )


def _period(reader: Reader, draft: Draft) -> int | None:
    """The last period told before an indicator, in its part of the sentence."""
    first = draft.begin
    place = bisect_left(reader.periods, first + 1, key=lambda period: period.end) - 1
    if place < 0 or first - (period := reader.periods[place]).end > _FAR:
        return None
    return None if ";" in reader.text[period.end : first] else period.index


def _owner(reader: Reader, draft: Draft, bodies: Sequence[Span]) -> str | None:
    if draft.figures.keys().isdisjoint(("plan", "stated", "growth", "excess")):
        return None
    first = min(figure.span.end for figure in draft.figures.values() if figure.span.start >= draft.begin)
    place = bisect_left(reader.drafts, draft.begin + 1, key=lambda other: other.begin)
    until = reader.drafts[place].begin if place < len(reader.drafts) else reader.sentence.end
    return plan_owner(reader.text, first, until, bodies)
