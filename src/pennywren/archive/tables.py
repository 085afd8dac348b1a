"""Rows as Parquet and back: the only module that knows its columns.

pyarrow brings no types, so what comes from it is `Any` here, and nowhere else.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, cast

import pyarrow
from pyarrow import parquet

from pennywren.archive.events import Event
from pennywren.errors import BadInput

arrow: Final = cast("Any", pyarrow)
_parquet: Final = cast("Any", parquet)

SCHEMA: Final = arrow.schema(
    [
        arrow.field("partition", arrow.int16(), nullable=False),
        arrow.field("ms", arrow.int64(), nullable=False),
        arrow.field("seq", arrow.int32(), nullable=False),
        arrow.field("product", arrow.string(), nullable=False),
        arrow.field("offer", arrow.string(), nullable=False),
        arrow.field("kind", arrow.string(), nullable=False),
        arrow.field("old", arrow.int64()),
        arrow.field("new", arrow.int64()),
        arrow.field("currency", arrow.string(), nullable=False),
        arrow.field("at", arrow.int64(), nullable=False),
        arrow.field("version", arrow.int64(), nullable=False),
        arrow.field("new_low", arrow.bool_(), nullable=False),
        arrow.field("lowest_for_days", arrow.int32(), nullable=False),
        arrow.field("source", arrow.string(), nullable=False),
        arrow.field("unseen_from", arrow.int64()),
        arrow.field("proof", arrow.string()),
        arrow.field("snapshot", arrow.binary()),
    ],
    metadata={"pennywren.archive": "1"},
)
"""Version 1. A column may be added, and is null in older files; none is renamed."""

_COLUMNS: Final = tuple(Event.__struct_fields__)
_ROW_GROUP: Final = 50_000
_ORDER: Final = [(name, "ascending") for name in ("partition", "product", "ms", "seq")]


def table_of(events: Iterable[Event]) -> Any:
    """Rows as a table, ordered by partition and product, so that a part of it is found without reading the rest."""
    rows = list(events)
    columns = {name: [getattr(row, name) for row in rows] for name in _COLUMNS}
    return arrow.table(columns, schema=SCHEMA).sort_by(_ORDER)


def to_parquet(table: Any) -> bytes:
    """A table as one Parquet file."""
    sink = io.BytesIO()
    _parquet.write_table(table, sink, compression="zstd", row_group_size=_ROW_GROUP, version="2.6")
    return sink.getvalue()


def from_parquet(data: bytes, name: str, partitions: range | None = None) -> Any:
    """The rows of a file, all or those of some partitions (a range of step 1).

    Raises:
        BadInput: it is not one of our files; the message has its name.
    """
    try:
        file = _parquet.ParquetFile(io.BytesIO(data))
        kept = range(file.num_row_groups) if partitions is None else _row_groups(file, partitions)
        table = file.read_row_groups(list(kept))
        missing = [column for column in SCHEMA if column.name not in table.column_names and column.nullable]
        for column in missing:
            table = table.append_column(column, arrow.nulls(len(table), column.type))
        table = table.select(SCHEMA.names).cast(SCHEMA)
    except (arrow.ArrowInvalid, arrow.ArrowKeyError, KeyError, ValueError, OSError) as error:
        raise BadInput(f"{name} is no file of the archive: {error}") from error
    if partitions is None:
        return table
    compute = arrow.compute
    of = table.column("partition")
    inside = compute.and_(
        compute.greater_equal(of, partitions.start),
        compute.less(of, partitions.stop),
    )
    return table.filter(inside)


def _row_groups(file: Any, partitions: range) -> list[int]:
    """Those that may have rows of the partitions, by the statistics of the file."""
    kept: list[int] = []
    for i in range(file.num_row_groups):
        of = file.metadata.row_group(i).column(0).statistics
        if of is None or not of.has_min_max or (of.max >= partitions.start and of.min < partitions.stop):
            kept.append(i)
    return kept


def together(tables: Sequence[Any]) -> Any:
    """Several tables as one: in order, and each row once, however many files have it."""
    table = arrow.concat_tables(tables) if tables else SCHEMA.empty_table()
    table = table.sort_by(_ORDER)
    if len(table) < 2:
        return table
    compute = arrow.compute
    same = None
    for name, _ in _ORDER:
        column = table.column(name).combine_chunks()
        equal = compute.equal(column.slice(1), column.slice(0, len(column) - 1))
        same = equal if same is None else compute.and_(same, equal)
    keep = arrow.concat_arrays([arrow.array([True]), compute.invert(same)])
    return table.filter(keep)


def rows(table: Any) -> list[Event]:
    """A table's rows."""
    columns = [table.column(name).to_pylist() for name in _COLUMNS]
    make: Callable[..., Event] = Event
    return [make(**dict(zip(_COLUMNS, values, strict=True))) for values in zip(*columns, strict=True)]
