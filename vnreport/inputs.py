"""Texts from files and standard input, whatever they are encoded in."""

from __future__ import annotations

import codecs
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

STANDARD_INPUT = "-"
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CONTAINERS = {b"%PDF": "a PDF", b"PK\x03\x04": "a Word or zip file", b"\xd0\xcf\x11\xe0": "an old Word file"}
_VIETNAMESE = re.compile(r"[ăâđêôơư\u1ea0-\u1ef9]", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


class InputError(Exception):
    """An input that cannot be annotated; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text and where it came from."""

    id: str
    text: str


def find(inputs: Iterable[str]) -> Iterator[Path | InputError]:
    """The files that the inputs name, folders opened at any depth, in a fixed order.

    A name that leads nowhere comes back as the error to report, so that the
    rest can be processed.
    """
    for name in inputs:
        path = Path(name)
        if name == STANDARD_INPUT or path.is_file():
            yield path
        elif path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".txt" and file.is_file())
            yield from files
            if not files:
                yield InputError(f"{name}: no .txt file in this folder")
        else:
            yield InputError(f"{name}: no such file or folder; check the name")


def read(path: Path) -> Text:
    """Read one text; `-` is standard input.

    Raises:
        InputError: the file cannot be read, is empty, or is not text.
    """
    name = str(path)
    try:
        data = sys.stdin.buffer.read() if name == STANDARD_INPUT else path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); check its permissions") from None
    text = decode(data, name)
    if not text.strip():
        raise InputError(f"{name}: holds no text; leave it out or export it again")
    return Text(name, text)


def decode(data: bytes, name: str) -> str:
    """Bytes as text: UTF-8, UTF-16 or, where it makes Vietnamese, Windows-1258.

    Raises:
        InputError: it is none of these.
    """
    for magic, what in _CONTAINERS.items():
        if data.startswith(magic):
            raise InputError(f"{name}: is {what}, not plain text; save it as .txt in UTF-8")
    for bom, encoding in _BOMS.items():
        if data.startswith(bom):
            text = _decode(data, encoding)
            return _refuse(name) if text is None else text
    text = _decode(data, "utf-8")
    if text is None or "\0" in text:
        if _is_broken_utf8(data):
            raise InputError(f"{name}: is UTF-8 with broken characters; export it again, or repair it with iconv -c")
        text = _decode_utf16(data) or _decode_1258(data)
    if text is None or len(_CONTROL.findall(text)) > len(text) // 50:
        return _refuse(name)
    return text


def _refuse(name: str) -> str:
    raise InputError(f"{name}: is binary or in an unknown encoding; save it as .txt in UTF-8")


def _decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_broken_utf8(data: bytes) -> bool:
    """Whether most of the bytes beyond ASCII are UTF-8: then no other encoding is meant."""
    beyond = sum(byte > 127 for byte in data)
    kept = sum(byte > 127 for byte in data.decode("utf-8", "ignore").encode())
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
