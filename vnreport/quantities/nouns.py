"""Where the noun that a count counts ends."""

from __future__ import annotations

import re

from vnreport.quantities.lexicon import NOUN_LENGTHS, NOUNS, STOPS, UNIT
from vnreport.quantities.source import Source

_WORD = r"(?:đ/c|[^\W\d_]+)(?:,(?= ))?"
_FIRST = re.compile(r" ?(đ/c|[^\W\d_]+)")
_SECOND = re.compile(r" (đ/c|[^\W\d_]+)")
_PHRASES = [re.compile(rf"{_WORD}(?: {_WORD}){{0,{more}}}") for more in range(max(NOUN_LENGTHS.values()))]
"""By how many words may follow the first; single spaces part them."""
_WORD_BEFORE = re.compile(r"([^\W\d_]+)[^\w\n]+[0-9][^\n]*$")
_UNREAD = (-1, "")


def noun_end(source: Source, start: int) -> tuple[int, str] | None:
    """The bare noun phrase at `start`: classifier and head noun, without modifiers.

    The table of nouns decides first; a word it does not know is taken as a noun
    of two syllables, or of one where the second can only go on the sentence.

    Returns:
        The offset behind the phrase and its class in the table (`noun`,
        `classifier`, `part`), or `unknown`, as which the table has what may be
        a verb as well (`hoạt động`); None where no noun follows.
    """
    found = source.nouns.get(start, _UNREAD)
    if found is _UNREAD:
        found = source.nouns[start] = _noun_end(source, start)
    return found


def known_noun(source: Source, start: int) -> int | None:
    """The offset behind the noun phrase at `start` if the table has its head."""
    found = noun_end(source, start)
    return found[0] if found and found[1] != "unknown" else None


def counted(source: Source, end: int) -> bool:
    """Whether a unit or a noun of the table stands behind `end`."""
    return UNIT.match(source.folded, end) is not None or known_noun(source, end) is not None


def _noun_end(source: Source, start: int) -> tuple[int, str] | None:
    first = _FIRST.match(source.folded, start)
    if first is None:
        return None
    known = _known(source, first)
    if known is None:
        return _unknown(source, first)
    end, kind = known
    if kind == "none":
        return None
    behind = _FIRST.match(source.folded, end) if kind == "classifier" else None
    head = _known(source, behind) if behind and behind[1] not in STOPS else None
    return (head[0], kind) if head and head[1] not in ("none", "unknown") else (end, kind)


def _known(source: Source, first: re.Match[str]) -> tuple[int, str] | None:
    """The end of the longest noun of the table that begins with a word, and its class."""
    longest = NOUN_LENGTHS.get(first[1])
    if longest is None:
        return None
    start = first.start(1)
    match = _PHRASES[longest - 1].match(source.folded, start)
    phrase = match.group() if match else ""
    while phrase:
        noun = phrase.rstrip(",")
        kind = NOUNS.get(noun)
        if kind and (" " not in noun or "việt nam" in noun or not _names(source, start, start + len(noun))):
            return start + len(noun), kind
        phrase = phrase.rpartition(" ")[0]
    return None


def _names(source: Source, start: int, end: int) -> bool:
    """Whether a name begins behind the first word: `hai thôn Bản Lọt` are no `thôn bản`."""
    words = source.typed[start:end].split(" ")
    return words[0].islower() and any(word.istitle() for word in words[1:])


def _unknown(source: Source, word: re.Match[str]) -> tuple[int, str] | None:
    start, end = word.span(1)
    if word[1] in STOPS or (end - start == 1 and word[1].isascii()):
        return None
    typed = source.typed[start:end]
    acronym = typed.isupper() and len(typed) > 1 and not _shouted(source, start)
    if typed[0].isupper() and not acronym and not typed.isupper():
        return None
    second = None if acronym else _SECOND.match(source.folded, end)
    if second and second[1] not in STOPS and source.typed[second.start(1) : second.end(1)].islower():
        return second.end(1), "unknown"
    return end, "unknown"


def _shouted(source: Source, start: int) -> bool:
    """Whether the word before the number is in capitals, too."""
    before = _WORD_BEFORE.search(source.typed, max(0, start - 30), start)
    return before is not None and len(before[1]) > 1 and before[1].isupper()
