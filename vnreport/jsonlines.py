"""Articles as JSON lines: of `scripts/export-corpus`, `vnreport annotate`, Prodigy and other tools.

The standard library alone, as `vnreport.markup`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from vnreport.markup import FACT_QUANTITIES, VALUES, Article, Entity, Fact, Quantity, Role, Sentence
from vnreport.schema import APPROX, CLASSES, ENTITY_LABELS
from vnreport.text import SURROGATE

_LISTS = ("spans", "entities", "sentences", "quantities", "roles", "indicators")
_OPTIONAL = ("quantities", "roles", "indicators")
_POINTS_INTO = {"roles": ("entities", "sentences"), "indicators": ("sentences", "quantities")}
_PARTS = ("unit", "low", "high", "numerator", "denominator", "iso")  # of a quantity in the records, beside its value
_UTF16 = "offsets count code points, an emoji is one"

_Item = TypeVar("_Item")
_Row = Mapping[str, Any]


def read(path: Path) -> tuple[list[Article], list[str]]:
    """Read the articles of a file, one JSON object a line.

    Each has `text`, and `spans` or `entities`: objects with `start`, `end`
    (code points) and `label` (`PER`, `TITLE`, `ORG`), an empty list where
    there are none. `sentences` are of the
    same form, labelled with their class; without them an article teaches
    entities alone. `quantities`, `roles` and `indicators` are as
    `scripts/export-corpus` or `vnreport annotate` writes them, indicators that are
    sums left out; a list that is not there (or `null`) was
    not annotated, one that is empty was, and there are none. `id` names the article, other strings
    are its header. A line that Prodigy marked `"answer": "reject"` or
    `"ignore"` is left out.

    Returns:
        The articles, and what is wrong: each error names file, line and field.

    Raises:
        OSError: the file cannot be read.
    """
    articles: list[Article] = []
    errors: list[str] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        row = _Reader(f"{path}:{number}")
        try:
            article = row.article(line, f"{path.stem}:{number}")
        except RecursionError:
            row.error("line", "lists or objects within each other, too deep to read; check its brackets")
        else:
            if article is not None:
                articles.append(article)
        errors += row.errors
    return articles, errors


class _Reader:
    """Reads one line; what is wrong in it is collected, not raised."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.errors: list[str] = []
        self.text = ""

    def error(self, field: str, message: str) -> None:
        self.errors.append(f"{self.place}: {field}: {message}")

    def article(self, line: bytes, id: str) -> Article | None:
        try:
            row = json.loads(line)
        except ValueError as error:  # of the JSON or of its encoding
            self.error("line", f"not JSON in UTF-8 ({error})")
            return None
        if not isinstance(row, dict):
            self.error("line", f"an article is a JSON object, not {_show(row)}")
            return None
        if row.get("answer", "accept") != "accept":
            return None
        text = row.get("text")
        if not isinstance(text, str) or not text.strip():
            self.error("text", "missing" if text is None else f"a string with words in it is needed, not {_show(text)}")
            return None
        if "spans" in row and "entities" in row:
            self.error("entities", "the line has 'spans' too; give one of the two")
        self.text = text
        names = "spans" if "spans" in row else "entities"
        if row.get(names) is None:
            self.error("spans", "missing; give 'spans' or 'entities', and [] where a reader found none")
        for key, value in row.items():
            if isinstance(value, str):
                self.whole(key, value)
            elif key not in _LISTS and _is_annotation(value):
                self.error(key, f"annotation under a name that is not read; rename it to one of {', '.join(_LISTS)}")
        entities = self.items(row, names, lambda item, field: Entity(*self.span(item, field, ENTITY_LABELS)))
        sentences = self.items(row, "sentences", lambda item, field: Sentence(*self.span(item, field, CLASSES)))
        quantities = self.items(row, "quantities", self.quantity)
        self.apart(names, entities)
        self.apart("sentences", sentences)
        if sentences:
            self.covered(sentences)
        lists = {"entities": row.get(names), "sentences": row.get("sentences"), "quantities": row.get("quantities")}
        counts = {name: len(items) for name, items in lists.items() if isinstance(items, list)}
        roles = self.relations(row, "roles", self.role, counts)
        told = self.relations(row, "indicators", self.fact, counts)
        meta = {k: v for k, v in row.items() if isinstance(v, str) and k not in ("id", "text", "answer", *_LISTS)}
        id = id if row.get("id") in (None, "") else str(row["id"])
        facts = [fact for fact in told if fact is not None]
        missing = frozenset(name for name in _OPTIONAL if row.get(name) is None)
        return Article(id, meta, text, sentences, entities, quantities, roles, facts, missing)

    def items(self, row: _Row, name: str, make: Callable[[_Row, str], _Item]) -> list[_Item]:
        """The objects of a list that `make` can read."""
        items = row.get(name)
        if items is not None and not isinstance(items, list):
            self.error(name, f"a list of objects is needed, not {_show(items)}")
            return []
        found = []
        for index, item in enumerate(items or ()):
            field = f"{name}[{index}]"
            try:
                if not isinstance(item, dict):
                    raise _Wrong(field, f"an object is needed, not {_show(item)}")
                found.append(make(item, field))
            except _Wrong as wrong:
                self.error(*wrong.args)
        return found

    def relations(
        self, row: _Row, name: str, make: Callable[[_Row, str, Mapping[str, int]], _Item], counts: Mapping[str, int]
    ) -> list[_Item]:
        """The objects of a list that points into others, which have as many objects as `counts` says."""
        absent = [other for other in _POINTS_INTO[name] if other not in counts]
        if row.get(name) and absent:
            for other in absent:
                self.error(name, f"points into '{other}', which is not there; give it, or delete '{name}' too")
            return []
        return self.items(row, name, lambda item, field: make(item, field, counts))

    def span(self, item: _Row, field: str, labels: tuple[str, ...], key: str = "label") -> tuple[int, int, str]:
        start, end = (_integer(item, name, field) for name in ("start", "end"))
        if not 0 <= start < end <= len(self.text):
            reason = f"{start} to {end} is no stretch of a text of {len(self.text)} code points"
            raise _Wrong(f"{field}.{'start' if not 0 <= start < end else 'end'}", f"{reason}; {_UTF16}")
        surface = self.text[start:end]
        if surface != surface.strip():
            raise _Wrong(f"{field}.start", f"{start} to {end} is {surface!r}, with a space at its edge")
        if item.get("text", surface) != surface:
            raise _Wrong(f"{field}.text", f"{_show(item['text'])}, but {start} to {end} is {surface!r}; {_UTF16}")
        label = item.get(key)
        if label not in labels:
            raise _Wrong(f"{field}.{key}", f"one of {', '.join(labels)} is needed, not {_show(label)}")
        return start, end, str(label)

    def quantity(self, item: _Row, field: str) -> Quantity:
        start, end, kind = self.span(item, field, tuple(VALUES), "kind")
        value, approx = _notation(item, field), item.get("approx")
        if not isinstance(value, str) or not re.fullmatch(VALUES[kind], value):
            raise _Wrong(f"{field}.value", f"{_show(value)} is not in the form of a {kind}; see corpus/FORMAT.md")
        if approx is not None and approx not in APPROX:
            raise _Wrong(f"{field}.approx", f"one of {', '.join(APPROX)} is needed, not {_show(approx)}")
        return Quantity(start, end, kind, value, approx)

    def role(self, item: _Row, field: str, counts: Mapping[str, int]) -> Role:
        person = _index(item, "person", field, counts["entities"])
        title, body = (_index_or_none(item, key, field, counts["entities"]) for key in ("title", "organisation"))
        return Role(_index(item, "sentence", field, counts["sentences"]), person, title, body)

    def fact(self, item: _Row, field: str, counts: Mapping[str, int]) -> Fact | None:
        if item.get("relation") == "sum":
            return None
        indices = {key: _index_or_none(item, key, field, counts["quantities"]) for key in FACT_QUANTITIES}
        name, owner = item.get("name"), item.get("owner")
        if not isinstance(name, str) or not isinstance(owner, str | None):
            raise _Wrong(f"{field}.{'owner' if isinstance(name, str) else 'name'}", "a string is needed")
        for key, words in (("name", name), ("owner", owner)):
            self.whole(f"{field}.{key}", words or "")
        values = {key: index for key, index in indices.items() if index is not None}
        return Fact(_index(item, "sentence", field, counts["sentences"]), name, values, owner)

    def whole(self, field: str, value: str) -> None:
        if match := SURROGATE.search(value):
            half = f"\\u{ord(match.group()):04x} at {match.start()} is half a character"
            self.error(field, f"{half}; write the whole one, or export it again as UTF-8")

    def apart(self, name: str, spans: list[Any]) -> None:
        for one, other in pairwise(sorted(spans, key=lambda span: (span.start, span.end))):
            if one.end > other.start:
                surfaces = (repr(self.text[span.start : span.end][:40]) for span in (one, other))
                self.error(name, f"{' and '.join(surfaces)} overlap")

    def covered(self, sentences: list[Sentence]) -> None:
        for start, end in _between(sentences, len(self.text)):
            if self.text[start:end].strip():
                self.error("sentences", f"{self.text[start:end].strip()[:40]!r} behind {start} is in none")


class _Wrong(Exception):
    """An item that cannot be read: its field and what is wrong."""


def _between(sentences: list[Sentence], length: int) -> Iterator[tuple[int, int]]:
    end = 0
    for sentence in sorted(sentences, key=lambda sentence: sentence.start):
        yield end, sentence.start
        end = sentence.end
    yield end, length


def _is_annotation(value: object) -> bool:
    """Whether a value is a list of labelled spans, objects or triples."""
    if not isinstance(value, list) or not value:
        return False
    first = value[0]
    if isinstance(first, dict):
        return {"start", "end"} <= first.keys() and not first.keys().isdisjoint(("label", "kind"))
    return isinstance(first, list) and [type(part) for part in first] == [int, int, str]


def _integer(item: _Row, key: str, field: str) -> int:
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Wrong(f"{field}.{key}", f"an offset is needed, not {_show(value)}")
    return value


def _notation(item: _Row, field: str) -> str:
    """The value of a quantity, as the corpus has it or in the parts that the records have."""
    if item.keys().isdisjoint(_PARTS):
        return item.get("value") or ""
    from vnreport.quantities import Quantity

    try:
        return Quantity.from_dict({**dict.fromkeys(Quantity.__slots__), **item, "readings": ()}).notation()
    except (ValueError, TypeError):
        numbers = {name: item[name] for name in ("value", *_PARTS) if item.get(name) is not None}
        raise _Wrong(f"{field}.value", f'{_show(numbers)}: numbers are strings such as "1.5"') from None


def _index(item: _Row, key: str, field: str, count: int) -> int:
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < count:
        raise _Wrong(f"{field}.{key}", f"an index below {count} is needed, not {_show(value)}")
    return value


def _index_or_none(item: _Row, key: str, field: str, count: int) -> int | None:
    return None if item.get(key) is None else _index(item, key, field, count)


def _show(value: object) -> str:
    """A value in an error, which has to be written: a surrogate stays escaped."""
    shown = "nothing" if value is None else json.dumps(value, ensure_ascii=False)[:60]
    return shown.encode("utf-8", "backslashreplace").decode()
