"""Records as tables: one table for each kind, its columns as `records.schema.json` has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from vnreport.inputs import Text
from vnreport.records import records_schema

Row = dict[str, Any]
Schema = Mapping[str, Any]
T = TypeVar("T")

_SCHEMA = records_schema()

RECORDS: tuple[str, ...] = tuple(_SCHEMA["properties"])
TABLES = ("articles", *RECORDS)

_STRING: Schema = {"type": "string"}
_INTEGER: Schema = {"type": "integer"}
_DATE: Schema = {"type": "string", "format": "date"}
_DAY = r"\d{4}-\d\d-\d\d"
_DAYS = re.compile(rf"({_DAY})(?:/({_DAY}))?")


def _columns(table: str) -> dict[str, Schema]:
    items = resolve(_SCHEMA["properties"][table]["items"])
    days = {"first_day": _DATE, "last_day": _DATE} if table == "quantities" else {}
    return {"article_id": _STRING, "index": _INTEGER, **items["properties"], **days}


def resolve(schema: Schema) -> Schema:
    """The definition that a schema refers to, or the schema itself."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    return {"name": name, **_SCHEMA["$defs"][name]} if name else schema


def build_type(
    schema: Schema, leaf: Callable[[str], T], array: Callable[[T], T], struct: Callable[[dict[str, T]], T]
) -> T:
    """The type of a value, as a library for tables has it.

    Args:
        schema: of the value.
        leaf: gives the type of a `string`, `integer`, `number`, `decimal` or `date`.
        array: gives the type of lists of a type.
        struct: gives the type of objects with fields of these types.
    """
    schema = resolve(schema)
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
    if kind == "array":
        return array(build_type(schema["items"], leaf, array, struct))
    if kind == "object":
        fields = schema["properties"].items()
        return struct({name: build_type(inner, leaf, array, struct) for name, inner in fields})
    return leaf("decimal" if schema.get("name") == "number" else schema.get("format", kind))


COLUMNS: dict[str, dict[str, Schema]] = {
    "articles": {"id": _STRING, "source": _STRING, "text": _STRING, "syllables": _INTEGER},
    **{table: _columns(table) for table in RECORDS},
}
"""The columns of each table; behind those of `articles` come the metadata."""

NESTED: dict[str, Schema] = {table: _SCHEMA["properties"][table] for table in RECORDS}
"""The columns of a table that has one row for each article."""


def to_rows(articles: Iterable[tuple[Text, str, Mapping[str, list[Row]]]]) -> dict[str, list[Row]]:
    """The rows of each table.

    Args:
        articles: texts with their sources and records.
    """
    tables: dict[str, list[Row]] = {table: [] for table in TABLES}
    for text, source, records in articles:
        about = {"id": text.id, "source": source, "text": text.text, "syllables": count_syllables(text.text)}
        tables["articles"].append({**about, **{_own_name(name, text.meta): value for name, value in text.meta.items()}})
        for table in RECORDS:
            for index, row in enumerate(records[table]):
                days = _days(row) if table == "quantities" else {}
                tables[table].append({"article_id": text.id, "index": index, **row, **days})
    return tables


def count_syllables(text: str) -> int:
    """Vietnamese writes its syllables apart."""
    return len(text.split())


def _own_name(name: str, names: Iterable[str]) -> str:
    """A name for a column of metadata that is not one of ours; a changed one is none of `names` either."""
    if name.lower() in COLUMNS["articles"]:
        taken = {*COLUMNS["articles"], *map(str.lower, names)}
        while name.lower() in taken:
            name = f"meta_{name}"
    return name


def _days(quantity: Row) -> Row:
    """The first and the last day of a date or period that names full dates."""
    match = _DAYS.fullmatch(quantity["resolved"] or quantity["iso"] or "")
    try:
        days = [date.fromisoformat(day or match[1]) for day in match.groups()] if match else [None, None]
    except ValueError:
        days = [None, None]  # such as 2020-02-30, as the text has it
    return {"first_day": days[0], "last_day": days[1]}
