"""All rows from PostgreSQL to SQLite and back, as they are.

Tables are read as the database has them, not as this code knows them: a backup is also made of a
database that has not been migrated yet. Values go through SQLAlchemy's types, but JSON as the text
that it is, so that a null within stays apart from none.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    type_coerce,
)

from hub.db import Base, UtcDateTime

VERSION_TABLE: Final = "alembic_version"
# Rows that are held in memory at a time.
CHUNK_ROWS: Final = 500


def names_of_models() -> list[str]:
    """The tables of the hub's own, as this code knows them."""
    return [*Base.metadata.tables, VERSION_TABLE]


def read_tables(connection: Connection, names: Collection[str]) -> list[Table]:
    """Those of these tables that a PostgreSQL database has, in an order in which to fill them.

    Others may be in the same database, which are none of the hub's business.
    """
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in names)
    return list(found.sorted_tables)


def names_in(copy: Connection) -> list[str]:
    """The tables of a SQLite database that was brought to some version."""
    return inspect(copy).get_table_names()


def copy_rows(source: Connection, target: Connection, tables: list[Table]) -> None:
    """Fill empty tables of ``target`` with all rows of ``source``, in the callers' transactions.

    One of the two is PostgreSQL, where ``tables`` are from. Raises what the drivers raise.
    """
    on_disk = MetaData()
    for table in tables:
        if table.name == VERSION_TABLE:
            continue
        plain = Table(table.name, on_disk, *[Column(c.name, _type(c)) for c in table.columns])
        json = {c.name for c in table.columns if isinstance(c.type, JSON)}
        from_postgresql = source.dialect.name == "postgresql"
        columns = [
            cast(c, Text).label(c.name) if c.name in json and from_postgresql else c
            for c in plain.columns
        ]
        values = {
            c.name: bindparam(c.name, type_=c.type)
            if c.name not in json or from_postgresql
            else cast(bindparam(c.name, type_=Text()), JSON)
            for c in plain.columns
        }
        rows = source.execute(select(*columns).execution_options(yield_per=CHUNK_ROWS))
        for chunk in rows.mappings().partitions():
            target.execute(insert(plain).values(values), [dict(row) for row in chunk])


def _type(column: Column[Any]) -> Any:
    """The type by which both databases mean the same."""
    if isinstance(column.type, JSON):
        return Text()
    if isinstance(column.type, DateTime):
        return UtcDateTime()
    if isinstance(column.type, Boolean):
        return Boolean()
    return column.type


def empty(connection: Connection, tables: list[Table]) -> None:
    """Delete what migrations may have put there."""
    for table in reversed(tables):
        if table.name != VERSION_TABLE:
            connection.execute(delete(table))


def drop(connection: Connection) -> None:
    """Remove the hub's own tables from PostgreSQL, with all that is in them."""
    quote = connection.dialect.identifier_preparer.quote
    for name in names_of_models():
        connection.execute(text(f"DROP TABLE IF EXISTS {quote(name)} CASCADE"))


def defer_references(connection: Connection, tables: list[Table], *, deferred: bool) -> None:
    """Let PostgreSQL check references at the end instead of row by row, or as before again.

    A row may point at one of its own table that comes after it.
    """
    state = "DEFERRABLE INITIALLY DEFERRED" if deferred else "NOT DEFERRABLE"
    if not deferred:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    quote = connection.dialect.identifier_preparer.quote
    for table in tables:
        for reference in sorted(str(one.name) for one in table.foreign_key_constraints):
            connection.execute(
                text(f"ALTER TABLE {quote(table.name)} ALTER CONSTRAINT {quote(reference)} {state}")
            )


def go_on_counting(connection: Connection, tables: list[Table]) -> None:
    """Let PostgreSQL number new rows from the highest number on."""
    for table in tables:
        for column in table.primary_key.columns:
            if not isinstance(column.type, Integer) or column.server_default is None:
                continue
            highest = connection.scalar(select(func.max(type_coerce(column, Integer)))) or 0
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(select(func.setval(sequence, highest + 1, False)))


def is_empty(connection: Connection, tables: list[Table]) -> bool:
    """Whether no table has a row, but for the one that holds the version."""
    return not any(
        connection.execute(select(table).limit(1)).first()
        for table in tables
        if table.name != VERSION_TABLE
    )
