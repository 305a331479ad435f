"""Where the noun that a count counts ends."""

from __future__ import annotations

import re

from vnreport.quantities.lexicon import LONGEST_NOUN, NOUNS, STOPS, UNIT
from vnreport.quantities.source import Source

_WORD = re.compile(r" {0,2}(đ/c|[^\W\d_]+)")


def noun_end(source: Source, start: int) -> tuple[int, str] | None:
    """The bare noun phrase at `start`: classifier and head noun, without modifiers.

    The table of nouns decides first; a word it does not know is taken as a noun
    of two syllables, or of one where the second can only go on the sentence.

    Returns:
        The offset behind the phrase and its class in the table (`noun`,
        `classifier`, `part`, or `unknown`); None where no noun follows.
    """
    words = _words(source.folded, start)
    if not words:
        return None
    known = _known(source, words)
    if known:
        size, kind = known
        if kind == "none":
            return None
        if kind == "classifier" and size < len(words) and words[size - 1][0][-1] != ",":
            head = _known(source, words[size:])
            if head and head[1] != "none" and words[size][0] not in STOPS:
                return words[size + head[0] - 1][1], kind
        return words[size - 1][1], kind
    word, end = words[0]
    first = word.rstrip(",")
    if first in STOPS:
        return None
    typed = source.typed[end - len(first) : end]
    if typed[0].isupper() and not (typed.isupper() and len(typed) > 1):
        return None
    if len(words) > 1 and first == word and not typed.isupper():
        second, behind = words[1][0].rstrip(","), words[1][1]
        if second not in STOPS and source.typed[behind - len(second)].islower():
            return behind, "unknown"
    return end, "unknown"


def known_noun(source: Source, start: int) -> int | None:
    """The offset behind the noun phrase at `start` if the table has its head."""
    found = noun_end(source, start)
    return found[0] if found and found[1] != "unknown" else None


def counted(source: Source, end: int) -> bool:
    """Whether a unit or a noun of the table stands behind `end`."""
    return UNIT.match(source.folded, end) is not None or known_noun(source, end) is not None


def _words(text: str, start: int) -> list[tuple[str, int]]:
    words: list[tuple[str, int]] = []
    at = start
    while len(words) < 2 * LONGEST_NOUN:
        match = _WORD.match(text, at)
        if match is None or (words and match.end(1) - match.start(1) == match.end() - at):
            break
        at = match.end()
        word = match.group(1)
        if text.startswith(", ", at):
            words.append((word + ",", at))
            at += 1
        else:
            words.append((word, at))
    return words


def _known(source: Source, words: list[tuple[str, int]]) -> tuple[int, str] | None:
    """How many of the words the longest noun of the table takes, and its class."""
    for size in range(min(LONGEST_NOUN, len(words)), 0, -1):
        phrase = " ".join(word for word, _ in words[:size]).rstrip(",")
        kind = NOUNS.get(phrase)
        if kind and (size == 1 or "việt nam" in phrase or not _names(source, words[:size])):
            return size, kind
    return None


def _names(source: Source, words: list[tuple[str, int]]) -> bool:
    """Whether a name begins behind the first word: `hai thôn Bản Lọt` are no `thôn bản`."""
    typed = [source.typed[end - len(word.rstrip(",")) : end] for word, end in words]
    return typed[0].islower() and any(word.istitle() for word in typed[1:])
