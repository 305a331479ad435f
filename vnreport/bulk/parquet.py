"""Parquet tables with typed columns, ready for DuckDB, pandas and polars."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vnreport.bulk.columns import COLUMNS, Row, Schema, build_type, to_rows
from vnreport.bulk.formats import Annotated, Format, Part, Pieces, to_string

if TYPE_CHECKING:
    import pyarrow as pa

DIGITS, SCALE = 38, 10
"""Of the decimal columns; a number that does not fit is null there and stands in `exact`."""

_GROUP_ROWS = 1 << 17
_GROUP_BYTES = 64 << 20


class Parquet(Format):
    """A file for each table; `exact` has as JSON the numbers that the decimal columns cannot hold."""

    name = "parquet"

    def encode(self, articles: Sequence[Annotated]) -> dict[str, Part]:
        """The parts of one shard."""
        return {table: _to_part(_to_table(table, rows)) for table, rows in to_rows(articles).items()}

    def assemble(self, part: str, pieces: Pieces, folder: Path) -> None:
        """Write the files of one part into a folder."""
        import pyarrow as pa
        from pyarrow import parquet

        schema = _unify(_open(piece).schema for piece in pieces())
        group: list[pa.Table] = []
        with parquet.ParquetWriter(folder / f"{part}.parquet", schema, compression="zstd") as writer:
            for piece in pieces():
                group.append(_fit(_open(piece).read_all(), schema))
                if sum(table.num_rows for table in group) >= _GROUP_ROWS or (
                    sum(table.nbytes for table in group) >= _GROUP_BYTES
                ):
                    writer.write_table(pa.concat_tables(group))
                    group = []
            writer.write_table(pa.concat_tables([*group, schema.empty_table()]))

    def split(self, part: str, path: Path, counts: Iterable[int]) -> Iterator[bytes]:
        """The inverse of `assemble`."""
        import pyarrow as pa
        from pyarrow import parquet

        with parquet.ParquetFile(path / f"{part}.parquet", pre_buffer=False) as file:
            batches = file.iter_batches(batch_size=4096)
            rest = file.schema_arrow.empty_table()
            for count in counts:
                while rest.num_rows < count:
                    rest = pa.concat_tables([rest, pa.Table.from_batches([next(batches)])])
                yield _to_part(_as_encoded(rest.slice(0, count), part)).data
                rest = rest.slice(count)


def _to_table(name: str, rows: list[Row]) -> pa.Table:
    import pyarrow as pa

    arrays = {}
    exact: list[Row] = [{} for _ in rows]
    for column, schema in COLUMNS[name].items():
        values = [row.get(column) for row in rows]
        kind = _arrow_type(schema)
        if pa.types.is_decimal(kind):
            numbers = [_to_decimal(value) for value in values]
            for value, number, kept in zip(values, numbers, exact, strict=True):
                if value is not None and number is None:
                    kept[column] = value
            values = numbers
        arrays[column] = pa.array(values, kind)
    if any(pa.types.is_decimal(array.type) for array in arrays.values()):
        arrays["exact"] = pa.array([json.dumps(kept) if kept else None for kept in exact], pa.string())
    for column in dict.fromkeys(key for row in rows for key in row if key not in arrays and row[key] is not None):
        arrays[column] = _infer([row.get(column) for row in rows])
    return pa.table(arrays)


def _arrow_type(schema: Schema) -> pa.DataType:
    import pyarrow as pa

    leaves = {
        "decimal": pa.decimal128(DIGITS, SCALE),
        "date": pa.date32(),
        "integer": pa.int32(),
        "number": pa.float64(),
        "string": pa.string(),
    }
    return build_type(schema, leaves.__getitem__, pa.list_, pa.struct)


def _to_decimal(value: str | Decimal | None) -> Decimal | None:
    """A number as the decimal columns hold it; None where they cannot (`1/3`)."""
    if value is None or "/" in str(value):
        return None
    number = Decimal(value)
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -SCALE or len(digits) + exponent > DIGITS - SCALE:
        return None
    return number


def _infer(values: list[Any]) -> pa.Array:
    """A column of metadata: of its values' type, or of strings where they differ."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        values = [value if value is None else float(value) for value in values]
        kinds = {float}
    if len(kinds) <= 1 and not kinds & {dict, list, Decimal}:
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, OverflowError):
            pass  # an integer of more than 64 bits
    if kinds == {Decimal} and all(value is None or _to_decimal(value) is not None for value in values):
        return pa.array(values, pa.decimal128(DIGITS, SCALE))
    return _to_strings(values)


def _to_strings(values: Iterable[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array([None if value is None else to_string(value) for value in values], pa.string())


def _unify(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """One schema for all shards: where their columns differ in type, numbers become floats and the rest strings."""
    import pyarrow as pa

    kinds: dict[str, set[pa.DataType]] = {}
    for schema in schemas:
        for field in schema:
            kinds.setdefault(field.name, set()).add(field.type)

    def choose(found: set[pa.DataType]) -> pa.DataType:
        found = found - {pa.null()}
        if len(found) == 1:
            return next(iter(found))
        return pa.float64() if found == {pa.int64(), pa.float64()} else pa.string()

    return pa.schema({name: choose(found) for name, found in kinds.items()})


def _fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    arrays = []
    for field in schema:
        if field.name not in table.column_names:
            arrays.append(pa.nulls(table.num_rows, field.type))
        elif table.schema.field(field.name).type == field.type:
            arrays.append(table[field.name])
        elif field.type == pa.string():
            arrays.append(_to_strings(table[field.name].to_pylist()))
        else:
            arrays.append(table[field.name].cast(field.type, safe=False))
    return pa.table(arrays, schema=schema)


def _as_encoded(table: pa.Table, name: str) -> pa.Table:
    """Rows of a file as `encode` gives them, without the columns of metadata that have no value."""
    import pyarrow as pa

    arrays = {}
    for column in table.column_names:
        if column in COLUMNS[name]:
            arrays[column] = table[column].cast(_arrow_type(COLUMNS[name][column]))  # names of inner fields differ
        elif name != "articles" or table[column].null_count < table.num_rows:
            arrays[column] = table[column]
    return pa.table(arrays)


def _to_part(table: pa.Table) -> Part:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return Part(sink.getvalue().to_pybytes(), table.num_rows)


def _open(piece: bytes) -> pa.RecordBatchStreamReader:
    import pyarrow as pa

    return pa.ipc.open_stream(piece)
