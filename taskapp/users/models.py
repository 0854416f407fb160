"""The table of users."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.database import Base, UTCDateTime

NAME_LENGTH = 255  # characters


class User(Base):
    """Somebody who owns tasks; `id` is what the login's token says, as are e-mail and name.

    Every write to the user's tasks takes the next `revision`. Of deletions up to `purge_horizon`
    nothing is known any more. Until `watched_until` a write is announced to whoever waits for it.
    """

    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("length(id) BETWEEN 1 AND 255", name="id_length"),)

    id: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    email: Mapped[str | None] = mapped_column(sa.String(255))
    name: Mapped[str | None] = mapped_column(sa.String(NAME_LENGTH))
    revision: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    # The name in the database is that of older releases.
    purge_horizon: Mapped[int] = mapped_column(
        "purged", sa.BigInteger, key="purge_horizon", server_default="0"
    )
    watched_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # How many tasks there are, deleted ones among them until they are purged; None: not counted.
    task_count: Mapped[int | None]
