"""Tokens for programs: opaque, looked up at each request, and good for their scopes only.

A JWT is everything that its user may do; one of these is no more than its scopes say (RFC 6749,
section 3.3). What takes no scope is closed to all of them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from taskapp.auth.tokens import Identity

PREFIX = "tk_"
FORM = re.compile(PREFIX + "[A-Za-z0-9_-]{43}")
SCOPES = ("tasks:read", "tasks:write")
READS = ("GET", "HEAD")
UNKNOWN = "This token for a program is unknown, or was revoked."


@dataclass(frozen=True)
class Program:
    """A token for a program that was found: whose it is, what it may do, and until when."""

    identity: Identity
    scopes: frozenset[str]
    expires_at: datetime | None = None  # None: never
    # What Flask-JWT-Extended shows of a token, which in this case are not signed by anybody.
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    session: None = None  # it outlives those


# Finds a token's program by what was sent; None if there is none, any more.
Find = Callable[[str], Program | None]


def scope(things: str, method: str) -> str:
    """Return the scope that a request of this method takes where it is about these things."""
    return f"{things}:{'read' if method in READS else 'write'}"
