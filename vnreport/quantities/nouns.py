"""Where the noun that a count counts ends."""

from __future__ import annotations

import re

from vnreport.quantities.lexicon import NOUN_LENGTHS, NOUNS, STOPS, UNIT
from vnreport.quantities.source import Source

_WORD = re.compile(r" ?(đ/c|[^\W\d_]+)(,(?= ))?")

_WORD_BEFORE = re.compile(r"([^\W\d_]+)[^\w\n]+[0-9][^\n]*$")

Word = tuple[str, int]  # folded, with the comma behind it; the offset behind it, without


def noun_end(source: Source, start: int) -> tuple[int, str] | None:
    """The bare noun phrase at `start`: classifier and head noun, without modifiers.

    The table of nouns decides first; a word it does not know is taken as a noun
    of two syllables, or of one where the second can only go on the sentence.

    Returns:
        The offset behind the phrase and its class in the table (`noun`,
        `classifier`, `part`, or `unknown`); None where no noun follows.
    """
    try:
        return source.nouns[start]
    except KeyError:
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
    words = _phrase(source.folded, start)
    if not words:
        return None
    known = _known(source, words)
    if known is None:
        return _unknown(source, words[:2])
    end, kind = known
    if kind == "none":
        return None
    behind = _phrase(source.folded, end) if kind == "classifier" else []
    head = _known(source, behind) if behind and behind[0][0].rstrip(",") not in STOPS else None
    return (head[0], kind) if head and head[1] != "none" else (end, kind)


def _unknown(source: Source, words: list[Word]) -> tuple[int, str] | None:
    word, end = words[0]
    first = word.rstrip(",")
    if first in STOPS:
        return None
    typed = source.typed[end - len(first) : end]
    acronym = typed.isupper() and len(typed) > 1 and not _shouted(source, end - len(first))
    if typed[0].isupper() and not acronym and not typed.isupper():
        return None
    if len(words) > 1 and first == word and not acronym:
        second, behind = words[1][0].rstrip(","), words[1][1]
        if second not in STOPS and source.typed[behind - len(second)].islower():
            return behind, "unknown"
    return end, "unknown"


def _shouted(source: Source, start: int) -> bool:
    """Whether the word before the number is in capitals, too."""
    before = _WORD_BEFORE.search(source.typed, max(0, start - 30), start)
    return before is not None and len(before[1]) > 1 and before[1].isupper()


def _phrase(text: str, start: int) -> list[Word]:
    """The words from `start` that a noun phrase may have, as long as single spaces part them."""
    match = _WORD.match(text, start)
    if match is None:
        return []
    word, comma = match.groups()
    words = [(word + comma if comma else word, match.end(1))]
    for _ in range(max(2, NOUN_LENGTHS.get(word, 0)) - 1):
        at = match.end()
        match = _WORD.match(text, at)
        if match is None or match.start(1) == at:
            break
        word, comma = match.groups()
        words.append((word + comma if comma else word, match.end(1)))
    return words


def _known(source: Source, words: list[Word]) -> tuple[int, str] | None:
    """The end of the longest noun of the table that words begin with, and its class."""
    for size in range(min(NOUN_LENGTHS.get(words[0][0].rstrip(","), 0), len(words)), 0, -1):
        phrase = " ".join([word for word, _ in words[:size]]).rstrip(",")
        kind = NOUNS.get(phrase)
        if kind and (size == 1 or "việt nam" in phrase or not _names(source, words[:size])):
            return words[size - 1][1], kind
    return None


def _names(source: Source, words: list[Word]) -> bool:
    """Whether a name begins behind the first word: `hai thôn Bản Lọt` are no `thôn bản`."""
    typed = [source.typed[end - len(word.rstrip(",")) : end] for word, end in words]
    return typed[0].islower() and any(word.istitle() for word in typed[1:])
