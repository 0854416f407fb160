"""The table of tasks."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.database import Base, UTCDateTime

TITLE_LENGTH = 255  # characters
DESCRIPTION_LENGTH = 1000  # characters


class Task(Base):
    """Something that one user wants to get done."""

    __tablename__ = "tasks"
    __table_args__ = (
        sa.CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title_length"),
        sa.CheckConstraint(
            f"length(description) <= {DESCRIPTION_LENGTH}", name="description_length"
        ),
        # Serves "my tasks, newest first": ids grow with time, and one is never used again.
        sa.Index(None, "user_id", "id"),
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
    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH))
    description: Mapped[str | None] = mapped_column(sa.String(DESCRIPTION_LENGTH))
    completed: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
