"""The text as the number stage sees it, and the way back to the text as given."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vnreport.text import compose

_SPACES = dict.fromkeys(map(ord, "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"), " ")
_SPACES |= dict.fromkeys(map(ord, "\u2008\u2009\u200a\u202f\u205f\u3000"), " ")
_MARKS = dict(zip(map(ord, "‐‑‒–—−０１２３４５６７８９，．％／"), "------0123456789,.%/", strict=True))
_FOLD = _SPACES | _MARKS
_UNFOLDED = re.compile("[" + "".join(map(chr, _FOLD)) + "]")
_LOWER = "a-zđàáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
_BROKEN = re.compile(rf"(?<=[^\n.:;!?])\n(?=[{_LOWER}])(?![a-zđ][).])")


@dataclass(frozen=True, slots=True)
class Source:
    """One text in three forms.

    Attributes:
        given: as it came in.
        typed: composed to NFC, invisible characters gone, with its case.
        folded: `typed` in lower case with plain spaces, hyphens and digits, and a
            line that was broken in the middle of a sentence joined again; its
            code points stand one for one for those of `typed`.
        offsets: for each code point of `typed`, its offset in `given`; None
            where they are the same.
    """

    given: str
    typed: str
    folded: str
    offsets: list[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the text as given."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end]


def fold(text: str) -> Source:
    """Fold a text; its length and its offsets can always be told."""
    typed, offsets = compose(text)
    joined = _BROKEN.sub(" ", typed)
    folded = joined.lower()
    if len(folded) != len(typed):
        folded = "".join(c if len(low := c.lower()) != 1 else low for c in joined)
    if _UNFOLDED.search(folded):
        folded = folded.translate(_FOLD)
    return Source(text, typed, folded, offsets)
