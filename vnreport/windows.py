"""What an encoder reads: lines of units, their word pieces, and windows of lines.

A unit is a syllable, a number or a mark; its vector is the mean of its pieces'
embeddings, so that a text has one place for each unit whatever its pieces. A
line is a sentence, or a part of a long one: a marker, which says how the
sentence opens, and its units.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from string import ascii_lowercase

from vnreport.text import old_tones

SPECIALS = ("<unknown>", "<paragraph>", "<line>", "<inline>", "<more>", "<capitals>")
UNKNOWN, PARAGRAPH, LINE, INLINE, MORE, CAPITALS = range(len(SPECIALS))

_UNIT = re.compile(r"((?=\S)(?:\d+(?:[.,/]\d+)*|[^\W\d_][\w\u0300-\u036f]*|\S))")  # white space fails at once
_LIST_MARK = re.compile(r"[-–—+*•●▪➢✓✔✅]|[☀-➿🀀-🿿]|\(?(?:\d{1,2}(?:\.\d{1,2})*|[IVX]{1,4}|[a-zđ])[.)/]")
_SMALL = ascii_lowercase.encode()
_WORD_START = "▁"  # SentencePiece's mark of a word's beginning
_LONGEST_UNIT = 24  # characters that are read
_LONGEST_PIECE = 16
_LONGEST_LINE = 160  # units
_LONGEST_HEADING = 25  # words
_REMEMBERED = 1 << 17  # units


class Vocabulary:
    """Word pieces with their log probabilities (a unigram model: Kudo 2018).

    Ids count `SPECIALS` first, then the pieces in order. A character that no
    piece covers is `<unknown>`.
    """

    def __init__(self, pieces: Mapping[str, float]) -> None:
        self.pieces = dict(pieces)
        self._ids = {piece: i for i, piece in enumerate(self.pieces, start=len(SPECIALS))}
        self._unknown = min(self.pieces.values(), default=0.0) - 10
        self._known = _Memory(self._read)

    def __len__(self) -> int:
        return len(SPECIALS) + len(self.pieces)

    def __reduce__(self) -> tuple[type[Vocabulary], tuple[dict[str, float]]]:
        return Vocabulary, (self.pieces,)

    def ids(self, unit: str) -> tuple[int, ...]:
        """Ids of a unit's pieces, in order.

        Args:
            unit: as it stands in the text, `▁` before it where white space is.
        """
        return self._known[unit]

    def read(self, units: Iterable[str]) -> list[tuple[int, ...]]:
        """`ids` of each unit."""
        return list(map(self._known.__getitem__, units))

    def _read(self, unit: str) -> tuple[int, ...]:
        form = old_tones(unicodedata.normalize("NFC", unit[:_LONGEST_UNIT]))
        return tuple(self._ids.get(piece, UNKNOWN) for piece in self.split(form))

    def split(self, unit: str) -> list[str]:
        """The most probable pieces of a unit, in order; they join to the unit."""
        best = [0.0] + [float("-inf")] * len(unit)
        starts = [0] * (len(unit) + 1)
        for start in range(len(unit)):
            for end in range(start + 1, min(len(unit), start + _LONGEST_PIECE) + 1):
                score = self.pieces.get(unit[start:end])
                if score is None:
                    if end > start + 1:
                        continue
                    score = self._unknown
                if best[start] + score > best[end]:
                    best[end], starts[end] = best[start] + score, start
        pieces, end = [], len(unit)
        while end:
            pieces.append(unit[starts[end] : end])
            end = starts[end]
        return pieces[::-1]


class _Memory(dict[str, tuple[int, ...]]):
    """What `read` gives for a unit; short units are remembered."""

    def __init__(self, read: Callable[[str], tuple[int, ...]]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, unit: str) -> tuple[int, ...]:
        ids = self._read(unit)
        if len(self) < _REMEMBERED and len(unit) <= _LONGEST_UNIT:
            self[unit] = ids
        return ids


@dataclass(slots=True)
class Line:
    """A sentence, or a part of a long one, as an encoder reads it."""

    sentence: int
    spans: list[tuple[int, int]]  # offsets of the units
    pieces: list[tuple[int, ...]]  # ids of the marker, then of each unit
    heading: int  # number of the line that announces this one, or -1

    def __len__(self) -> int:
        return len(self.pieces)


def read_lines(text: str, sentences: Sequence[tuple[int, int]], vocabulary: Vocabulary) -> list[Line]:
    """The lines of a text.

    Args:
        text: the article.
        sentences: offsets of its sentences, without white space at their edges.
        vocabulary: gives the pieces.
    """
    lines: list[Line] = []
    headings = find_headings(text, sentences)
    firsts: list[int] = []
    end = 0
    for number, (start, stop) in enumerate(sentences):
        gap = text[end:start]
        end = stop
        mark = PARAGRAPH if not number or gap.count("\n") > 1 else LINE if "\n" in gap else INLINE
        surface = text[start:stop]
        capitals = _in_capitals(surface)
        parts = _UNIT.split(surface)  # gap, unit, gap, …, unit, gap
        edges = list(accumulate(map(len, parts), initial=start))
        spans = list(zip(edges[1::2], edges[2::2], strict=False))
        if gap or not number:  # but a glued sentence starts no word
            parts[0] = " "
        surfaces = map(str.lower, parts[1::2]) if capitals else parts[1::2]
        pieces = vocabulary.read(
            [_WORD_START + unit if space else unit for space, unit in zip(parts[::2], surfaces, strict=False)]
        )
        heading = firsts[headings[number]] if headings[number] >= 0 else -1
        firsts.append(len(lines))
        for first in range(0, len(spans) or 1, _LONGEST_LINE):
            part = slice(first, first + _LONGEST_LINE)
            opening = (MORE if first else mark, *((CAPITALS,) if capitals else ()))
            lines.append(Line(number, spans[part], [opening, *pieces[part]], heading))
    return lines


def units(text: str) -> Iterator[str]:
    """The units of a text, `▁` before those that white space precedes."""
    for match in _UNIT.finditer(text):
        start = match.start()
        yield (_WORD_START if start == 0 or text[start - 1].isspace() else "") + match.group()


def find_headings(text: str, sentences: Sequence[tuple[int, int]]) -> list[int]:
    """For each sentence the number of the lead-in or heading it stands under, or -1."""
    found, heading, lead = [], -1, -1
    for number, (start, end) in enumerate(sentences):
        opens = number == 0 or "\n" in text[sentences[number - 1][1] : start]
        if lead >= 0 and opens and not _LIST_MARK.match(text, start, end):
            lead = -1
        found.append(lead if lead >= 0 else heading)
        last = text[end - 1]
        if last == ":":
            lead = number
        elif opens and number and last not in ".!?…;" and text.count(" ", start, end) < _LONGEST_HEADING:
            closes = number + 1 == len(sentences) or "\n" in text[end : sentences[number + 1][0]]
            if closes:
                heading, lead = number, -1
    return found


def _in_capitals(surface: str) -> bool:
    plain = surface.encode("ascii", "ignore")
    small = len(plain) - len(plain.translate(None, _SMALL))
    if 5 * small >= len(surface) or " " not in surface:  # most sentences, without a look at each letter
        return False
    upper = sum(map(str.isupper, surface))
    return upper > 3 and upper > 4 * sum(map(str.islower, surface))


@dataclass(slots=True)
class Window:
    """Lines that are read together; the first `context` of them were read before."""

    lines: list[int] = field(default_factory=list)
    context: int = 0
    units: int = 0  # markers among them


def cut_windows(lines: Sequence[Line], size: int, context: int, first: int | None = None) -> Iterator[Window]:
    """Windows that read each line of a text once, with its heading and the lines before it as context.

    Args:
        lines: of one text.
        size: units of a window at most, markers and context among them.
        context: units of context at most.
        first: units of the first window at most; `size` if None.
    """
    position, limit = 0, first or size
    while position < len(lines):
        before: list[int] = []
        left = context
        heading = lines[position].heading
        if heading >= 0 and 2 * len(lines[heading]) <= left:
            left -= len(lines[heading])
        else:
            heading = -1
        line = position - 1
        while line >= 0 and line != heading and len(lines[line]) <= left:
            before.append(line)
            left -= len(lines[line])
            line -= 1
        if 0 <= heading <= line:
            before.append(heading)
        window = Window(before[::-1], len(before), sum(len(lines[i]) for i in before))
        while position < len(lines):
            grown = window.units + len(lines[position])
            if len(window.lines) > window.context and grown > limit:
                break
            window.lines.append(position)
            window.units = grown
            position += 1
        yield window
        limit = size
