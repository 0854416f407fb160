"""The table of users."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.database import Base, UTCDateTime


class User(Base):
    """Somebody who owns tasks; `id` is what the login's token says."""

    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("length(id) BETWEEN 1 AND 255", name="id_length"),)

    id: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
