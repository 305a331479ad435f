"""The text as the number stage sees it, and the way back to the text as given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from vnreport.quantities.diacritics import restore
from vnreport.text import LOWER, compose

_SPACES = "\t\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_HYPHENS = "‐‑‒–—−－"
_PLAIN = dict.fromkeys(map(ord, _SPACES), " ") | dict.fromkeys(map(ord, _HYPHENS), "-")
_PLAIN |= dict(zip(map(ord, "０１２３４５６７８９，．％／"), "0123456789,.%/", strict=True))
_CELL_END = re.compile(r"(?<=[\w%])( ?)\t(?=[ \t]*\S)")
"""The tab between two cells, not one that begins or ends a line."""
_UNUSUAL = re.compile("[" + "".join(map(chr, _PLAIN)) + "]")
_BREAK = re.compile(rf"\n(?<=[^\n.:;!?]\n)(?=[{LOWER}])(?![a-zđ][).])")
"""A line break inside a sentence: no mark before it and lower case behind it, but not `a)`."""
_BREAK_BEFORE_NUMBER = re.compile(rf"\n(?<=[{LOWER}]\n)(?=[0-9])(?![0-9]{{1,2}}(?:\.[0-9]+)* ?[.)/:-])")
"""The same before a number, but not before that of an item: `1.`, `2.1)`."""
_NUMBERED = re.compile(r"[Ss]ố [0-9]{1,4}$|SỐ [0-9]{1,4}$")
"""A line that ends with its own number: `Biểu số 1`."""
_SPACE_RUN = re.compile(" {2,}")
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff "
_FULL_LINE = 40


@dataclass(frozen=True, slots=True)
class Source:
    """One text in three forms.

    Attributes:
        given: as it came in.
        typed: composed to NFC with its case; invisible characters gone, spaces,
            hyphens and digits made plain, a tab between two cells of a table made `|`,
            lost diacritics restored, runs of spaces made one, lines that were broken in
            the middle of a sentence joined again.
        folded: `typed` in lower case, code point for code point.
        offsets: for each code point of `typed`, its offset in `given`; None
            where they are the same.
        nouns: the noun phrases looked for so far, by where they begin; kept by
            `vnreport.quantities.nouns`.
    """

    given: str
    typed: str
    folded: str
    offsets: list[int] | None
    nouns: dict[int, tuple[int, str] | None] = field(default_factory=dict, compare=False, repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the text as given."""
        if self.offsets is None:
            return start, end
        begin = self.offsets[start]
        return begin, begin + len(self.given[begin : self.offsets[end]].rstrip(_INVISIBLE))


def fold(text: str) -> Source:
    """Fold a text so that each of its characters can still be found in it."""
    typed, offsets = compose(text)
    if "\t" in typed:
        typed = _CELL_END.sub(r"\1|", typed)
    if _UNUSUAL.search(typed):
        typed = typed.translate(_PLAIN)
    typed = restore(typed)
    if "\n" in typed:
        typed = _BREAK_BEFORE_NUMBER.sub(_joint, _BREAK.sub(_unless_numbered, typed))
    if "  " in typed:
        typed, offsets = _single_spaced(typed, offsets)
    folded = typed.lower()
    if len(folded) != len(typed):
        folded = "".join(low if len(low := char.lower()) == 1 else char for char in typed)
    return Source(text, typed, folded, offsets)


def _unless_numbered(match: re.Match[str]) -> str:
    """A space, but not behind `số 1` at the end of a line."""
    numbered = _NUMBERED.search(match.string, max(0, match.start() - 12), match.start())
    return "\n" if numbered else " "


def _joint(match: re.Match[str]) -> str:
    """A space where the line before the break was full."""
    line = match.start() - match.string.rfind("\n", 0, match.start())
    return " " if line > _FULL_LINE else "\n"


def _single_spaced(text: str, offsets: list[int] | None) -> tuple[str, list[int]]:
    """The text with one space for each run of them, and its offsets."""
    pieces: list[str] = []
    kept: list[int] = []
    at = 0
    for run in _SPACE_RUN.finditer(text):
        pieces.append(text[at : run.start() + 1])
        kept.extend(range(at, run.start() + 1))
        at = run.end()
    pieces.append(text[at:])
    kept.extend(range(at, len(text) + 1))
    return "".join(pieces), kept if offsets is None else [offsets[place] for place in kept]
