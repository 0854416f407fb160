"""Statements on tasks that came from files. Nobody commits here."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from taskapp.database import Numbers, Prepared, Texts, one_of
from taskapp.tasks.queries import COLUMNS, MINE, Row

_BY = {
    "external_ids": one_of(COLUMNS.external_id, sa.bindparam("external_ids", type_=Texts)),
    "ids": one_of(COLUMNS.id, sa.bindparam("ids", type_=Numbers)),
    "series": one_of(COLUMNS.series_id, sa.bindparam("series", type_=Texts)),
}
_KNOWN = Prepared(
    sa.select(
        COLUMNS.id,
        COLUMNS.external_id,
        COLUMNS.created_at,
        COLUMNS.series_id,
        COLUMNS.occurrence,
    ).where(MINE, COLUMNS.purged_at.is_(None), sa.or_(*_BY.values()))
)


def known(
    user_id: str, *, external_ids: Collection[str], ids: Collection[int], series: Collection[str]
) -> Sequence[Row]:
    """Return the user's tasks with one of these external ids or ids, or of one of these series.

    Those in the trash are among them, and those that were deleted for good are not.
    """
    values: dict[str, Any] = {"external_ids": external_ids, "ids": ids, "series": series}
    return _KNOWN.all({"owner": user_id, **{name: list(each) for name, each in values.items()}})
