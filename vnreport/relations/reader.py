"""Reads the figures of a sentence from left to right and groups them into indicators."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Literal

from vnreport.relations.figures import STEP, Figure, figures
from vnreport.relations.grammar import (
    ADJUNCT,
    AGAINST,
    AGAINST_PLAN,
    ALL_PARTS,
    BREAK,
    COMPARED_WITH,
    COMPARES,
    DISBURSED,
    EACH,
    EQUALS,
    FROM,
    GROWTH_RATE,
    LEADS_TO,
    LIMIT,
    LIST_JOINT,
    MISSED,
    NOW,
    OUT_OF,
    PAIR,
    PLANNED,
    REACHED,
    SHARED,
    SINCE,
    SINCE_PLAN,
    SOME_PARTS,
    STATED,
    THIS,
    TO_LEVEL,
    YEARLY,
    Direction,
    Key,
    against_base,
    change_key,
    counted_noun,
    direction,
    is_change,
    is_compared,
    is_same_change,
    is_target,
    names_base,
    names_level,
    names_plan,
    reaches,
    states_plan,
)
from vnreport.relations.names import concerned_name, indicator_name, is_act, listed_names, plan_name
from vnreport.relations.spans import QuantityLike, Span
from vnreport.relations.verdict import agrees, check_sum
from vnreport.text import normalize

_NEAR = 12
"""How many figures back a plan, or the figure that changed, is looked for."""
_CLAUSE = 300
_LEAD = 16
_COMPARING = ("so với ", "so với cuối ", "cùng kỳ ", "cùng kì ")
_COMPARING_KEYS = ("stated", "growth", "excess")
_RATES = ("tỷ lệ", "tỉ lệ", "hộ nghèo", "hộ cận nghèo")


@dataclass(slots=True)
class Draft:
    """An indicator in the making.

    Attributes:
        reader: what reads its sentence.
        naming: the figure whose words name it.
        before: the draft before it.
        told: its name once it was looked for.
        begin: where its first own figure begins.
        figures: what was found so far.
        last: the key that was filled last.
        share: a percentage behind the actual figure that is a share of a whole.
        direction: which way its growth or excess goes.
        parts: where it is a sum, the figures that add up to it.
    """

    reader: Reader
    naming: Figure
    before: Draft | None
    begin: int
    told: str | None = None
    figures: dict[Key, Figure] = field(default_factory=dict)
    last: Key = "actual"
    share: Figure | None = None
    direction: Direction | None = None
    parts: Sequence[Figure] = ()

    @property
    def name(self) -> str:
        """The words that say what is measured: its own or, where they say nothing, those of the draft before it."""
        unnamed: list[Draft] = []
        draft: Draft | None = self
        while draft is not None and draft.told is None:
            draft.told = draft.reader.own_name(draft.naming)
            unnamed.append(draft)
            draft = None if draft.told else draft.before
        if unnamed:
            told = unnamed[-1].told or (draft.told if draft else "")
            for draft in unnamed:
                draft.told = told
        return self.told or ""

    def add(self, key: Key, figure: Figure) -> None:
        """Fill a key."""
        if key in ("growth", "excess") and self.direction is None:
            self.direction = direction(figure)
        self.figures[key] = figure
        self.last = key

    @property
    def actual(self) -> Figure | None:
        """The figure reported."""
        return self.figures.get("actual")


class Reader:
    """The figures of one sentence, and the indicators they make.

    Attributes:
        row: the figures, in their order.
        periods: the periods and durations told between them.
        drafts: what its figures were grouped into, once `read` was called.
        last: the last of them that is an indicator.
    """

    def __init__(
        self,
        text: str,
        sentence: Span,
        members: Sequence[Span],
        quantities: Sequence[QuantityLike],
        before: Reader | None,
    ) -> None:
        self.text = text
        self.sentence = sentence
        self.row = list(figures(text, sentence, members, quantities))
        times = [span for span in members if quantities[span.index].kind in ("date", "period", "duration")]
        self.periods = [span for span in times if self._tells_when(span, quantities[span.index])]
        self.drafts: list[Draft] = []
        self.last: Draft | None = None
        self._before = before
        self._times = times
        self._each = self._distribute() if "lần lượt" in text[sentence.start : sentence.end].lower() else {}

    def _tells_when(self, span: Span, quantity: QuantityLike) -> bool:
        """Whether a time is one that figures were reached in, not a day, a spell or what they are compared with."""
        if quantity.kind == "date" or (quantity.kind == "duration" and quantity.unit not in ("tháng", "năm")):
            return False
        return not self.text[max(self.sentence.start, span.start - _LEAD) : span.start].lower().endswith(_COMPARING)

    def read(self) -> Iterator[Draft]:
        """The indicators of the sentence; a figure that is set against nothing makes none."""
        draft: Draft | None = None
        for figure in self.row:
            if BREAK.search(figure.left):
                draft = None
            if figure.place in self._each:
                draft = self._open(figure)
            else:
                draft = self._take(draft, figure) or self._open(figure)
        results = {d.actual.place for d in self.drafts if d.actual and not d.figures.keys().isdisjoint(_COMPARING_KEYS)}
        for draft in self.drafts:
            self._complete(draft, results)
            _settle_change(draft)
            if self._holds(draft) and not self._completes_last(draft):
                self.last = draft
                yield draft
        yield from self._sums()
        self._before = None

    def _distribute(self) -> dict[int, str]:
        """`A, B lần lượt đạt p%, q%`: the name of each figure, by its place; the words around the list go to all."""
        names: dict[int, str] = {}
        for place, first in enumerate(self.row):
            each = EACH.fullmatch(first.left)
            if place in names or each is None:
                continue
            last = place
            while (
                last + 1 < len(self.row)
                and self.row[last + 1].alike(first)
                and LIST_JOINT.fullmatch(self.row[last + 1].left)
            ):
                last += 1
            start = self.row[place - 1].span.end if place else self.sentence.start
            listed = listed_names(
                self._words(max(start, first.span.start - _CLAUSE), first.span.start), last + 1 - place
            )
            if not listed:
                continue
            left, right = f"{each['before']}{each['behind']}".strip(), self.row[last].right
            for at, name in enumerate(listed, start=place):
                names[at] = name
                self.row[at] = replace(self.row[at], left=left, right=right)
        return names

    def _sums(self) -> Iterator[Draft]:
        """`tổng 120 ha, gồm 80 ha lúa, 40 ha ngô`: a figure whose parts follow it."""
        for total in self.row:
            whole = ALL_PARTS.fullmatch(total.right) is not None
            if total.percent or total.ratio or not (whole or SOME_PARTS.fullmatch(total.right)):
                continue
            parts: list[Figure] = []
            verdict = None
            for figure in self.row[total.place + 1 : total.place + 1 + _NEAR]:
                if BREAK.search(figure.left) or not (figure.alike(total) and figure.counts_same(total)):
                    break
                parts.append(figure)
                if len(parts) > 1 and (verdict := check_sum(total, parts).verdict) not in ("off", "undecidable"):
                    break
            if len(parts) > 1 and (whole or verdict != "off") and verdict != "undecidable":
                yield Draft(self, total, None, total.span.start, self.name(total), {"actual": total}, parts=parts)

    def _new(self, figure: Figure, same: Draft | None = None) -> Draft:
        """A draft that begins with a figure, with the name of that figure or of another draft."""
        last = self.drafts[-1] if self.drafts else None
        naming, before, told = (same.naming, same.before, same.told) if same else (figure, last, None)
        draft = Draft(self, naming, before, figure.span.start, told)
        self.drafts.append(draft)
        return draft

    def _take(self, draft: Draft | None, figure: Figure) -> Draft | None:
        """The draft that a figure belongs to, with the figure in it; None where it begins another."""
        if draft is None:
            return None
        if draft.share is not None and figure.percent and (of_share := self._of_share(draft, draft.share, figure)):
            return of_share
        if draft.last == "actual" and not figure.percent and ADJUNCT.fullmatch(figure.left):
            return draft
        key = self._key(draft, figure)
        if key is None or key == "adjunct":
            return None if key is None else draft
        if key == "share":
            draft.share = figure
            return draft
        if key == "growth" and concerned_name(figure.right):
            return None
        if key == "excess" and not figure.percent and draft.actual is not None:
            near = islice(reversed(self.drafts), _NEAR)
            draft = next((d for d in near if d.actual and figure.counts_same(d.actual)), draft)
        if key in draft.figures:
            if draft.actual is None or not (key == "plan" or (key == "stated" and AGAINST.match(figure.right))):
                return None
            same, draft = draft.actual, self._new(figure, draft)
            draft.add("actual", same)
        draft.add(key, figure)
        return draft

    def _of_share(self, draft: Draft, share: Figure, figure: Figure) -> Draft | None:
        """A percentage set against the percentage before it: `bằng 92,5%, vượt chỉ tiêu 90%`."""
        key = change_key(figure)
        if (key and names_level(share, figure)) or PLANNED.fullmatch(figure.segment):
            key = "plan"
        if key is None:
            return None
        fresh = self._new(figure, draft)
        fresh.add("actual", share)
        fresh.add(key, figure)
        return fresh

    def _key(self, draft: Draft, figure: Figure) -> Key | Literal["share", "adjunct"] | None:
        """What a figure is to the indicator that is being read."""
        actual = draft.actual
        if actual is None:
            return self._key_first(draft, figure)
        if actual.rank and figure.unit != STEP:
            return None
        opens = figure.left.endswith("(")
        if actual.percent and not figure.percent and opens and draft.last == "actual":
            if figure.quantity.kind == "count" or (figure.ratio and not is_target(figure)):
                return "adjunct"
            draft.figures["stated"] = draft.figures.pop("actual")
            return "actual"
        if figure.alike(actual) and (key := self._reference(draft, actual, figure)):
            return key
        if figure.percent and not actual.percent:
            if self._repeats_change(draft, figure):
                return "growth"
            if STATED.fullmatch(figure.segment) or (actual.ratio and reaches(actual, figure)):
                referred = not draft.figures.keys().isdisjoint(("plan", "base"))
                return "stated" if states_plan(actual, figure, referred=referred) else "share"
        return change_key(figure)

    def _key_first(self, draft: Draft, figure: Figure) -> Key | None:
        """The key of a figure where the actual one has not come yet."""
        found = draft.figures
        first = next(iter(found.values()))
        opens = figure.left.endswith("(")
        if figure.percent and self._repeats_change(draft, figure):
            return "growth"
        if "base" in found:
            return "actual" if found["base"].alike(figure) else None
        if "plan" in found:
            if figure.percent and not first.percent:
                return "stated" if REACHED.fullmatch(figure.segment) else None
            alike = first.alike(figure) and first.counts_same(figure)
            return "actual" if alike and "stated" not in found else None
        if figure.rank and "excess" in found:
            return "base" if FROM.fullmatch(figure.segment) else "actual"
        if "stated" in found and (figure.left.endswith("với") or (figure.ratio and reaches(figure, first))):
            return None if figure.percent else "actual"
        if opens and not figure.percent and "growth" in found:
            return "actual"
        if opens and not figure.percent and "stated" in found:
            if figure.right == "/":
                return "actual"
            return "base" if against_base(found["stated"]) else "plan"
        return change_key(figure)

    def _repeats_change(self, draft: Draft, figure: Figure) -> bool:
        """Whether a percentage says by how much what the amount before it says: `3 vụ (20%)`, `3 vụ, tương ứng 20%`."""
        change = draft.figures.get("excess")
        if change is None or change.percent or draft.last != "excess":
            return False
        told = figure.left.endswith("(") or EQUALS.fullmatch(figure.left)
        return bool(told) and is_same_change(draft.actual, change, figure)

    def _reference(self, draft: Draft, actual: Figure, figure: Figure) -> Key | None:
        """Whether a figure is the plan or the base of the actual one."""
        left, phrase = figure.left, figure.phrase
        paired = PAIR.fullmatch(left) and (figure.counts_same(actual) or names_plan(left))
        if draft.last == "actual" and (paired or OUT_OF.fullmatch(left)):
            return "base" if "growth" in draft.figures else "plan"
        if is_change(actual, figure):
            return None
        if SINCE.fullmatch(phrase):
            if names_plan(phrase) or AGAINST_PLAN.match(figure.right):
                return "plan"
            if phrase.endswith("so với") or left.endswith("(") or names_base(phrase):
                return "base"
        if actual.percent and MISSED.fullmatch(figure.segment):
            return "plan"
        if left.endswith("(") and not figure.segment and draft.last in ("stated", "growth", "excess"):
            return "base" if names_base(phrase) and not names_plan(phrase) else "plan"
        words = phrase if COMPARES.search(phrase) else figure.segment
        return "plan" if PLANNED.fullmatch(words) and figure.counts_same(actual) else None

    def _open(self, figure: Figure) -> Draft:
        """A new indicator that begins with a figure."""
        draft = self._new(figure)
        key = None if figure.ratio or TO_LEVEL.fullmatch(figure.segment) else change_key(figure, fresh=True)
        if FROM.fullmatch(figure.segment) and self._leads_on(figure):
            draft.add("base", figure)
        elif key is not None:
            draft.add(key, figure)
            self._recall(draft, figure)
        elif figure.percent and self._states_alone(figure):
            draft.add("stated", figure)
            draft.told = self._named_behind(figure, draft.name)
            self._recall(draft, figure)
        elif SINCE_PLAN.fullmatch(figure.segment):
            draft.add("plan", figure)
        else:
            draft.add("actual", figure)
            self._refer(draft, figure)
        return draft

    def _next(self, figure: Figure) -> Figure | None:
        return self.row[figure.place + 1] if figure.place + 1 < len(self.row) else None

    def _leads_on(self, figure: Figure) -> bool:
        """Whether `từ A` goes on with `xuống còn B`."""
        follower = self._next(figure)
        if follower is None or not follower.alike(figure):
            return False
        return bool(LEADS_TO.fullmatch(follower.left) or (figure.ratio and NOW.fullmatch(follower.left)))

    def _states_alone(self, figure: Figure) -> bool:
        """`đạt 75% dự toán`; not `mới đạt 71,6% so với chỉ tiêu 85%`, whose first is the result."""
        if SHARED.fullmatch(figure.segment) and not names_plan(figure.right):
            return False
        if not (is_compared(figure) or figure.right.startswith("so với ") or DISBURSED.fullmatch(figure.segment)):
            return False
        follower = self._next(figure)
        return follower is None or not follower.percent or AGAINST_PLAN.fullmatch(follower.left) is None

    def _named_behind(self, figure: Figure, name: str) -> str:
        """`hoàn thành 100% chỉ tiêu giao quân`: the words behind the plan name what is measured."""
        return plan_name(self._behind(figure)) or name if is_act(name) else name

    def _behind(self, figure: Figure) -> str:
        return self._words(figure.span.end, min(self.sentence.end, figure.span.end + _CLAUSE))

    def _refer(self, draft: Draft, figure: Figure) -> None:
        """`… mới có 7/19 tiêu chí; đến nay con số ấy là 14/19`: the one before is the base."""
        if len(self.drafts) < 2 or not THIS.fullmatch(figure.segment):
            return
        earlier = self.drafts[-2].actual
        if earlier is not None and earlier.alike(figure):
            draft.figures["base"] = earlier
            del self.drafts[-2]

    def _recall(self, draft: Draft, figure: Figure) -> None:
        """`So với năm trước giảm 3 vụ`: the figure itself stands in the sentence before."""
        if self._before is None or len(self.drafts) > 1:
            return
        if draft.name and not (THIS.fullmatch(figure.segment) or figure.segment.startswith("so với ")):
            return
        for earlier in [self._only_before()] if figure.percent else self._before.row:
            if earlier and (
                figure.percent or (earlier.quantity.kind == figure.quantity.kind and earlier.counts_same(figure))
            ):
                draft.figures["actual"] = earlier
                draft.told = self._before.name(earlier)
                return

    def _only_before(self) -> Figure | None:
        """The one amount of the sentence right before this one."""
        before = self._before
        if before is None or before.sentence.index != self.sentence.index - 1:
            return None
        amounts = [figure for figure in before.row if not figure.percent]
        return amounts[0] if len(amounts) == 1 and not amounts[0].ratio else None

    def _complete(self, draft: Draft, results: Collection[int]) -> None:
        """Add what the sentence, or the one before, told apart from the rest.

        Args:
            draft: what it is added to.
            results: places of figures that are themselves set against something, so that they are no plan.
        """
        found = draft.figures
        actual, stated, plan = draft.actual, found.get("stated"), found.get("plan")
        if actual is None:
            if stated is not None and plan is not None and self._before is not None:
                near = self._before.row[-_NEAR:]
                same = next((f for f in near if f.alike(plan) and reaches(f, stated, plan)), None)
                if same is not None:
                    found["actual"] = same
                    draft.told = self._before.name(same)
        elif actual.ratio:
            if stated is not None or (is_target(actual) and self.sentence.label != "DIRECTIVE"):
                found.setdefault("plan", actual)
        elif stated is not None and plan is not None:
            if against_base(stated) and "base" not in found and reaches(actual, stated, plan):
                found["base"] = found.pop("plan")
        elif stated is not None and "base" not in found:
            earlier = self._before.row[-_NEAR:] if self._before and not actual.place else []
            told = [figure for figure in earlier if names_plan(figure.left)]
            near = self.row[max(actual.place - _NEAR, 0) : actual.place]
            for figure in [*told, *(figure for figure in near if figure.place not in results)]:
                if figure.alike(actual) and figure.counts_same(actual) and agrees(actual, stated, figure):
                    found["base" if against_base(stated) else "plan"] = figure

    def _completes_last(self, draft: Draft) -> bool:
        """`… 31,5/33 km. Đạt 95,5% kế hoạch.`: a percentage alone belongs to the indicator before."""
        last = self._before.last if self._before is not None else None
        stated = draft.figures.get("stated")
        if draft.name or len(draft.figures) > 1 or stated is None or last is None or "stated" in last.figures:
            return False
        actual, plan = last.actual, last.figures.get("plan")
        if actual is None or plan is None or not reaches(actual, stated, None if plan is actual else plan):
            return False
        last.add("stated", stated)
        return True

    def _holds(self, draft: Draft) -> bool:
        """Whether a draft reports a figure against something."""
        keys = set(draft.figures)
        if len(keys) == 1:
            key, figure = next(iter(draft.figures.items()))
            if key == "excess" and draft.direction == "down" and figure.unit == "tiêu chí":
                alone = False  # "tai nạn giảm cả 3 tiêu chí": what fell, not by how much
            elif figure.unit == "%" and key in ("growth", "excess"):
                rate = GROWTH_RATE.fullmatch(figure.segment) is not None and not self._compared(figure)
                alone = figure.value is not None and not rate and not YEARLY.fullmatch(figure.segment)
            elif key == "excess":
                alone = "vượt" in figure.segment or figure.unit == STEP or self._compared(figure)
            elif key == "growth":
                alone = not figure.percent and not LIMIT.match(figure.right)
            else:
                alone = key == "stated"
            if not alone:
                return False
        return self.sentence.label != "DIRECTIVE" or {"actual", "plan", "stated"} <= keys

    def _compared(self, figure: Figure) -> bool:
        end = min(self.sentence.end, figure.span.end + _CLAUSE)
        clause = self.text[figure.span.end : end].partition(";")[0]
        return COMPARED_WITH.search(normalize(clause)) is not None

    def name(self, figure: Figure) -> str:
        """What a figure of the row measures."""
        return self.own_name(figure) or (self.drafts[-1].name if self.drafts else "")

    def own_name(self, figure: Figure) -> str:
        """The words around a figure of the row that say what it measures; empty where there are none."""
        if figure.place in self._each:
            return self._each[figure.place]
        if figure.percent and (name := concerned_name(self._behind(figure))):
            return name
        start = self.row[figure.place - 1].span.end if figure.place else self.sentence.start
        last = figure
        if figure.right == "/" and (pair := self._next(figure)):
            last = pair
        follower = self._next(last)
        end = follower.span.start if follower else self.sentence.end
        return indicator_name(
            self._words(max(start, figure.span.start - _CLAUSE), figure.span.start),
            counted_noun(figure),
            self._words(last.span.end, min(end, last.span.end + _CLAUSE)),
            first=not figure.place,
        )

    @cached_property
    def _timeless(self) -> str:
        """The sentence with blanks for the times in it."""
        return _blank(self.text, self.sentence, self._times)

    def _words(self, start: int, end: int) -> str:
        """A stretch of the text with blanks for the times in it."""
        return self._timeless[start - self.sentence.start : end - self.sentence.start]


def _settle_change(draft: Draft) -> None:
    """A change in per cent is growth, of a rate it is one in points."""
    changes = [key for key in ("growth", "excess") if key in draft.figures]
    if len(changes) != 1 or not draft.figures[changes[0]].percent:
        return
    name = normalize(draft.name)
    rate = draft.actual.percent if draft.actual else name.startswith(_RATES) and f"số {name}" not in draft.naming.left
    draft.figures["excess" if rate else "growth"] = draft.figures.pop(changes[0])


def _blank(text: str, sentence: Span, spans: Sequence[Span]) -> str:
    """A sentence with blanks for some of its spans."""
    pieces, start = [], sentence.start
    for span in spans:
        if span.start >= start:
            pieces += [text[start : span.start], " " * (span.end - span.start)]
            start = span.end
    return "".join([*pieces, text[start : max(sentence.end, start)]])
