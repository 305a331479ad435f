"""Where the noun that a count counts ends."""

from __future__ import annotations

import re

from vnreport.quantities.lexicon import NOUN_LENGTHS, NOUNS, STOPS, UNIT
from vnreport.quantities.source import Source

_WORD = re.compile(r" ?(đ/c|[^\W\d_]+)(,(?= ))?")

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
    words = _words(source.folded, start, 2)
    if not words:
        return None
    known = _known(source, start)
    if known:
        end, kind = known
        if kind == "none":
            return None
        behind = _WORD.match(source.folded, end) if kind == "classifier" else None
        head = _known(source, end) if behind and behind[1] not in STOPS else None
        return (head[0], kind) if head and head[1] != "none" else (end, kind)
    return _unknown(source, words)


def _unknown(source: Source, words: list[Word]) -> tuple[int, str] | None:
    word, end = words[0]
    first = word.rstrip(",")
    if first in STOPS:
        return None
    typed = source.typed[end - len(first) : end]
    acronym = typed.isupper() and len(typed) > 1
    if typed[0].isupper() and not acronym:
        return None
    if len(words) > 1 and first == word and not acronym:
        second, behind = words[1][0].rstrip(","), words[1][1]
        if second not in STOPS and source.typed[behind - len(second)].islower():
            return behind, "unknown"
    return end, "unknown"


def _words(text: str, start: int, count: int) -> list[Word]:
    """Up to `count` words from `start`, as long as single spaces part them."""
    words: list[Word] = []
    at = start
    while len(words) < count:
        match = _WORD.match(text, at)
        if match is None or (words and match.start(1) == at):
            break
        words.append((match[1] + (match[2] or ""), match.end(1)))
        at = match.end()
    return words


def _known(source: Source, start: int) -> tuple[int, str] | None:
    """The end of the longest noun of the table at `start`, and its class."""
    match = _WORD.match(source.folded, start)
    longest = NOUN_LENGTHS.get(match[1], 0) if match else 0
    words = _words(source.folded, start, longest) if longest else []
    for size in range(len(words), 0, -1):
        phrase = " ".join([word for word, _ in words[:size]]).rstrip(",")
        kind = NOUNS.get(phrase)
        if kind and (size == 1 or "việt nam" in phrase or not _names(source, words[:size])):
            return words[size - 1][1], kind
    return None


def _names(source: Source, words: list[Word]) -> bool:
    """Whether a name begins behind the first word: `hai thôn Bản Lọt` are no `thôn bản`."""
    typed = [source.typed[end - len(word.rstrip(",")) : end] for word, end in words]
    return typed[0].islower() and any(word.istitle() for word in typed[1:])
