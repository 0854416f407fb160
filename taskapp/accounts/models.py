"""The tables of the accounts kept here, and of their sessions."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from taskapp.database import Base, UTCDateTime

EMAIL_LENGTH = 254  # characters: RFC 5321, section 4.5.3.1.3
DIGEST_LENGTH = 64  # hexadecimal digits of SHA-256


class Account(Base):
    """What a user who has no outside login signs in with; the e-mail is in lower case."""

    __tablename__ = "accounts"

    user_id: Mapped[str] = mapped_column(
        sa.String(255), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    email: Mapped[str] = mapped_column(sa.String(EMAIL_LENGTH), unique=True)
    password_hash: Mapped[str] = mapped_column(sa.String(255))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Session(Base):
    """A sign-in that has not ended: when the row goes, its tokens are refused.

    `place` is a digest of whose it is and of the address that it began at.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        sa.String(255), sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    place: Mapped[str | None] = mapped_column(sa.String(DIGEST_LENGTH))


class RefreshToken(Base):
    """A refresh token of a session, by its digest.

    One that is `used` is there to be recognised. What a session's tokens begin with has such a row,
    too, which stands for all that have been used.
    """

    __tablename__ = "refresh_tokens"

    digest: Mapped[str] = mapped_column(sa.String(DIGEST_LENGTH), primary_key=True)
    session_id: Mapped[str] = mapped_column(
        sa.String(32), sa.ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    used: Mapped[bool]


class Attempts(Base):
    """How often something was tried since a moment, for one account or one address."""

    __tablename__ = "attempts"

    digest: Mapped[str] = mapped_column(sa.String(DIGEST_LENGTH), primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
