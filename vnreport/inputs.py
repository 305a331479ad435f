"""Texts, whatever they are encoded in."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

ERRORS, MANIFEST = "errors.jsonl", "manifest.json"
"""What `vnreport annotate` writes beside the records, no text; for one file behind its name and a dot."""

_ASCII = bytes(range(128))
_BOMS = {  # that of UTF-32-LE begins with that of UTF-16-LE
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CONTAINERS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "an Office or zip file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"{\\rtf": "an RTF file",
}
_VIETNAMESE = re.compile(r"[ăâđêôơư\u1ea0-\u1ef9]", re.IGNORECASE)
_NEWER = re.compile(r"[ăđơư\u1ea0-\u1ef9]", re.IGNORECASE)  # the letters that Latin-1, which shows old codes, lacks
_SIGN = "[¡¢£¤¥¦§¨©ª¬®µ¶·¸¹¼½¾×÷]"
_OLD_FONT = re.compile(  # TCVN3 has signs in its words, VNI marks behind their vowels
    rf"(?<=[a-z]){_SIGN}|{_SIGN}(?=[a-z])|(?<=[aeiouyôö])[àáâãäåèéêëïõøùúûü]", re.IGNORECASE
)
_SAMPLE = 4000  # characters that tell it
_FEWEST = 8  # what words like "hoá", "naïve" and "a·b" do not come to
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")

OLD_FONT = "is typed for an old font (TCVN3 or VNI); convert it to Unicode, as UniKey does"
"""The reason where `is_of_old_font`."""


class InputError(Exception):
    """An input that cannot be annotated.

    Attributes:
        name: of the input.
        reason: what is wrong and the remedy.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Text:
    """One text, its name, and what else its source says of it."""

    id: str
    text: str
    meta: dict[str, Any] = field(default_factory=dict)


def decode(data: bytes, name: str) -> str:
    """Bytes as text: UTF-8, UTF-16, UTF-32 with its mark or, where it makes Vietnamese, Windows-1258.

    Raises:
        InputError: it is none of these; where it is typed for an old font, the
            message says so.
    """
    for magic, what in _CONTAINERS.items():
        if data.startswith(magic):
            raise InputError(name, f"is {what}, not plain text; save it as .txt in UTF-8")
    marked = _marked_encoding(data)
    text = _decode(data, marked or "utf-8")
    if not marked and (text is None or "\0" in text):
        if _is_broken_utf8(data):
            raise InputError(name, "is UTF-8 with broken characters; export it again, or repair it with iconv -c")
        text = _decode_utf16(data) or _decode_1258(data)
    if text is None or len(_CONTROL.findall(text)) > len(text) // 50:
        shown = data[:_SAMPLE].decode("latin-1")
        if is_of_old_font(shown) and not _CONTROL.search(shown):
            raise InputError(name, OLD_FONT)
        raise InputError(name, "is binary or in an unknown encoding; save it as .txt in UTF-8")
    return text


def guess_encoding(sample: bytes) -> str:
    """The encoding of a file that is read line by line, from its first bytes."""
    if marked := _marked_encoding(sample):
        return marked
    zeros = (sample[::2].count(0), sample[1::2].count(0))
    if 10 * max(zeros) > len(sample):
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        if not _is_broken_utf8(sample) and _decode_1258(sample) is not None:
            return "cp1258"
    return "utf-8"


def is_of_old_font(text: str) -> bool:
    """Whether a text only looks Vietnamese in a font of its time before Unicode, TCVN3 (`.VnTime`) or VNI."""
    sample = text[:_SAMPLE]
    if _NEWER.search(sample):
        return False
    return len(_OLD_FONT.findall(sample)) >= max(_FEWEST, len(sample.split()) // 5 + 1)


def _marked_encoding(data: bytes) -> str | None:
    return next((encoding for bom, encoding in _BOMS.items() if data.startswith(bom)), None)


def _decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_broken_utf8(data: bytes) -> bool:
    """Whether most of the bytes beyond ASCII are UTF-8: then no other encoding is meant."""
    beyond = len(data.translate(None, _ASCII))
    kept = len(data.decode("utf-8", "ignore").encode().translate(None, _ASCII))
    return 2 * kept > beyond > 0


def _decode_utf16(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: the high bytes of Latin text are mostly zero."""
    zeros = (data[::2].count(0), data[1::2].count(0))
    if 5 * max(zeros) < len(data) // 2 or not data:
        return None
    return _decode(data, "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le")


def _decode_1258(data: bytes) -> str | None:
    text = _decode(data, "cp1258")
    if text is None or _CONTROL.search(text):
        return None
    letters = sum(map(str.isalpha, text))
    vietnamese = len(_VIETNAMESE.findall(unicodedata.normalize("NFC", text)))
    return text if 10 * vietnamese > letters else None
