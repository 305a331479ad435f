"""What is written, kind by kind, and that it can be taken apart again."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from spacy.language import Language

import vnreport
from vnreport.bulk.columns import COLUMNS, RECORDS, to_rows
from vnreport.bulk.formats import Annotated, Csv, DocBins, Format, JsonLines
from vnreport.bulk.parquet import Parquet
from vnreport.inputs import Text

FORMATS: list[Format] = [JsonLines(), Parquet(), Csv()]
EMPTY: dict[str, list[Any]] = {name: [] for name in RECORDS}
FORMULAS = ['=HYPERLINK("http://x")', "+84 24 3825", "-5 độ", "@cmd", "\t=1", "\r=1"]


def quantity(**fields: Any) -> dict[str, Any]:
    return {**vnreport.parse_quantities("5 tỷ đồng")[0].to_dict(), **fields}


def fetch(query: str) -> list[Any]:
    found = duckdb.sql(query)
    assert found is not None
    return found.fetchall()


def assemble(format: Format, folder: Path, shards: list[list[Annotated]]) -> Path:
    """Write articles as a run does, shard by shard."""
    encoded = [format.encode(shard) for shard in shards]
    folder.mkdir(exist_ok=True)
    for part in format.parts:
        format.assemble(part, lambda part=part: (shard[part].data for shard in encoded), folder)  # type: ignore[misc]
    return folder


@pytest.fixture(scope="module")
def example(nlp: Language, text: str) -> Annotated:
    return Annotated(Text("a.txt", text, {"year": 2020}), "a.txt", vnreport.to_records(nlp(text)))


def test_json_lines_hold_the_records_as_they_are(example: Annotated, tmp_path: Path) -> None:
    path = assemble(JsonLines(), tmp_path, [[example], []]) / "articles.jsonl"
    row = json.loads(path.read_text(encoding="utf-8"))
    assert (row.pop("id"), row.pop("text"), row.pop("meta")) == ("a.txt", example.text.text, {"year": 2020})
    assert row == example.kept


def test_tables_hold_all_that_the_records_hold(example: Annotated, tmp_path: Path) -> None:
    folder = assemble(Parquet(), tmp_path, [[example]])
    for name in RECORDS:
        rows = parquet.read_table(folder / f"{name}.parquet").to_pylist()
        assert len(rows) == len(example.kept[name]) > 0
        for index, (row, record) in enumerate(zip(rows, example.kept[name], strict=True)):
            assert (row["article_id"], row["index"]) == ("a.txt", index)
            assert record.keys() <= row.keys() == {*COLUMNS[name], *(["exact"] if "exact" in row else [])}
            for key, value in record.items():
                same = Decimal(value) if isinstance(row[key], Decimal) else value
                assert row[key] == same


def test_tables_are_ready_for_duckdb(example: Annotated, tmp_path: Path) -> None:
    folder = assemble(Parquet(), tmp_path, [[example]])
    query = f"""
        SELECT a.year, i.name, q.value, q.unit, i.recomputed, i.verdict
        FROM '{folder}/indicators.parquet' i
        JOIN '{folder}/quantities.parquet' q ON (i.article_id, i.actual) = (q.article_id, q.index)
        JOIN '{folder}/articles.parquet' a ON a.id = i.article_id
        WHERE q.unit = 'VND'
    """
    row = (2020, "Tổng thu ngân sách trên địa bàn", Decimal(3_750_000_000), "VND", Decimal("24.18"), "rounded")
    assert fetch(query) == [row]
    days = fetch(f"SELECT min(first_day), max(last_day) FROM '{folder}/quantities.parquet'")
    assert days == [(date(2020, 1, 1), date(2020, 12, 31))]


@pytest.mark.parametrize(
    ("iso", "resolved", "first", "last"),
    [
        ("2020-07-08", None, date(2020, 7, 8), date(2020, 7, 8)),
        ("2020-01-01/2020-06-30", None, date(2020, 1, 1), date(2020, 6, 30)),
        ("--07-08", "2020-07-08", date(2020, 7, 8), date(2020, 7, 8)),
        ("--07-08", None, None, None),
        ("2020/2025", None, None, None),
        ("../2020-12-31", None, None, None),
        ("2020-02-30", None, None, None),
        (None, None, None, None),
    ],
)
def test_full_dates_are_dates(
    iso: str | None, resolved: str | None, first: date | None, last: date | None, tmp_path: Path
) -> None:
    records = {**EMPTY, "quantities": [quantity(iso=iso, resolved=resolved)]}
    folder = assemble(Parquet(), tmp_path, [[Annotated(Text("a", "x"), "a", records)]])
    (row,) = parquet.read_table(folder / "quantities.parquet").to_pylist()
    assert (row["iso"], row["first_day"], row["last_day"]) == (iso, first, last)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("3750000000", Decimal(3750000000)),
        ("-0.0000000001", Decimal("-0.0000000001")),
        ("9" * 28, Decimal("9" * 28)),
        ("9" * 29, None),
        ("0.00000000001", None),
        ("1/3", None),
        (None, None),
    ],
)
def test_numbers_are_decimals_or_stand_exactly_beside_them(
    value: str | None, number: Decimal | None, tmp_path: Path
) -> None:
    records = {**EMPTY, "quantities": [quantity(value=value)]}
    folder = assemble(Parquet(), tmp_path, [[Annotated(Text("a", "x"), "a", records)]])
    (row,) = parquet.read_table(folder / "quantities.parquet").to_pylist()
    assert row["value"] == number
    assert json.loads(row["exact"] or "{}") == ({"value": value} if number is None and value else {})


NOW = datetime(2020, 7, 8, 9, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("shards", "kind", "values"),
    [
        ([[1], [2]], "BIGINT", [1, 2]),
        ([[1, None], [2.5]], "DOUBLE", [1.0, None, 2.5]),
        ([[None], ["a"]], "VARCHAR", [None, "a"]),
        ([[1], ["a"], [True]], "VARCHAR", ["1", "a", "true"]),
        ([[True, False]], "BOOLEAN", [True, False]),
        ([[10**30], [1]], "VARCHAR", [str(10**30), "1"]),
        ([[date(2020, 7, 8)]], "DATE", [date(2020, 7, 8)]),
        ([[date(2020, 7, 8)], [5]], "VARCHAR", ["2020-07-08", "5"]),
        ([[NOW]], "TIMESTAMP WITH TIME ZONE", None),
        ([[Decimal("1.5")], [None]], "DECIMAL(38,10)", [Decimal("1.5"), None]),
        ([[{"a": [1]}], [[2]]], "VARCHAR", ['{"a": [1]}', "[2]"]),
    ],
)
def test_metadata_keep_their_type_where_they_have_one(
    shards: list[list[Any]], kind: str, values: list[Any] | None, tmp_path: Path
) -> None:
    articles = [[Annotated(Text("a", "x", {"m": value}), "a", EMPTY) for value in shard] for shard in shards]
    path = assemble(Parquet(), tmp_path, articles) / "articles.parquet"
    described = {row[0]: row[1] for row in fetch(f"DESCRIBE SELECT * FROM '{path}'")}
    assert described["m"] == kind
    if values is not None:
        assert parquet.read_table(path)["m"].to_pylist() == values


@pytest.mark.parametrize("format", [Parquet(), Csv()], ids=lambda f: f.name)
def test_metadata_do_not_take_the_place_of_our_columns(format: Format, tmp_path: Path) -> None:
    article = Annotated(Text("a", "x", {"ID": 5, "source": "web", "tag": "nông thôn"}), "a.txt", EMPTY)
    other = Annotated(Text("b", "y", {"more": "m"}), "b.txt", EMPTY)
    path = assemble(format, tmp_path, [[article], [other]]) / f"articles.{format.name}"
    (first, second) = fetch(f"SELECT * FROM '{path}'")
    names = [row[0] for row in fetch(f"DESCRIBE SELECT * FROM '{path}'")]
    assert dict(zip(names, first, strict=True)) == {
        "id": "a", "source": "a.txt", "text": "x", "syllables": 1,
        "meta_ID": 5, "meta_source": "web", "tag": "nông thôn", "more": None,
    }  # fmt: skip
    assert second[:4] == ("b", "b.txt", "y", 1)


@pytest.mark.parametrize("meta", [("source", "meta_source"), ("SOURCE", "meta_source", "meta_meta_source")])
def test_metadata_do_not_take_the_place_of_each_other(meta: tuple[str, ...]) -> None:
    about = {name: f"value of {name}" for name in meta}
    (row,) = to_rows([(Text("a", "x", about), "a.txt", EMPTY)])["articles"]
    others = {name: value for name, value in row.items() if name not in COLUMNS["articles"]}
    assert sorted(others.values()) == sorted(about.values())
    assert len({name.lower() for name in row}) == len(row)
    assert row["source"] == "a.txt"


@pytest.mark.parametrize("cell", FORMULAS)
def test_csv_cells_are_not_formulas(cell: str, tmp_path: Path) -> None:
    sentence = {"start": 0, "end": 2, "text": cell, "label": "OTHER", "score": -0.5}
    article = Annotated(Text(cell, cell, {"m": cell, cell: 1}), cell, {**EMPTY, "sentences": [sentence]})
    folder = assemble(Csv(), tmp_path, [[article]])
    for path in folder.iterdir():
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [one for one in cells if one[:1] in tuple("=+@\t\r")]
        assert [one for one in cells if one.startswith("-")] == (["-0.5"] if path.stem == "sentences" else [])
        assert path.stem not in ("articles", "sentences") or f"'{cell}" in cells


def test_csv_is_utf8_that_spreadsheets_know(example: Annotated, tmp_path: Path) -> None:
    path = assemble(Csv(), tmp_path, [[example]]) / "entities.csv"
    assert path.read_bytes().startswith("\ufeffarticle_id,index,start,end,text,label".encode())
    assert fetch(f"SELECT count(*) FROM '{path}'") == [(len(example.kept["entities"]),)]


def test_docbins_hold_docs_with_their_names(nlp: Language, text: str, tmp_path: Path) -> None:
    from spacy.tokens import DocBin

    format = DocBins()
    kept = format.keep(Text("a.txt", text, {"on": date(2020, 7, 8)}), nlp(text))
    folder = assemble(format, tmp_path, [[Annotated(Text("a.txt", text), "a.txt", kept)], []])
    (path,) = folder.iterdir()
    (doc,) = DocBin().from_disk(path).get_docs(nlp.vocab)
    assert doc.user_data["vnreport.article"] == {"id": "a.txt", "meta": {"on": "2020-07-08"}}
    assert vnreport.to_records(doc) == vnreport.to_records(nlp(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (1.5, "1.5"), (Decimal("1.50"), "1.50"), (date(2020, 7, 8), "2020-07-08"), (["ã"], '["ã"]')],
)
def test_a_value_is_the_same_text_in_every_table(value: Any, text: str, tmp_path: Path) -> None:
    articles = [Annotated(Text("a", "x", {"m": one}), "a", EMPTY) for one in (value, "other")]
    folder = assemble(Csv(), tmp_path, [articles])
    with (folder / "articles.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["m"] for row in csv.DictReader(file)] == [text, "other"]
    assemble(Parquet(), tmp_path, [articles])
    assert parquet.read_table(folder / "articles.parquet")["m"].to_pylist() == [text, "other"]


@pytest.mark.parametrize("format", [Parquet(), Csv()], ids=lambda f: f.name)
def test_metadata_of_articles_that_are_gone_go_with_them(format: Format, tmp_path: Path) -> None:
    shards = [[Annotated(Text(name, "x", {"both": 2, name: 1}), name, EMPTY)] for name in ("a", "b")]
    folder = assemble(format, tmp_path / "both", shards)
    for number, kept in enumerate(shards):
        piece = [*format.split("articles", folder, [1, 1])][number]
        fresh = assemble(format, tmp_path / f"fresh-{number}", [kept]) / f"articles.{format.name}"
        format.assemble("articles", lambda piece=piece: iter([piece]), tmp_path)  # type: ignore[misc]
        assert (tmp_path / fresh.name).read_bytes() == fresh.read_bytes()


def test_csv_takes_articles_of_any_length(tmp_path: Path) -> None:
    before = csv.field_size_limit(1 << 17)
    try:
        shards = [[Annotated(Text("a", "xã " * 60_000, {name: 1}), "a", EMPTY)] for name in ("m", "n")]
        folder = assemble(Csv(), tmp_path, shards)
        assert len([*Csv().split("articles", folder, [1, 1])]) == 2
    finally:
        csv.field_size_limit(before)


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.dates(),
    st.text(st.characters(codec="utf-8")),
)
metadata = st.dictionaries(st.sampled_from(["a", "b", "id", "c d"]), cells, max_size=3)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
runs = st.lists(st.lists(st.tuples(texts, metadata), max_size=3), max_size=4)


@pytest.mark.parametrize("format", FORMATS, ids=lambda f: f.name)
@settings(max_examples=30)
@given(run=runs)
def test_what_is_taken_apart_can_be_put_together_again(
    format: Format, run: list[list[tuple[str, dict[str, Any]]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    shards = [[Annotated(Text(text, text, meta), "x", EMPTY) for text, meta in shard] for shard in run]
    folder = assemble(format, tmp_path_factory.mktemp("run"), shards)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    encoded = [format.encode(shard) for shard in shards]
    for part in format.parts:
        path = folder if format.in_folder else folder / part
        pieces = list(format.split(part, path, [shard[part].rows for shard in encoded]))
        assert len(pieces) == len(shards)
        format.assemble(part, lambda pieces=pieces: iter(pieces), folder)  # type: ignore[misc]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
