"""What tables are declared with: the base of all models, and the column types of both databases."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
}


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = sa.MetaData(naming_convention=NAMING)


class UTCDateTime(TypeDecorator[datetime]):
    """A time zone aware timestamp that comes back in UTC, also from SQLite, which keeps no zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is None:
            return value and value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


# Lists as one parameter: one of any length leaves a statement's text as it is.
Numbers = postgresql.ARRAY(sa.BigInteger).with_variant(sa.JSON(none_as_null=True), "sqlite")
Texts = postgresql.ARRAY(sa.Text).with_variant(sa.JSON(none_as_null=True), "sqlite")


class empty_list(FunctionElement[Any]):  # noqa: N801 - reads as SQLAlchemy's functions do
    """The empty list, as a column of `Numbers` or `Texts` has it by default."""

    inherit_cache = True


@compiles(empty_list)
def _empty_list(element: empty_list, compiler: Any, **options: Any) -> str:
    return "'[]'" if compiler.dialect.name == "sqlite" else "'{}'"


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
