"""The table of tasks."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.database import Base, Texts, UTCDateTime, empty_list

TITLE_LENGTH = 255  # characters
DESCRIPTION_LENGTH = 10_000  # characters
CATEGORY_LENGTH = 50  # characters
PRIORITY_LENGTH = 20  # letters
DUE_DATE_LENGTH = 40  # characters
RULE_LENGTH = 400  # characters
ZONE_LENGTH = 64  # characters
EXTERNAL_ID_LENGTH = 255  # characters


def written(*, left: Any, default: Any = None) -> dict[str, Any]:
    """Mark a column that holds what a person wrote, or what follows from it, in its `info`.

    Such a column can be set when a task is created (else it is `default`) and changed, and what
    is `left` in it once the task was deleted for good says nothing of what was there.
    """
    return {"left": left, "default": default}


def follows(*, left: Any = None, default: Any = None) -> dict[str, Any]:
    """Mark a column as `written` does, whose value `derived` finds, and that nobody is shown."""
    return {**written(left=left, default=default), "hidden": True}


def of_series(*, hidden: bool = False) -> dict[str, Any]:
    """Mark a column as `written` does, that only tasks of a series have; it is null in others."""
    return {**written(left=None), "of_series": True, **({"hidden": True} if hidden else {})}


class Task(Base):
    """Something that one user wants to get done.

    A deleted task keeps its row and is hidden, until it is purged. One that was deleted for good
    (`purged_at`) keeps nothing of its text: its row only says that it is gone.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        sa.CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title_length"),
        sa.CheckConstraint(
            f"length(description) <= {DESCRIPTION_LENGTH}", name="description_length"
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.Identity(always=True),
        primary_key=True,
    )
    user_id: Mapped[str] = mapped_column(
        sa.String(255), sa.ForeignKey("users.id", ondelete="CASCADE")
    )
    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH), info=written(left="(deleted)"))
    description: Mapped[str | None] = mapped_column(
        sa.String(DESCRIPTION_LENGTH), info=written(left=None)
    )
    completed: Mapped[bool] = mapped_column(info=written(left=False, default=False))
    priority: Mapped[str] = mapped_column(
        sa.String(PRIORITY_LENGTH),
        server_default="medium",
        info=written(left="medium", default="medium"),
    )
    # As it was sent: a date, a local date and time, or an instant.
    due_date: Mapped[str | None] = mapped_column(
        sa.String(DUE_DATE_LENGTH), info=written(left=None)
    )
    tags: Mapped[list[str]] = mapped_column(
        Texts, server_default=empty_list(), info=written(left=[], default=[])
    )
    category: Mapped[str | None] = mapped_column(
        sa.String(CATEGORY_LENGTH), info=written(left=None)
    )
    completed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info={"left": None})
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revision: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    purged_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info={"hidden": True})
    # The moment that orders and filters all kinds of `due_date`.
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime, info=follows())
    # What search and order look at, where that is more than ASCII in small letters.
    folded_title: Mapped[str | None] = mapped_column(sa.Text, info=follows())
    folded_description: Mapped[str | None] = mapped_column(sa.Text, info=follows())
    folded_category: Mapped[str | None] = mapped_column(sa.Text, info=follows())
    # All tags, also those in ASCII, each between two separators.
    folded_tags: Mapped[str] = mapped_column(
        sa.Text, server_default="", info=follows(left="", default="")
    )
    # By which rule it comes again, as it was sent, and whether that counts from "due" or from
    # "completion".
    recurrence: Mapped[str | None] = mapped_column(sa.String(RULE_LENGTH), info=of_series())
    recurrence_from: Mapped[str | None] = mapped_column(sa.String(10), info=of_series())
    time_zone: Mapped[str | None] = mapped_column(sa.String(ZONE_LENGTH), info=written(left=None))
    # Once a task has had a rule it stays in its series, which makes one task for each number.
    series_id: Mapped[str | None] = mapped_column(sa.String(36), info=of_series())
    occurrence: Mapped[int | None] = mapped_column(info=of_series())
    next_task_id: Mapped[int | None] = mapped_column(sa.BigInteger, info=of_series())
    # The revision of the next one while nobody has touched that.
    next_revision: Mapped[int | None] = mapped_column(sa.BigInteger, info=of_series(hidden=True))
    # The local date or time from which the rule counts, where that is not when the task is due; and
    # which of the rule's dates the task has, where it is not the first.
    anchor: Mapped[str | None] = mapped_column(
        sa.String(DUE_DATE_LENGTH), info=of_series(hidden=True)
    )
    position: Mapped[int | None] = mapped_column(info=of_series(hidden=True))
    # What another program calls it, or the file that it came from.
    external_id: Mapped[str | None] = mapped_column(
        sa.String(EXTERNAL_ID_LENGTH), info=written(left=None)
    )


LIVE = Task.deleted_at.is_(None)
DELETED = Task.deleted_at.is_not(None)
# What the list may be narrowed to.
STATUSES: dict[str, sa.ColumnElement[bool]] = {
    "all": LIVE,
    **dict.fromkeys(["pending", "incomplete", "active"], LIVE & ~Task.completed),
    **dict.fromkeys(["completed", "done"], LIVE & Task.completed),
    "deleted": DELETED & Task.purged_at.is_(None),
}
# What the list may be ordered by, as they came where nothing is said.
ORDERS = ("created_at", "updated_at", "due_date", "priority", "title", "completed")

# PostgreSQL finds a task by its user and id, and would look for the newest of a user among those of
# everybody by an index of ids alone. SQLite numbers rows by their key, which has to be one column.
_key = (
    "ALTER TABLE tasks DROP CONSTRAINT pk_tasks, ADD CONSTRAINT pk_tasks PRIMARY KEY (user_id, id)"
)
_by_user = sa.DDL(_key).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
sa.event.listen(Task.__table__, "after_create", _by_user)

# Serve "my tasks, newest first": ids grow with time, and one is never used again.
sa.Index("ix_tasks_live", Task.user_id, Task.id, postgresql_where=LIVE, sqlite_where=LIVE)
sa.Index("ix_tasks_deleted", Task.user_id, Task.id, postgresql_where=DELETED, sqlite_where=DELETED)
# Serves "what has changed since"; no two writes of a user have the same number.
sa.Index("ix_tasks_user_id_revision", Task.user_id, Task.revision, unique=True)
# One task for each number of a series, whatever happens.
sa.Index(
    "ix_tasks_series",
    Task.user_id,
    Task.series_id,
    Task.occurrence,
    unique=True,
    postgresql_where=Task.series_id.is_not(None),
    sqlite_where=Task.series_id.is_not(None),
)
# One task for each external id, those in the trash among them.
sa.Index(
    "ix_tasks_external_id",
    Task.user_id,
    Task.external_id,
    unique=True,
    postgresql_where=Task.external_id.is_not(None),
    sqlite_where=Task.external_id.is_not(None),
)
