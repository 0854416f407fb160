"""How many tasks there are of each kind, by one statement that looks at each task once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

import sqlalchemy as sa

from taskapp.database import Prepared, UTCDateTime, dialect
from taskapp.tasks.folding import fold
from taskapp.tasks.listing import PRIORITIES
from taskapp.tasks.models import LIVE
from taskapp.tasks.queries import COLUMNS, MINE
from taskapp.users.models import User
from taskapp.users.revisions import OWNER

MOST = 1000  # categories, and tags
TODAY = sa.bindparam("today", type_=sa.Text)
BEGINS = sa.bindparam("day_begins", type_=UTCDateTime)
ENDS = sa.bindparam("day_ends", type_=UTCDateTime)
# Due dates with an offset are moments, as are times of a task that has a zone; others are a day, or
# a time on it, wherever one is.
MOMENTS = ("%T%Z", "%T%+__:__", "%T%-__:__")


@dataclass(frozen=True, slots=True)
class Count:
    """How many tasks have a value, and how many of these are not completed."""

    value: str
    count: int
    pending: int


class Counts(NamedTuple):
    """How many tasks of a user are of each kind, and the user's revision at that moment.

    `overdue` and `due_today` are of those that are not completed.
    """

    revision: int
    total: int
    pending: int
    overdue: int
    due_today: int
    priority: list[Count]  # the most urgent first
    category: list[Count]  # the most frequent first, and so the tags
    tags: list[Count]


def count(user_id: str, today: date, place: tzinfo) -> Counts:
    """Return the counts on this day in this time zone."""
    values = {"owner": user_id, "today": today.isoformat()}
    days = {"day_begins": _beginning(today, place), "day_ends": _beginning(_next(today), place)}
    rows: dict[str, list[Any]] = {}
    for row in _COUNTS[dialect()].all(values | days):
        rows.setdefault(row.kind, []).append(row)
    ((_, _, total, pending),) = rows["all"]
    ((_, _, overdue, due_today),) = rows["due"]
    return Counts(
        rows["user"][0].number if "user" in rows else 0,
        total,
        pending,
        overdue,
        due_today,
        sorted(_merged(rows.get("priority", [])), key=_urgency),
        _merged(rows.get("category", [])),
        _merged(rows.get("tag", [])),
    )


def _beginning(day: date, place: tzinfo) -> datetime:
    return datetime.combine(day, time.min, place).astimezone(UTC)


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _urgency(counted: Count) -> tuple[int, str]:
    return -PRIORITIES.get(counted.value, PRIORITIES["medium"]), counted.value


def _merged(rows: Sequence[Any]) -> list[Count]:
    """Return the counts, the largest first; what differs in case and accents only is one."""
    merged: dict[str, Count] = {}
    for row in sorted(rows, key=lambda row: (-row.number, row.value)):
        name = fold(row.value)
        first = merged.get(name, Count(row.value, 0, 0))
        merged[name] = Count(first.value, first.count + row.number, first.pending + row.pending)
    return sorted(merged.values(), key=lambda each: (-each.count, fold(each.value)))


def _statement(each_of: Callable[[Any], Any]) -> Prepared:
    """Return the statement, where `each_of` a column of lists is a table of their values."""
    mine = sa.select(*_LOOKED_AT).where(MINE, LIVE).cte("mine")
    pending = sa.func.coalesce(sa.func.sum(sa.case((mine.c.completed, 0), else_=1)), 0)
    day = sa.func.substr(mine.c.due_date, 1, len("2026-02-01"))
    in_zone = sa.and_(mine.c.time_zone.is_not(None), mine.c.due_date.like("%T%"))
    is_moment = sa.or_(in_zone, *(mine.c.due_date.like(form) for form in MOMENTS))
    is_over = sa.case((is_moment, mine.c.due_at < BEGINS), else_=day < TODAY)
    is_today = sa.case(
        (is_moment, sa.and_(mine.c.due_at >= BEGINS, mine.c.due_at < ENDS)), else_=day == TODAY
    )

    def number(condition: Any) -> Any:
        counted = sa.case((sa.and_(sa.not_(mine.c.completed), condition), 1), else_=0)
        return sa.func.coalesce(sa.func.sum(counted), 0)

    def group(kind: str, value: Any) -> Any:
        groups = sa.select(_kind(kind), value.label("value"), _ALL, pending.label("pending"))
        groups = groups.select_from(mine).where(value.is_not(None)).group_by(value)
        most = groups.order_by(sa.desc("number"), value).limit(MOST).subquery()
        return sa.select(*most.c)

    nothing = sa.cast(sa.null(), sa.Text)
    user = sa.select(_kind("user"), nothing.label("value"), User.revision.label("number"), _ZERO)
    return Prepared(
        sa.union_all(
            user.where(User.id == OWNER),
            sa.select(_kind("all"), nothing, _ALL, pending).select_from(mine),
            sa.select(_kind("due"), nothing, number(is_over), number(is_today)).select_from(mine),
            group("priority", mine.c.priority),
            group("category", mine.c.category),
            group("tag", each_of(mine.c.tags).c.value),
        )
    )


def _kind(name: str) -> Any:
    return sa.literal_column(f"'{name}'", sa.Text).label("kind")


_LOOKED_AT = [
    COLUMNS[name]
    for name in ("completed", "priority", "category", "tags", "due_date", "time_zone", "due_at")
]
_ALL = sa.func.count().label("number")
_ZERO: Any = sa.literal_column("0").label("pending")

_COUNTS: Mapping[str, Prepared] = {
    "postgresql": _statement(
        lambda lists: (
            sa.func.unnest(lists).table_valued("value", joins_implicitly=True).render_derived()
        )
    ),
    "sqlite": _statement(
        lambda lists: sa.func.json_each(lists).table_valued("value", joins_implicitly=True)
    ),
}
