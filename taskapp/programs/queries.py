"""Statements on tokens for programs. Nobody commits here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from taskapp.auth.programs import PREFIX
from taskapp.auth.tokens import Identity
from taskapp.database import now
from taskapp.programs.models import ProgramToken
from taskapp.users.secrets import Secrets

TOKENS = Secrets(ProgramToken)
Row = sa.Row[Any]


def create(
    owner: Identity, name: str, scopes: Sequence[str], expires_at: datetime | None
) -> tuple[Row, str] | None:
    """Store a new token, and return its row and what to send; None if the user has too many.

    The user's expired ones are forgotten. Raises what `Secrets.lock` does.
    """
    TOKENS.lock(owner)  # first of all, as an erasure does
    TOKENS.forget((ProgramToken.user_id == owner.id) & (ProgramToken.expires_at <= now()))
    about = {"name": name, "scopes": " ".join(scopes), "expires_at": expires_at}
    return TOKENS.create(owner, PREFIX, **about)
