"""The table of tokens for programs."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.database import Base, UTCDateTime
from taskapp.users.secrets import Secret

SCOPES_LENGTH = 255  # characters


class ProgramToken(Secret, Base):
    """What a program comes in with; when the row goes, it is refused."""

    __tablename__ = "program_tokens"
    __table_args__ = {"sqlite_autoincrement": True}

    # With spaces between them, as OAuth writes them (RFC 6749, section 3.3).
    scopes: Mapped[str] = mapped_column(sa.String(SCOPES_LENGTH))
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
