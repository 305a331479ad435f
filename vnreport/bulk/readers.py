"""Items → texts: plain text, web pages, Word files, PDF files and rows of tables."""

from __future__ import annotations

import codecs
import io
import json
import logging
import math
import re
import signal
import threading
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from types import FrameType
from typing import Any
from uuid import UUID

from vnreport.bulk.items import MAX_BYTES, NO_TEXT, Item, Reading, find_column, require_columns
from vnreport.inputs import OLD_FONT, InputError, Text, decode, is_of_old_font
from vnreport.text import SURROGATE

SECONDS = 300
"""How long a page, Word file or PDF file may take to read."""

for _library in ("trafilatura", "htmldate", "pypdf"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)  # what they have to say is in the reason

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w-]{1,40})""", re.IGNORECASE)


def read_item(item: Item, reading: Reading) -> Text:
    """The text of an item, and what its source says of it.

    Raises:
        InputError: it holds no text, or cannot be read; other exceptions come
            from the libraries that read damaged files.
    """
    if item.error is not None:
        raise InputError(item.id, item.error)
    with _time_limit(item.id):
        text = _READERS[item.format](item, reading)
    if not text.text.strip():
        raise InputError(text.id, NO_TEXT)
    if is_of_old_font(text.text):
        raise InputError(text.id, OLD_FONT)
    if match := SURROGATE.search(text.text):
        place = f"at character {match.start():,}"
        raise InputError(text.id, f"holds a broken character {place}; export it again as UTF-8")
    return text


def _read_text(item: Item, reading: Reading) -> Text:
    return Text(item.id, decode(_bytes(item), item.id))


def _read_html(item: Item, reading: Reading) -> Text:
    """The main text, its title as the first line; title, author, date, site and address as metadata."""
    try:
        from trafilatura import bare_extraction
    except ImportError:
        raise InputError(item.id, "reading HTML needs trafilatura: pip install 'vnreport[html]'") from None
    document = bare_extraction(_decode_html(item), with_metadata=True, include_comments=False)
    if document is None or not document.text:
        raise InputError(item.id, "holds no article; leave it out, or save the page again with its text")
    text, title = document.text, document.title or ""
    if not text.lstrip().startswith(title):
        text = f"{title}\n{text}"
    meta = {name: getattr(document, name) for name in ("title", "author", "date", "sitename", "url")}
    return Text(item.id, text, {name: value for name, value in meta.items() if value})


def _decode_html(item: Item) -> str:
    data = _bytes(item)
    declared = _CHARSET.search(data[:2048])
    if declared and not data.startswith(codecs.BOM_UTF8):
        for charset in ("utf-8", declared[1].decode("ascii")):  # pages often declare what they are not
            try:
                return data.decode(charset)
            except (LookupError, UnicodeDecodeError):
                pass
    return decode(data, item.id)


def _read_docx(item: Item, reading: Reading) -> Text:
    """Paragraphs and rows of tables, a line each; title, author and date of change as metadata."""
    try:
        from docx import Document
        from docx.table import Table
    except ImportError:
        raise InputError(item.id, "reading Word files needs python-docx: pip install 'vnreport[office]'") from None
    file = io.BytesIO(_bytes(item))
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(info.file_size for info in archive.infolist()) > 4 * MAX_BYTES:
                raise InputError(item.id, f"unpacks to more than {MAX_BYTES >> 18} MB; save it without its pictures")
    except zipfile.BadZipFile:
        raise InputError(item.id, "is not a Word file of the .docx kind; save it as one") from None
    document = Document(file)
    lines: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                cells = {id(cell._tc): " ".join(cell.text.split()) for cell in row.cells}  # merged cells come twice
                lines.append("\t".join(cells.values()))
        else:
            lines.append(block.text)
    about = document.core_properties
    meta = {"title": about.title, "author": about.author, "date": about.modified and about.modified.date().isoformat()}
    return Text(item.id, "\n".join(lines), {name: value for name, value in meta.items() if value})


def _read_pdf(item: Item, reading: Reading) -> Text:
    """The text layer, page after page; title and author as metadata."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import FileNotDecryptedError
    except ImportError:
        raise InputError(item.id, "reading PDF files needs pypdf: pip install 'vnreport[office]'") from None
    try:
        reader = PdfReader(io.BytesIO(_bytes(item)))
        text = "\n".join(page.extract_text() for page in reader.pages)
        about = reader.metadata
    except FileNotDecryptedError:
        raise InputError(item.id, "is encrypted; save it without a password") from None
    if not text.strip():
        raise InputError(item.id, "has no text layer; run OCR on it first")
    meta = {"title": about and about.title, "author": about and about.author}
    return Text(item.id, text, {name: str(value) for name, value in meta.items() if value})


def _read_json(item: Item, reading: Reading) -> Text:
    try:
        row = json.loads(str(item.data).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise InputError(item.id, f"is not JSON ({error}); write one object a line") from None
    if not isinstance(row, dict):
        raise InputError(item.id, "is not a JSON object; write one object a line")
    require_columns(reading, list(row), item.id)
    return _from_row(row, item.id, reading)


def _read_row(item: Item, reading: Reading) -> Text:
    assert isinstance(item.data, dict)
    return _from_row(item.data, item.id, reading)


def _from_row(row: Mapping[str, Any], name: str, reading: Reading) -> Text:
    text_column = find_column(reading.text, row)
    id_column = reading.id and find_column(reading.id, row)
    for column in filter(None, (text_column, id_column)):
        if row.get(column) is None:
            raise InputError(name, f"has nothing in its column {column!r}; fill it, or leave the row out")
    text = row[text_column]
    if not isinstance(text, str):
        raise InputError(name, f"column {text_column!r} holds no text but {type(text).__name__}")
    meta = {key: _cell(row, key, name) for key in row if key not in (text_column, id_column)}
    return Text(str(_cell(row, id_column, name)) if id_column else name, text, meta)


def _cell(row: Mapping[str, Any], column: str, name: str) -> Any:
    try:
        return _plain(row[column])
    except TypeError as error:
        raise InputError(name, f"column {column!r} holds {error}, which cannot be written; leave it out") from None


def _plain(value: Any) -> Any:
    """A cell as one of the types that every output can write.

    Raises:
        TypeError: it is an object of another type, which the message names.
    """
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if value is None or isinstance(value, bool | int | date | Decimal):
        return value
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta | UUID):
        return str(value)
    raise TypeError(f"an object of type {type(value).__name__}")


def _bytes(item: Item) -> bytes:
    assert isinstance(item.data, bytes)
    return item.data


@contextmanager
def _time_limit(name: str) -> Iterator[None]:
    """Raise where reading does not come to an end; needs a main thread and a system with SIGALRM."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise InputError(name, f"takes more than {SECONDS} seconds to read; leave it out or export it again")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


_READERS: dict[str, Callable[[Item, Reading], Text]] = {
    "txt": _read_text,
    "html": _read_html,
    "docx": _read_docx,
    "pdf": _read_pdf,
    "json": _read_json,
    "row": _read_row,
}
