"""Normal forms of Vietnamese text, and the way back to the text as it was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_Reads: TypeAlias = Callable[Concatenate[str, P], T]

SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character, which no encoding can write."""

# For the inside of a regular expression's class: the letters of Vietnamese and its neighbours, composed.
UPPER = "A-ZÀ-ÖØ-ÞĂĐĨŨƠƯ" + "".join(map(chr, range(0x1EA0, 0x1EFA, 2)))
LOWER = "a-zß-öø-ÿăđĩũơư" + "".join(map(chr, range(0x1EA1, 0x1EFA, 2)))

_OLD = "òa óa ỏa õa ọa òe óe ỏe õe ọe ùy úy ủy ũy ụy"
_NEW = "oà oá oả oã oạ oè oé oẻ oẽ oẹ uỳ uý uỷ uỹ uỵ"
OLD_TONES = dict(zip(_NEW.split(), _OLD.split(), strict=True))  # what the older school writes for each
_TO_NEW = {old: new for new, old in OLD_TONES.items()}
_NEW_TONE = re.compile(rf"(?<!q)(?:{'|'.join(OLD_TONES)})(?![^\W\d_])")
_OLD_TONE = re.compile(rf"(?:{'|'.join(_TO_NEW)})(?![^\W\d_])")
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_SPACE = re.compile(r"\s+")
_BARE = {
    ord(letter): unicodedata.normalize("NFD", letter)[0]
    for letter in map(chr, (*range(0xC0, 0x250), *range(0x1EA0, 0x1F00)))
    if letter.isalpha()
} | str.maketrans("đĐ", "dD")


def remember(entries: int, longest: int = 64) -> Callable[[_Reads[P, T]], _Reads[P, T]]:
    """Decorates a function of a string, and perhaps more, to remember what it gave for short ones.

    Args:
        entries: how many results are kept, those used last.
        longest: characters of the string at most.
    """

    def decorate(function: _Reads[P, T]) -> _Reads[P, T]:
        remembered = lru_cache(entries)(function)

        @wraps(function)
        def call(text: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return (remembered if len(text) <= longest else function)(text, *args, **kwargs)

        return call

    return decorate


@remember(1 << 16)
def normalize(text: str) -> str:
    """The normal form that spellings of one word share.

    Lower case, NFC, tone marks where the older school puts them (`uỷ` → `ủy`,
    `hoà` → `hòa`), `ð` → `đ`, runs of white space as one space, invisible
    characters removed. Used for comparing and for features, never for output
    that claims to be the text.
    """
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE).lower().replace("ð", "đ")
    return _SPACE.sub(" ", old_tones(text)).strip() or text


def old_tones(text: str) -> str:
    """A text with tone marks where the older school puts them (`uỷ` → `ủy`)."""
    return _NEW_TONE.sub(lambda match: OLD_TONES[match.group()], text)


def new_tones(text: str) -> str:
    """A lower-case text with tone marks where the newer school puts them (`ủy` → `uỷ`)."""
    return _OLD_TONE.sub(lambda match: _TO_NEW[match.group()], text)


def bare(text: str) -> str:
    """A composed text with its letters' marks taken off, `đ` as `d`; of the same length."""
    return text.translate(_BARE)


def cased_as(word: str, typed: str) -> str:
    """A word whose letters are capitals where those of `typed`, a word of the same length, are."""
    return "".join(new.upper() if old.isupper() else new for new, old in zip(word, typed, strict=True))


@lru_cache(maxsize=1)  # one stage after the other reads the same text
def compose(text: str) -> tuple[str, list[int] | None]:
    """NFC without invisible characters, with the way back.

    Returns:
        The composed text and, for each of its code points and its end, the
        offset in `text` (a list of `len(composed) + 1`), or None where the two
        are the same; not to be changed. Each combining sequence is composed alone, so a mark never
        moves across a boundary; what NFC makes longer (`U+0958`) has its surplus
        code points at its end.
    """
    if text.isascii() or (unicodedata.is_normalized("NFC", text) and not _has_invisible(text)):
        return text, None
    pieces: list[str] = []
    offsets: list[int] = []
    for match in _RUN.finditer(text):
        run, start = match.group(), match.start()
        piece, places = _compose(run)
        pieces.append(piece)
        offsets.extend([start + place for place in places])
    offsets.append(len(text))
    return "".join(pieces), offsets


@remember(1 << 14)
def _compose(run: str) -> tuple[str, list[int]]:
    pieces: list[str] = []
    offsets: list[int] = []
    start, length = 0, len(run)
    while start < length:
        end = start + 1
        while end < length and (unicodedata.combining(run[end]) or ord(run[end]) in _INVISIBLE):
            end += 1
        piece = unicodedata.normalize("NFC", run[start:end].translate(_INVISIBLE))
        pieces.append(piece)
        offsets.extend([min(start + i, end) for i in range(len(piece))])
        start = end
    return "".join(pieces), offsets


_RUN = re.compile(r"\s+|\S+")


def _has_invisible(text: str) -> bool:
    return _INVISIBLE_PATTERN.search(text) is not None


_INVISIBLE_PATTERN = re.compile("[" + "".join(map(chr, _INVISIBLE)) + "]")
