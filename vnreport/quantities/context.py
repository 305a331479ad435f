"""What stands before a number: head words (`ngày`, `thôn`, `khóa`) and approximators."""

from __future__ import annotations

from vnreport.quantities.lexicon import APPROXIMATOR_ENDS, APPROXIMATORS, HEAD_ENDS, HEADS
from vnreport.quantities.source import Source

_NO_CLASS: frozenset[str] = frozenset()
_OPENING = "(\"“”'-:*+•"
_REACH = 48
_WORDS = 5


class Context:
    """The words before `start` on its line, as far as no quantity has taken them.

    Attributes:
        words: the last of them, in order, with the punctuation that touches them.
        last: the word next to the number; empty at the beginning of a line.
        phrase: the longest head phrase at their end; empty where there is none.
        classes: the classes of that phrase in `heads.tsv`.
        begin: where the phrase begins, `start` without one.
        follows: whether the words begin right behind a quantity.
    """

    __slots__ = ("begin", "classes", "follows", "last", "phrase", "source", "start", "words")

    def __init__(self, source: Source, start: int, floor: int) -> None:
        text = source.folded
        low = max(floor, start - _REACH)
        line = text.rfind("\n", low, start)
        self.source = source
        self.start = self.begin = start
        self.words = words = text[max(low, line + 1) : start].rsplit(None, _WORDS)[-_WORDS:]
        self.last = last = words[-1] if words else ""
        self.follows = low == floor > 0 and line < 0
        self.phrase = ""
        self.classes: frozenset[str] = _NO_CLASS
        longest = HEAD_ENDS.get(last) or HEAD_ENDS.get(last.lstrip(_OPENING))
        if longest is None:
            return
        for size in range(min(longest, len(words)), 0, -1):
            phrase = " ".join(words[-size:]).lstrip(_OPENING)
            classes = HEADS.get(phrase)
            if classes:
                self.phrase, self.classes = phrase, classes
                self.begin = self._back(phrase)
                return

    def _back(self, phrase: str) -> int:
        at = self.start
        if " " not in phrase:
            return self.source.folded.rfind(phrase, 0, at)
        for word in reversed(phrase.split()):
            at = self.source.folded.rfind(word, 0, at)
        return at

    def approximator(self, dimension: str) -> str | None:
        """What the words say about the number: `gần`, `ước đạt`, `khoảng`.

        Right behind another quantity `trên` means "of" (`2 tỷ trên 5 tỷ`), but not before an age.
        """
        if self.last.lstrip(_OPENING) not in APPROXIMATOR_ENDS and self.last != "từ":
            return None
        words = [word for word in self.words if word != "từ"]
        longest = APPROXIMATOR_ENDS.get(words[-1].lstrip(_OPENING), 0) if words else 0
        for size in range(min(4, len(words), longest), 0, -1):
            value = APPROXIMATORS.get(" ".join(words[-size:]).lstrip(_OPENING))
            if value:
                of = words == ["trên"] and self.follows and dimension not in ("age", "calendar", "time")
                return None if of or value == "none" else value
        return None

    def capital(self) -> bool:
        """Whether the head phrase is written as a name in the middle of a sentence."""
        typed = self.source.typed
        if not typed[self.begin].isupper() or typed[self.begin : self.start].isupper():
            return False
        before = typed[max(0, self.begin - 2) : self.begin].strip(" ")
        return before[-1:].isalnum() or before[-1:] == ","
