"""Conditional requests: ETag, If-Match and If-None-Match (RFC 9110, section 13)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response, request

from taskapp.rest import openapi

REVISION = re.compile("0|[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Precondition:
    """What must be true of the revision of a thing before it is changed."""

    one_of: frozenset[int] | None = None  # None: whichever
    none_of: frozenset[int] | None = None
    absent: bool = False  # it must not exist at all


ANY = Precondition()

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of the copy that this change is based on; 412 if it is not current.",
    "schema": {"type": "string"},
    "example": '"7"',
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of the copy at hand; 304 if it is current.",
    "schema": {"type": "string"},
    "example": '"7"',
}
ETAG = {
    "ETag": {
        "description": "For `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
    }
}


# For views that answer `If-None-Match` with a 304, and a precondition that fails with a 412.
conditional = openapi.documents(parameters=[IF_NONE_MATCH], statuses=[304])
preconditioned = openapi.documents(parameters=[IF_MATCH], statuses=[412])


def precondition() -> Precondition:
    """Return what `If-Match` and `If-None-Match` of a request that changes something demand.

    A weak tag never matches `If-Match` (RFC 9110, section 13.1.1), nor does one that is not ours.
    """
    match, none_match = request.if_match, request.if_none_match
    one_of = none_of = None
    if "If-Match" in request.headers and not match.star_tag:
        one_of = _revisions(match.as_set(include_weak=False))
    if "If-None-Match" in request.headers and not none_match.star_tag:
        none_of = _revisions(none_match.as_set(include_weak=True))
    return Precondition(one_of, none_of, none_match.star_tag)


def headers(revision: int) -> dict[str, str]:
    """Return the headers of a representation: its strong ETag, and that caches must ask."""
    return {
        "ETag": f'"{revision}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Origin",
    }


def asks_whether_modified() -> bool:
    """Tell whether the request has a copy and asks only for what is newer."""
    return "If-None-Match" in request.headers


def not_modified(revision: int) -> Response | None:
    """Return a 304 if the request's copy is of this revision."""
    if asks_whether_modified() and request.if_none_match.contains_weak(str(revision)):
        return Response(status=304, headers=headers(revision))
    return None


def _revisions(tags: Iterable[str | None]) -> frozenset[int]:
    # werkzeug reads the empty tag, "", as None.
    return frozenset(int(tag) for tag in tags if tag and REVISION.fullmatch(tag))
