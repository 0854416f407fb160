"""How often a password may be tried: per account and per address, counted in the database.

The counters hold for all processes. They are keyed by digests, so that the table holds neither
e-mails nor addresses.
"""

import hashlib
import math
from datetime import timedelta

from taskapp import problems
from taskapp.accounts import queries
from taskapp.database import now, transaction
from taskapp.telemetry import audit

WINDOW = timedelta(minutes=15)


def digest(kind: str, value: str) -> str:
    """Return the key under which attempts are counted."""
    return hashlib.sha256(f"{kind}:{value}".encode("utf-8", "surrogatepass")).hexdigest()


def allow(limits: dict[str, int]) -> None:
    """Count one attempt under each digest; raises `problems.TooManyRequests` above its limit.

    It counts before the password is looked at, so simultaneous attempts can't slip through.
    """
    with transaction():
        queries.forget_old_attempts(WINDOW)
        # Always in the same order, so that two attempts never wait for each other.
        counted = {key: queries.count_attempt(key, WINDOW) for key in sorted(limits)}
    for key, (count, since) in counted.items():
        if count > limits[key]:
            audit.event("rate_limit.exceeded", limit="sign-in")
            seconds = math.ceil((since + WINDOW - now()).total_seconds())
            raise problems.TooManyRequests(
                "Too many attempts. Please try again later.", retry_after=max(1, seconds)
            )
