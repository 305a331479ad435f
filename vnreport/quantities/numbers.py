"""Where a number stands in the text, and all that it may state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from vnreport.numerals import EXACT, MAGNITUDES, ONES, WORDS, Number, read, read_digits
from vnreport.quantities.draft import Cell
from vnreport.quantities.lexicon import END, UNIT
from vnreport.quantities.nouns import counted
from vnreport.quantities.source import Source

_DIGITS = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_SPACED = re.compile(r"[0-9]{1,3}(?: [0-9]{3})+(?![0-9]|[.,][0-9])")
"""`13 503 000`, not `13 50`, `13 503,5`."""
_TR = rf"tr(?=[ .]?(?:đ|d|vnđ))|(?<=[0-9])tr{END}"
"""For `triệu`: `412 trđ`, `9 tr.đ`, `5tr`."""
MAGNITUDE = re.compile(
    r" ?(?:(?:nghìn|ngàn|vạn|triệu|triêu|trăm|chục|million|billion|trillion|(?:tỷ|tỉ)(?! (?:lệ|trọng|suất|số|giá)))"
    rf"{END}|{_TR})"
)
"""Behind a number: `triệu`, `tỷ`, `trđ`, not `tỷ lệ`."""
_MAGNITUDE_LETTERS = frozenset("nvtcmb")
_WORDS = "|".join(sorted(WORDS, key=len, reverse=True))
_TOKEN = re.compile(rf" ?((?:{_WORDS}){END}|{_TR}|[0-9]+(?:[.,][0-9]+)*)")
"""One part of a number: `hai`, `mươi`, `tỷ`, `1,5`."""
_PERCENT = re.compile(r" ?phần (?:trăm|nghìn|ngàn)")
"""Behind a number, which it ends: `phần trăm`."""
_ELIDED = re.compile(rf" ?(?:đồng|đ|vnđ){END}|\s*(?:[,;.)]|$)")
"""Behind the `8` of `4 tỷ 8`, `4 tỷ 8 đồng`: it has lost its magnitude."""
_LONGEST = 40


class Located(NamedTuple):
    """A number in the folded text.

    Attributes:
        start: where it begins.
        end: where it ends.
        cell: what it may state.
        scaled: whether it has a magnitude word.
        doubtful: whether a space may part two numbers (`3 200`).
    """

    start: int
    end: int
    cell: Cell
    scaled: bool = False
    doubtful: bool = False


def number_at(source: Source, start: int) -> Located | None:
    """The longest number that begins at `start`; None where none does."""
    text = source.folded
    match = _DIGITS.match(text, start)
    if match is None:
        return _composed(source, start, "", start)
    typed, end = match.group(), match.end()
    spaced = _SPACED.match(text, start) if len(typed) <= 3 and text.startswith(" ", end) else None
    if spaced:
        typed, end = spaced.group().replace(" ", ""), spaced.end()
    if magnitude_follows(source, end):
        return _composed(source, start, typed, end)
    cell = _digits(typed)
    return Located(start, end, cell, doubtful=spaced is not None and len(typed) <= 6) if cell else None


@lru_cache(maxsize=1 << 14)
def _digits(typed: str) -> Cell | None:
    values = read_digits(typed)
    return Cell(values, _mark(typed, values), typed) if values else None


def magnitude_follows(source: Source, end: int) -> bool:
    """Whether `triệu`, `tỷ` … stands behind `end`; `Triệu Sơn` is a name."""
    text = source.folded
    if text[end : end + 2].lstrip()[:1] not in _MAGNITUDE_LETTERS:
        return False
    match = MAGNITUDE.match(text, end)
    if match is None:
        return False
    words = source.typed[match.start() : match.end() + 12].split()
    named = len(words) > 1 and words[0].istitle() and words[1].istitle()
    return not named or UNIT.match(text, match.end()) is not None


def _mark(typed: str, values: tuple[Number, ...]) -> str:
    if len(values) == 1:
        return ""
    return "." if "." in typed else ","


def _composed(source: Source, start: int, typed: str, end: int) -> Located | None:
    """A number with magnitude words, in words, or in digits and words.

    Args:
        source: the text.
        start: where the number begins.
        typed: its digits, where it begins with digits.
        end: where they end, or `start`.
    """
    simple = _scaled(source, start, typed, end) if typed else _one_word(source, start)
    if simple:
        return simple
    tokens = _Tokens(source, typed, end)
    value, used = read(tokens)
    elided = used > 1 and tokens[used - 2] in MAGNITUDES and tokens[used - 1] in ONES
    if elided and not _ELIDED.match(source.folded, tokens.ends[used - 1]):
        tokens.limit = used - 1  # "1,5 triệu một chuyến"
        value, used = read(tokens)
    if value is None:
        return None
    tokens.limit = used
    values: tuple[Number, ...] = (value,)
    if typed:
        other, same = read(tokens, 1)
        if same == used and other is not None and other != value:
            values = (value, other)
    scaled = any(token in MAGNITUDES for token in tokens)
    scale = tokens[1] if typed and used > 1 else ""
    cell = Cell(values, _mark(typed, values), typed, scale, _sizes(tokens, 1 if typed else 1000))
    return Located(start, tokens.ends[used - 1], cell, scaled)


def _sizes(tokens: Sequence[str], least: int) -> tuple[int, ...]:
    """The magnitudes from `least` on, as long as they rise: a smaller one belongs to a later part."""
    sizes: list[int] = []
    for token in tokens:
        size = MAGNITUDES.get(token, 0)
        if size >= least:
            sizes.append(size)
            least = size
    return tuple(sizes)


def _scaled(source: Source, start: int, typed: str, end: int) -> Located | None:
    """Digits with one magnitude word that nothing goes on: `9,2 tỷ`, the commonest of them."""
    match = MAGNITUDE.match(source.folded, end)
    word = match.group().strip() if match else ""
    if match is None or word not in MAGNITUDES or _TOKEN.match(source.folded, match.end()):
        return None
    size = MAGNITUDES[word]
    values = tuple(EXACT.multiply(value, Decimal(size)) for value in read_digits(typed))
    if not values:
        return None
    return Located(start, match.end(), Cell(values, _mark(typed, values), typed, word, (size,)), True)


def _one_word(source: Source, start: int) -> Located | None:
    """A digit in words that nothing goes on: `hai`, `ba`."""
    match = _TOKEN.match(source.folded, start)
    value = ONES.get(match[1]) if match else None
    if match is None or value is None or _TOKEN.match(source.folded, match.end()):
        return None
    return Located(start, match.end(), Cell((Decimal(value),)))


class _Tokens(Sequence[str]):
    """The syllables of a number, cut from the text as they are asked for.

    Attributes:
        ends: where each of them ends.
        limit: how many may be used.
    """

    def __init__(self, source: Source, typed: str, end: int) -> None:
        self.source = source
        self.cut = [typed] if typed else []
        self.ends = [end] if typed else []
        self.limit = _LONGEST
        self.at = end

    def __len__(self) -> int:
        while len(self.cut) < self.limit and self.more():
            pass
        return min(len(self.cut), self.limit)

    def __getitem__(self, index: int) -> str:  # type: ignore[override]
        if index >= self.limit:
            raise IndexError(index)
        while index >= len(self.cut) and self.more():
            pass
        return self.cut[index]

    def more(self) -> bool:
        """Cut one more token; False where the text goes on with something else."""
        text = self.source.folded
        match = _TOKEN.match(text, self.at)
        if match is None or _PERCENT.match(text, self.at):
            return False
        token = "triệu" if match[1] == "tr" else match[1]
        if token[0].isdigit() and not self.goes_on(token, match.end()):
            return False
        if token in MAGNITUDES and match[1] != "tr" and not magnitude_follows(self.source, self.at):
            return False
        self.cut.append(token)
        self.ends.append(match.end())
        self.at = match.end()
        return True

    def goes_on(self, token: str, end: int) -> bool:
        """Whether digits go on a number: `10 tỷ 800 triệu`, `4 tỷ 8 đồng`, `2 nghìn 350 hộ`."""
        if not self.cut or self.cut[-1] not in MAGNITUDES:
            return False
        if magnitude_follows(self.source, end):
            return True
        if len(token) > 3 or not token.isdigit():
            return False
        if len(token) == 3 and MAGNITUDES[self.cut[-1]] == 1000 and self.cut[0].isalnum():
            return counted(self.source, end) or _ELIDED.match(self.source.folded, end) is not None
        return _ELIDED.match(self.source.folded, end) is not None
