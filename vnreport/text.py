"""Normal forms of Vietnamese text, and the way back to the text as it was typed."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_OLD = "òa óa ỏa õa ọa òe óe ỏe õe ọe ùy úy ủy ũy ụy"
_NEW = "oà oá oả oã oạ oè oé oẻ oẽ oẹ uỳ uý uỷ uỹ uỵ"
_TO_OLD = dict(zip(_NEW.split(), _OLD.split(), strict=True))
_TO_NEW = {old: new for new, old in _TO_OLD.items()}
_NEW_TONE = re.compile(rf"(?<!q)(?:{'|'.join(_TO_OLD)})(?![^\W\d_])")
_OLD_TONE = re.compile(rf"(?:{'|'.join(_TO_NEW)})(?![^\W\d_])")
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_SPACE = re.compile(r"\s+")


def normalize(text: str) -> str:
    """The normal form that spellings of one word share.

    Lower case, NFC, tone marks where the older school puts them (`uỷ` → `ủy`,
    `hoà` → `hòa`), `ð` → `đ`, runs of white space as one space, invisible
    characters removed. Used for comparing and for features, never for output
    that claims to be the text.
    """
    return _normalize_word(text) if len(text) <= _LONGEST_WORD else _normalize(text)


def _normalize(text: str) -> str:
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE).lower().replace("ð", "đ")
    return _SPACE.sub(" ", old_tones(text)).strip() or text


_LONGEST_WORD = 64  # what is longer is not worth remembering
_normalize_word = lru_cache(maxsize=1 << 16)(_normalize)


def old_tones(text: str) -> str:
    """A text with tone marks where the older school puts them (`uỷ` → `ủy`)."""
    return _NEW_TONE.sub(lambda match: _TO_OLD[match.group()], text)


def new_tones(text: str) -> str:
    """A lower-case text with tone marks where the newer school puts them (`ủy` → `uỷ`)."""
    return _OLD_TONE.sub(lambda match: _TO_NEW[match.group()], text)


def compose(text: str) -> tuple[str, list[int] | None]:
    """NFC without invisible characters, with the way back.

    Returns:
        The composed text and, for each of its code points and its end, the
        offset in `text` (a list of `len(composed) + 1`), or None where the two
        are the same. Each combining sequence is composed alone, so a mark never
        moves across a boundary; what NFC makes longer (`U+0958`) has its surplus
        code points at its end.
    """
    if text.isascii() or (unicodedata.is_normalized("NFC", text) and not _has_invisible(text)):
        return text, None
    pieces: list[str] = []
    offsets: list[int] = []
    for match in _RUN.finditer(text):
        run, start = match.group(), match.start()
        piece, places = _compose_word(run) if len(run) <= _LONGEST_WORD else _compose(run)
        pieces.append(piece)
        offsets.extend([start + place for place in places])
    offsets.append(len(text))
    return "".join(pieces), offsets


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
_compose_word = lru_cache(maxsize=1 << 14)(_compose)


def _has_invisible(text: str) -> bool:
    return _INVISIBLE_PATTERN.search(text) is not None


_INVISIBLE_PATTERN = re.compile("[" + "".join(map(chr, _INVISIBLE)) + "]")
