"""The audit trail: what concerns security, as log events with stable names.

The names and what each carries stand in docs/operations.md; a test compares. Tokens, passwords
and e-mails are never part of it.
"""

import logging
from typing import Any

from flask import g, has_request_context, request

from taskapp import clients
from taskapp.telemetry import request_ids

logger = logging.getLogger("taskapp.audit")

EVENTS = frozenset(
    {
        "account.registered",
        "account.created",
        "login.succeeded",
        "login.failed",
        "session.refused",
        "session.ended",
        "sessions.ended",
        "password.changed",
        "password.reset",
        "token.refused",
        "token.created",
        "token.revoked",
        "scope.missing",
        "feed.created",
        "feed.revoked",
        "feed.refused",
        "tasks.exported",
        "tasks.imported",
        "access.denied",
        "user.erased",
        "rate_limit.exceeded",
    }
)


def event(name: str, *, user_id: str | None = None, **more: Any) -> None:
    """Log one of `EVENTS`; ValueError for any other name.

    It comes with the address and the id of the request, unless an operator's command is at work.
    """
    if name not in EVENTS:
        raise ValueError(f"{name} is not an audit event")
    line: dict[str, Any] = {"event": name, "user_id": user_id or g.get("user_id")}
    if has_request_context():
        line |= {
            "address": clients.address(request.remote_addr),
            "request_id": request_ids.current(),
        }
    line |= more
    text = " ".join(f"{key}={value!r}" for key, value in line.items())
    logger.info("%s", text, extra=line)
