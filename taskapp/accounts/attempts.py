"""How often a password may be tried, by account and by address, counted in the database.

The counters hold for all processes. They are keyed by digests, so that the table holds neither
e-mails nor addresses.
"""

import hashlib
import math
from datetime import datetime, timedelta

from taskapp import problems
from taskapp.accounts import queries
from taskapp.database import now, transaction
from taskapp.telemetry import audit

WINDOW = timedelta(minutes=15)
FORGOTTEN_AT_ONCE = 100  # counters, in passing


def digest(kind: str, value: str) -> str:
    """Return the key under which attempts are counted."""
    return hashlib.sha256(f"{kind}:{value}".encode("utf-8", "surrogatepass")).hexdigest()


def allow(limits: dict[str, int]) -> None:
    """Count one attempt under each digest; raises `problems.TooManyRequests` above its limit.

    Beyond that digest nothing is counted. They must come in the same order everywhere, those of an
    address first: so that no two attempts wait for each other. It counts before the password is
    looked at, so simultaneous attempts can't slip through.
    """
    with transaction():
        queries.forget_old_attempts(WINDOW, FORGOTTEN_AT_ONCE)
        over = _first_above(limits)
    if over is not None:
        audit.event("rate_limit.exceeded", limit="sign-in")
        seconds = math.ceil((over + WINDOW - now()).total_seconds())
        raise problems.TooManyRequests(
            "Too many attempts. Please try again later.", retry_after=max(1, seconds)
        )


def purge(limit: int) -> int:
    """Remove at most `limit` counters that no longer count; return how many."""
    return queries.forget_old_attempts(WINDOW, limit)


def _first_above(limits: dict[str, int]) -> datetime | None:
    """Count, and return since when there were more attempts than a limit; None if all hold."""
    for key, limit in limits.items():
        count, since = queries.count_attempt(key, WINDOW)
        if count > limit:
            return since
    return None
