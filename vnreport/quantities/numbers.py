"""Where a number stands in the text, and all that it may state."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vnreport.numerals import MAGNITUDES, ONES, WORDS, Number, read, read_digits
from vnreport.quantities.draft import Cell
from vnreport.quantities.lexicon import END, UNIT
from vnreport.quantities.source import Source

_DIGITS = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_SPACED = re.compile(r"[0-9]{1,3}(?: [0-9]{3})+(?![0-9]|[.,][0-9])")
_TR = r"tr(?=[ .]?(?:đ|d|vnđ))"
MAGNITUDE = re.compile(
    r" {0,2}(?:(?:nghìn|ngàn|vạn|triệu|triêu|trăm|chục|(?:tỷ|tỉ)(?! (?:lệ|trọng|suất|số|giá)))"
    rf"{END}|{_TR})"
)
_WORDS = "|".join(sorted(WORDS, key=len, reverse=True))
_TOKEN = re.compile(rf" {{0,2}}((?:{_WORDS}){END}|{_TR}|[0-9]+(?:[.,][0-9]+)*)")
_PERCENT = re.compile(r" {0,2}phần (?:trăm|nghìn|ngàn)")
_ELIDED = re.compile(rf" {{0,2}}(?:đồng|đ|vnđ){END}|\s*(?:[,;.)]|$)")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Located:
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
        return _composed(source, start, [], [])
    typed, end = match.group(), match.end()
    spaced = _SPACED.match(text, start) if len(typed) <= 3 else None
    if spaced:
        typed, end = spaced.group().replace(" ", ""), spaced.end()
    if magnitude_follows(source, end):
        return _composed(source, start, [typed], [end])
    values = read_digits(typed)
    if not values:
        return None
    doubtful = spaced is not None and len(typed) <= 6
    return Located(start, end, Cell(values, _mark(typed, values), typed), doubtful=doubtful)


def magnitude_follows(source: Source, end: int) -> bool:
    """Whether `triệu`, `tỷ` … stands behind `end`; `Triệu Sơn` is a name."""
    match = MAGNITUDE.match(source.folded, end)
    if match is None:
        return False
    words = source.typed[match.start() : match.end() + 12].split()
    named = len(words) > 1 and words[0].istitle() and words[1].istitle()
    return not named or UNIT.match(source.folded, match.end()) is not None


def _mark(typed: str, values: tuple[Number, ...]) -> str:
    if len(values) == 1:
        return ""
    return "." if "." in typed else ","


def _composed(source: Source, start: int, tokens: list[str], ends: list[int]) -> Located | None:
    """A number with magnitude words, in words, or in digits and words.

    Args:
        source: the text.
        start: where the number begins.
        tokens: its digits, where it begins with digits.
        ends: where they end.
    """
    text = source.folded
    typed = tokens[0] if tokens else ""
    at = ends[0] if ends else start
    while len(tokens) < _LONGEST:
        match = _TOKEN.match(text, at)
        if match is None or _PERCENT.match(text, at):
            break
        token = "triệu" if match[1] == "tr" else match[1]
        if token[0].isdigit() and not _continues(source, tokens, token, match.end()):
            break
        if token in MAGNITUDES and not magnitude_follows(source, at) and match[1] != "tr":
            break
        tokens.append(token)
        ends.append(match.end())
        at = match.end()
    value, used = read(tokens)
    if _elides(tokens, used) and not _ELIDED.match(text, ends[used - 1]):  # "1,5 triệu một chuyến"
        value, used = read(tokens[: used - 1])
    if value is None:
        return None
    values: tuple[Number, ...] = (value,)
    if typed:
        other, same = read(tokens[:used], 1)
        if same == used and other is not None and other != value:
            values = (value, other)
    scaled = any(token in MAGNITUDES for token in tokens[:used])
    scale = tokens[1] if typed and used > 1 else ""
    return Located(start, ends[used - 1], Cell(values, _mark(typed, values), typed, scale), scaled)


def _continues(source: Source, tokens: list[str], token: str, end: int) -> bool:
    """Whether digits go on a number: `10 tỷ 800 triệu`, `4 tỷ 8 đồng`."""
    if not tokens or tokens[-1] not in MAGNITUDES:
        return False
    if magnitude_follows(source, end):
        return True
    return len(token) <= 3 and token.isdigit() and _ELIDED.match(source.folded, end) is not None


def _elides(tokens: list[str], used: int) -> bool:
    return used > 1 and tokens[used - 2] in MAGNITUDES and tokens[used - 1] in ONES
