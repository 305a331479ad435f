"""Which office of which body a text ties to which person."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TypedDict

from vnreport.relations.offices import (
    AFTER_PERSON,
    BEFORE_PERSON,
    BETWEEN_OFFICES,
    BODY_FIRST,
    BODY_LIST,
    COMMON_BODY,
    GIVEN,
    HEADED,
    LIST_MEMBER,
    LISTED,
    REPRESENTED,
    SEVERAL,
    SHARING,
    SHARING_TAKEN,
    TAKEN,
    TAKES,
    UNNAMED,
    Office,
    items,
    strength,
)
from vnreport.relations.signatures import signatures
from vnreport.relations.spans import LabelledSpan, Offsets, Span, SpanLike, group
from vnreport.text import normalize


class Role(TypedDict):
    """One office of one person; entities by their index.

    Attributes:
        person: the holder.
        title: the office.
        organisation: the body it belongs to; null where the text names none.
        sentence: the sentence that states it.
    """

    person: int
    title: int | None
    organisation: int | None
    sentence: int


def find_roles(text: str, entities: Sequence[LabelledSpan], sentences: Sequence[SpanLike]) -> list[Role]:
    """Tie persons to their offices.

    Args:
        text: the text, as given.
        entities: spans labelled `PER`, `TITLE`, `ORG`, none of which overlap.
        sentences: spans that cover the text in its order.

    Returns:
        One role for each office that a sentence ties to a person, in the order of
        the text; `person`, `title`, `organisation` are indices into `entities`.
    """
    offsets = Offsets(text)
    spans = offsets.spans(sentences)
    groups = group(offsets.spans(entities), spans)
    signed = {
        (person.index, office.title.index): Role(
            person=person.index,
            title=office.title.index,
            organisation=office.organisation.index if office.organisation else None,
            sentence=sentence.index,
        )
        for sentence, person, office in signatures(offsets.text, spans, groups)
    }
    roles = list(signed.values())
    signatories = {role["sentence"] for role in roles}
    heading: Span | None = None
    fresh = False
    for sentence, members in zip(spans, groups, strict=True):
        lead = _heading(offsets.text, sentence, members)
        if lead is not None or not (fresh or _LIST_LINE.match(offsets.text, sentence.start, sentence.end)):
            heading = lead
        fresh = lead is not None
        if len(members) > 1 and sentence.index not in signatories and _HOLDING.issubset(span.label for span in members):
            found = _Sentence(offsets.text, sentence, members, heading).roles()
            roles += (role for role in found if (role["person"], role["title"]) not in signed)
    return sorted(roles, key=lambda role: (role["sentence"], role["person"], role["title"] or -1))


_HOLDING = frozenset(("PER", "TITLE"))
_NEAR = 12
"""How many entities back the body of an office is looked for."""
_EDGE = 120
"""How many characters at each end of a gap are read."""
_LIST_LINE = re.compile(r"[-–—+*•]|\d{1,2}[.)]")
_HEADING_MARK = re.compile(r"[-–—+*•]?(?:[ivx]+|\d{1,2}|[a-zđ])[.)/] ?")


def _heading(text: str, sentence: Span, members: list[Span]) -> Span | None:
    """The body that a line names as the heading of a list: `a) Ban Pháp chế`."""
    if len(members) != 1 or members[0].label != "ORG":
        return None
    before = normalize(text[sentence.start : members[0].start]) if members[0].start > sentence.start else ""
    behind = text[members[0].end : sentence.end].strip(" :.")
    return members[0] if _HEADING_MARK.fullmatch(before) and not behind else None


class _Sentence:
    """One sentence's entities as a row of persons, offices and bodies."""

    def __init__(self, text: str, sentence: Span, members: list[Span], heading: Span | None) -> None:
        self.text = text
        self.sentence = sentence
        self.heading = heading
        self.items = items(text, members)
        self._bodies = [span for span in members if span.label == "ORG"]
        self._loose = sum(isinstance(item, Span) and item.label == "ORG" for item in self.items)
        self._gaps = [self._words(a.end, b.start) for a, b in zip(self.items, self.items[1:], strict=False)]

    def _words(self, start: int, end: int) -> str:
        """The words between two offsets, normalised; of many, those at the edges."""
        if end - start > 2 * _EDGE:
            return f"{self._words(start, start + _EDGE)} … {self._words(end - _EDGE, end)}"
        return normalize(self.text[start:end]).strip() if end > start else ""

    def roles(self) -> Iterator[Role]:
        bodies: dict[str, Span] = {}
        for place, persons in self._holders().items():
            office = self._office(place)
            organisation = office.organisation or self._body(place, persons)
            if organisation is None:
                organisation = bodies.get(office.deputy_of)
            else:
                bodies[office.chief] = organisation
            for person in persons:
                yield Role(
                    person=person.index,
                    title=office.title.index,
                    organisation=organisation.index if organisation else None,
                    sentence=self.sentence.index,
                )

    def _office(self, place: int) -> Office:
        item = self.items[place]
        assert isinstance(item, Office)
        return item

    def _person(self, place: int) -> Span:
        item = self.items[place]
        assert isinstance(item, Span)
        return item

    def _is_person(self, place: int) -> bool:
        item = self.items[place]
        return isinstance(item, Span) and item.label == "PER"

    def _holders(self) -> dict[int, list[Span]]:
        """Each office's persons, by the stronger of the ties on its two sides."""
        left = self._reach(range(len(self.items)), -1)
        right = self._reach(range(len(self.items) - 1, -1, -1), 1)
        chosen: dict[int, tuple[int, int]] = {}
        for place, item in enumerate(self.items):
            before, behind = left.get(place, (0, -1)), right.get(place, (0, -1))
            if isinstance(item, Office) and (before[0] or behind[0]):
                chosen[place] = before if before[0] >= behind[0] else behind
        return {place: self._sharing(place, *tie, chosen) for place, tie in chosen.items()}

    def _reach(self, order: range, step: int) -> dict[int, tuple[int, int]]:
        """For each office the person on one side: the strength of the tie and its place."""
        ties: dict[int, tuple[int, int]] = {}
        table = AFTER_PERSON if step < 0 else BEFORE_PERSON
        for place in order:
            other = place + step
            if not isinstance(self.items[place], Office) or not 0 <= other < len(self.items):
                continue
            gap = self._gaps[min(place, other)]
            if self._is_person(other):
                tie = strength(table, gap)
                ties[place] = 0 if step > 0 and gap.startswith(",") and self._is_represented(place) else tie, other
            elif other in ties:
                tie, person = ties[other]
                ties[place] = min(tie, strength(BETWEEN_OFFICES, gap)), person
            if step < 0 and not ties.get(place, (0,))[0] and (holder := self._given_to(place, ties)) is not None:
                ties[place] = TAKEN, holder
        return ties

    def _given_to(self, place: int, ties: dict[int, tuple[int, int]]) -> int | None:
        """The person of `A được Ban Thường vụ Huyện ủy chỉ định giữ chức Bí thư`, whom bodies part from the office."""
        if not TAKES.search(self._before(place)):
            return None
        other = place - 1
        while other > 0 and not isinstance(self.items[other], Office) and not self._is_person(other):
            other -= 1
        if GIVEN.fullmatch(self._words(self.items[other].end, self.items[place].start)) is None:
            return None
        if self._is_person(other):
            return other
        tie, holder = ties.get(other, (0, 0))
        return holder if tie else None

    def _before(self, place: int) -> str:
        """The words between an office and what stands before it."""
        return self._words(self.items[place - 1].end if place else self.sentence.start, self.items[place].start)

    def _is_represented(self, place: int) -> bool:
        return REPRESENTED.search(self._before(place)) is not None

    def _sharing(self, place: int, tie: int, person: int, chosen: dict[int, tuple[int, int]]) -> list[Span]:
        """The persons of a list to whom the office of one of them belongs."""
        persons = [self._person(person)]
        if person < place:
            if self._gaps[person].startswith("("):
                return persons
            pattern = SHARING_TAKEN if tie == TAKEN else SHARING
            other = person - 1
            while other >= 0 and self._is_person(other) and pattern.fullmatch(self._gaps[other]):
                if other - 1 in chosen and chosen[other - 1][1] == other:
                    break
                persons.insert(0, self._person(other))
                other -= 1
            return persons
        before = self._before(place)
        listed = LISTED.fullmatch(self._gaps[person - 1]) is not None
        if not SEVERAL.search(before) and not (listed and self._office(place).plural):
            return persons
        for other in range(person + 1, len(self.items)):
            item, gap = self.items[other], self._gaps[other - 1]
            if isinstance(item, Office) and chosen.get(other, (0, other))[1] > other:
                break
            if self._is_person(other):
                if not SHARING.fullmatch(gap) and not (listed and LIST_MEMBER.fullmatch(gap)):
                    break
                persons.append(self._person(other))
            elif not listed:
                break
        return persons

    def _body(self, place: int, persons: list[Span]) -> Span | None:
        """The body of an office that names none, from the words around it."""
        office = self._office(place)
        if office.alone:
            return None
        first = place
        while first > 0 and self.items[first].start > persons[0].start:
            first -= 1
        return (
            self._body_by_head(place)
            or self._body_by_word(office)
            or self._body_elected(place)
            or self._body_before(first)
            or self._body_of_list(first)
            or self.heading
        )

    def _body_by_word(self, office: Office) -> Span | None:
        """`… của Chi bộ Trạm Y tế; đ/c Trâm, Bí thư Chi bộ`: the common word behind the office begins its name."""
        match = COMMON_BODY.match(self.text, office.end, self.sentence.end)
        if match is None:
            return None
        word = normalize(match[1]) + " "
        near = self._bodies_before(office)
        return next((span for span in near if self._words(span.start, span.end).startswith(word)), None)

    def _body_elected(self, place: int) -> Span | None:
        """`… cử 52 vị vào Ủy ban MTTQ xã; bầu ông A giữ chức Chủ tịch`: the nearest body that the office heads."""
        office = self._office(place)
        if not TAKES.search(self._before(place)):
            return None
        near = self._bodies_before(office)
        return next((b for b in near if HEADED.match(f"{office.chief} {self._words(b.start, b.end)}")), None)

    def _bodies_before(self, office: Office) -> list[Span]:
        """The nearest bodies before an office, the nearest first."""
        place = bisect_left(self._bodies, office.start, key=lambda span: span.start)
        return self._bodies[max(place - _NEAR, 0) : place][::-1]

    def _body_by_head(self, place: int) -> Span | None:
        """`… Trạm Y tế xã gặp bác sĩ Dung, Trưởng trạm`."""
        head = self._office(place).head
        for item in self.items[max(place - _NEAR, 0) : place][::-1] if head else ():
            if (
                isinstance(item, Span)
                and item.label == "ORG"
                and self._words(item.start, item.end).split(" ")[0] == head
            ):
                return item
        return None

    def _body_before(self, first: int) -> Span | None:
        """`Ủy ban MTTQ xã (đ/c A, Chủ tịch)`, `Công an xã, do ông B làm Trưởng`."""
        while first > 0:
            item, gap = self.items[first - 1], self._gaps[first - 1]
            if isinstance(item, Office):
                if not item.alone:
                    return None
            elif item.label == "ORG":
                unnamed = UNNAMED.fullmatch(self._words(item.start, item.end))
                return item if BODY_FIRST.fullmatch(gap) and not unnamed else None
            else:
                return None
            first -= 1
        return None

    def _body_of_list(self, first: int) -> Span | None:
        """`Ban Kiểm phiếu: A - Trưởng ban; B - Ủy viên`: the body that opens the list."""
        body = self.items[0]
        if not isinstance(body, Span) or body.label != "ORG" or self._loose != 1:
            return None
        return body if first > 0 and BODY_LIST.fullmatch(self._gaps[0]) else None
