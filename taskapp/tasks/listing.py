"""The list of tasks: a question (which ones, in which order, from where) and its statement.

A question is made of arguments that can be combined at will. What is asked most is prepared; the
rest is made as it is asked, and remembered by its shape, since values are always parameters.
"""

import base64
import hashlib
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Self

import msgspec
import sqlalchemy as sa

from taskapp.database import (
    Prepared,
    Texts,
    UTCDateTime,
    ascii_lower,
    contains_all,
    now,
    one_of,
)
from taskapp.rest.fields import UNSTORABLE
from taskapp.rest.pagination import LARGEST_ID, LARGEST_PAGE
from taskapp.tasks import folding
from taskapp.tasks.folding import SEPARATOR, fold
from taskapp.tasks.models import STATUSES
from taskapp.tasks.queries import COLUMNS, MINE, SHOWN, TABLE, Row, with_user
from taskapp.users.revisions import MOMENT

PRIORITIES = {"urgent": 4, "high": 3, "medium": 2, "low": 1, "none": 0}  # any other is medium
LONGEST_KEY = 100  # characters of a title that order looks at
SHAPES = 256  # statements that are remembered
PLAIN_NUMBER = re.compile("[1-9][0-9]{0,18}")

_title = sa.func.coalesce(COLUMNS.folded_title, ascii_lower(COLUMNS.title))
_description = sa.func.coalesce(COLUMNS.folded_description, ascii_lower(COLUMNS.description), "")
_category = sa.func.coalesce(COLUMNS.folded_category, ascii_lower(COLUMNS.category), "")
# A word of a search has no white space in it, so that none is found across two of them.
_searched = _title + "\n" + _description + "\n" + _category + "\n" + COLUMNS.folded_tags
_is_date = sa.func.length(COLUMNS.due_date) == len("2026-02-01")
# A day is over when the next one begins.
_overdue = sa.not_(COLUMNS.completed) & sa.case(
    (_is_date, COLUMNS.due_at <= sa.bindparam("day_before", type_=UTCDateTime)),
    else_=COLUMNS.due_at < MOMENT,
)

FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "priorities": one_of(COLUMNS.priority, sa.bindparam("priorities", type_=Texts)),
    "category": _category == sa.bindparam("category", type_=sa.Text),
    "tags": contains_all(COLUMNS.folded_tags, sa.bindparam("tags", type_=Texts)),
    "due_after": COLUMNS.due_at >= sa.bindparam("due_after", type_=UTCDateTime),
    "due_before": COLUMNS.due_at < sa.bindparam("due_before", type_=UTCDateTime),
    "undated": COLUMNS.due_at.is_(None),
    "is_completed": COLUMNS.completed,
    "is_not_completed": sa.not_(COLUMNS.completed),
    "is_overdue": sa.func.coalesce(_overdue, sa.false()),
    "is_not_overdue": sa.not_(sa.func.coalesce(_overdue, sa.false())),
    "words": contains_all(_searched, sa.bindparam("words", type_=Texts)),
}


class Order(NamedTuple):
    """What tasks can be ordered by; where it is null, a task comes last both ways."""

    key: sa.ColumnElement[Any]
    kind: type  # of a key in Python
    nullable: bool = False


ORDERS: dict[str, Order] = {
    "": Order(COLUMNS.id, int),  # as they came: ids grow with time
    "created_at": Order(COLUMNS.created_at, datetime),
    "updated_at": Order(COLUMNS.updated_at, datetime),
    "due_date": Order(COLUMNS.due_at, datetime, nullable=True),
    "priority": Order(sa.case(PRIORITIES, value=COLUMNS.priority, else_=2), int),
    "title": Order(sa.func.substr(_title, 1, LONGEST_KEY), str),
    "completed": Order(sa.case((COLUMNS.completed, 1), else_=0), int),
}
KINDS = {int: sa.BigInteger, str: sa.Text, datetime: UTCDateTime}


class BadCursor(ValueError):
    """A cursor that was not made here, or was made for another question."""


@dataclass(frozen=True)
class Cursor:
    """A place in an order: after the task with this key and id, or `before` it."""

    key: Any
    id: int
    before: bool = False


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which of a user's tasks, in which order, and from where."""

    status: str = "all"
    completed: bool | None = None
    priorities: tuple[str, ...] = ()  # any of them
    category: str = ""
    tags: tuple[str, ...] = ()  # all of them
    due_after: datetime | None = None  # inclusive
    due_before: datetime | None = None  # exclusive
    undated: bool = False
    overdue: bool | None = None
    words: tuple[str, ...] = ()  # all of them, folded
    sort_by: str = ""
    descending: bool = True
    limit: int = LARGEST_PAGE
    offset: int = 0
    cursor: Cursor | None = None
    counts: bool = False
    # Also which of its rule's dates each has, and from when that counts. No cursor depends on it.
    with_plan: bool = field(default=False, repr=False)

    @classmethod
    def about(cls, filters: Mapping[str, Any], **more: Any) -> Self:
        """Return the question about the tasks that `schemas.FilterArguments` has loaded.

        `more` are its order, and from where.
        """
        get = filters.get
        return cls(
            status=filters["status"],
            completed=get("completed"),
            priorities=get("priority", ()),
            category=get("category", ""),
            tags=get("tags", ()),
            due_after=get("due_after"),
            due_before=get("due_before"),
            undated=get("due") == "none",
            overdue=get("overdue"),
            words=tuple(folding.words(get("search", ""))),
            **more,
        )

    @property
    def depends_on_the_clock(self) -> bool:
        """Whether the answer changes though no task does."""
        return self.overdue is not None

    def beside(self, token: str) -> Self:
        """Return the question from where the token says on; raises `BadCursor`."""
        # Those that were given out before there were orders.
        if not self.sort_by and self.descending and PLAIN_NUMBER.fullmatch(token):
            token = self._token(int(token), int(token))
        return replace(self, cursor=self._cursor(token))

    def after(self, row: Row) -> str:
        """Return the token for what comes after this row."""
        return self._token(self._key(row), row.id)

    def before(self, row: Row) -> str:
        """Return the token for what comes before this row."""
        return self._token(self._key(row), row.id, before=True)

    def _key(self, row: Row) -> Any:
        key = row.sort_key if self.sort_by else row.id
        return key.isoformat() if isinstance(key, datetime) else key

    def _token(self, key: Any, task_id: int, *, before: bool = False) -> str:
        written = msgspec.json.encode([self._digest(), key, task_id, before])
        return base64.urlsafe_b64encode(written).rstrip(b"=").decode()

    def _cursor(self, token: str) -> Cursor:
        try:
            encoded = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            digest, key, task_id, before = msgspec.json.decode(
                encoded, type=tuple[str, int | str | None, int, bool]
            )
            order = ORDERS[self.sort_by]
            place: Any = key
            if key is not None and order.kind is datetime:
                place = datetime.fromisoformat(str(key))
            fits = isinstance(place, order.kind) or (place is None and order.nullable)
        except (ValueError, TypeError, msgspec.MsgspecError):
            raise BadCursor from None
        if not fits or digest != self._digest() or not 1 <= task_id <= LARGEST_ID:
            raise BadCursor
        if UNSTORABLE.search(str(place)) or (order.kind is int and not 0 <= place <= LARGEST_ID):
            raise BadCursor
        return Cursor(place, task_id, before)

    def _digest(self) -> str:
        everywhere = replace(self, limit=LARGEST_PAGE, offset=0, cursor=None, counts=False)
        return hashlib.sha256(repr(everywhere).encode()).hexdigest()[:12]


class Page(NamedTuple):
    """A page of the list, and the user's revision at the moment it was read.

    `total` and `completed` count the tasks on all pages, where the question asks for that.
    """

    rows: Sequence[Row]
    revision: int
    has_previous: bool = False
    has_next: bool = False
    total: int = 0
    completed: int = 0


def page(user_id: str, question: Question) -> Page:
    """Return the tasks of the user that the question is about."""
    rows = _statement(_shape(question)).all({"owner": user_id, **_values(question)})
    if not rows:  # nothing is stored about this user
        return Page([], 0)
    user = rows[0]
    # The user's row comes alone where there are none of these tasks.
    found = [] if user.id is None else rows
    more = len(found) > question.limit
    counted = (user.total, user.total_completed) if question.counts else (0, 0)
    found = found[: question.limit]
    if question.cursor and question.cursor.before:
        return Page(found[::-1], user.of_user, more, True, *counted)
    continues = question.cursor is not None or question.offset > 0
    return Page(found, user.of_user, continues, more, *counted)


def explained(user_id: str, question: Question) -> tuple[bytes, list[Any]]:
    """Return what PostgreSQL is asked, a text and its values: to look at its plan."""
    return _statement(_shape(question)).query({"owner": user_id, **_values(question)})


class _Shape(NamedTuple):
    """What the text of a statement depends on."""

    status: str
    filters: tuple[str, ...]
    sort_by: str
    descending: bool
    place: str  # "", "offset", "after", "before", "after null" or "before null"
    counts: bool
    with_plan: bool


def _shape(question: Question) -> _Shape:
    cursor = question.cursor
    place = "offset" if question.offset else ""
    if cursor:
        place = ("before" if cursor.before else "after") + (" null" if cursor.key is None else "")
    filters = tuple(name for name in FILTERS if getattr(question, name, None))
    for name in ("completed", "overdue"):
        if (wanted := getattr(question, name)) is not None:
            filters += (f"is_{name}" if wanted else f"is_not_{name}",)
    return _Shape(
        question.status,
        filters,
        question.sort_by,
        question.descending,
        place,
        question.counts,
        question.with_plan,
    )


def _values(question: Question) -> dict[str, Any]:
    moment = now()
    values = {
        "priorities": list(question.priorities),
        "category": fold(question.category),
        "tags": [SEPARATOR + fold(tag) + SEPARATOR for tag in question.tags],
        "due_after": question.due_after,
        "due_before": question.due_before,
        "words": list(question.words),
        "moment": moment,
        "day_before": moment - timedelta(days=1),
        "most": question.limit + 1,
        "offset": question.offset,
    }
    if question.cursor:
        values |= {"key": question.cursor.key, "beside": question.cursor.id}
    return values


@lru_cache(SHAPES)
def _statement(shape: _Shape) -> Prepared:
    key, kind, nullable = ORDERS[shape.sort_by]
    conditions = [MINE, STATUSES[shape.status], *(FILTERS[name] for name in shape.filters)]
    # Backwards from a cursor, everything is the other way round.
    backwards = shape.place.startswith("before")
    descending = shape.descending is not backwards
    plan = [COLUMNS.anchor, COLUMNS.position] if shape.with_plan else []
    columns = [*SHOWN, *plan, *([key.label("sort_key")] if shape.sort_by else [])]

    def order(task: Any) -> list[sa.ColumnElement[Any]]:
        sort_key = task.sort_key if shape.sort_by else task.id
        last = sort_key.is_(None)
        keys = [sort_key, *([task.id] if shape.sort_by else [])]
        directed = [each.desc() if descending else each.asc() for each in keys]
        return [*([last.desc() if backwards else last] if nullable else []), *directed]

    tasks = sa.select(*columns).where(*conditions)
    if shape.place == "offset":
        tasks = tasks.offset(sa.bindparam("offset", type_=sa.BigInteger))
    elif shape.place:
        tasks = tasks.where(_beside(shape, key, KINDS[kind], nullable, descending))
    # Ordered by the expressions themselves, before the labels are there.
    named = _Named(key, COLUMNS.id)
    counted: list[sa.ColumnElement[Any]] = []
    if shape.counts:
        everywhere = sa.select(sa.func.count()).select_from(TABLE).where(*conditions)
        counted = [
            everywhere.scalar_subquery().label("total"),
            everywhere.where(COLUMNS.completed).scalar_subquery().label("total_completed"),
        ]
    other = shape.filters or shape.sort_by or shape.counts or shape.with_plan
    usual = not other and shape.descending
    return with_user(tasks.order_by(*order(named)), order, *counted, lasting=usual)


class _Named(NamedTuple):
    sort_key: sa.ColumnElement[Any]
    id: sa.ColumnElement[Any]


def _beside(
    shape: _Shape, key: Any, kind: Any, nullable: bool, descending: bool
) -> sa.ColumnElement[bool]:
    """Return the condition for what comes beside the cursor, on the side that is asked for."""

    further: Callable[..., sa.ColumnElement[bool]] = operator.lt if descending else operator.gt

    by_id = further(COLUMNS.id, sa.bindparam("beside", type_=sa.BigInteger))
    if not shape.sort_by:
        return by_id
    if shape.place == "after null":
        return sa.and_(key.is_(None), by_id)
    if shape.place == "before null":
        return sa.or_(key.is_not(None), by_id)
    value = sa.bindparam("key", type_=kind)
    by_key = sa.or_(further(key, value), sa.and_(key == value, by_id))
    return sa.or_(by_key, key.is_(None)) if nullable and shape.place == "after" else by_key
