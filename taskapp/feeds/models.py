"""The table of calendar feeds."""

from taskapp.database import Base
from taskapp.users.secrets import Secret


class Feed(Secret, Base):
    """A secret address of a calendar; when the row goes, nothing is there any more."""

    __tablename__ = "feeds"
    __table_args__ = {"sqlite_autoincrement": True}
