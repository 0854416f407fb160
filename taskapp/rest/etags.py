"""Conditional requests: ETag, If-Match and If-None-Match (RFC 9110, section 13)."""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response
from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags

from taskapp import current, dialects, problems
from taskapp.rest import openapi
from taskapp.rest.json import Answer

# The tag of a representation in another form than ours (dialects) ends in a mark of that form.
MOST = 100  # tags in a header
REVISION = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9a-f]{6})?")


@dataclass(frozen=True)
class Precondition:
    """What must be true of the revision of a thing before it is changed."""

    one_of: frozenset[int] | None = None  # None: whichever; empty: it must not exist at all
    none_of: frozenset[int] | None = None

    def holds(self, revision: int) -> bool:
        """Tell whether it is true of this revision."""
        return (self.one_of is None or revision in self.one_of) and (
            self.none_of is None or revision not in self.none_of
        )


ANY = Precondition()

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of the copy that this change is based on, with its quotes; 412 if it"
    " is not current.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of the copy at hand, with its quotes; 304 if it is current.",
    "schema": {"type": "string"},
}
ETAG = {
    "ETag": {
        "description": "For `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
    }
}


def conditional(view: Callable[..., Any]) -> Any:
    """Answer with a 304 where the request has the copy that the view returns already.

    The view returns what is to be sent and its `headers`, or a response that it has made itself.
    What has no ETag is always sent.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        answer = view(*args, **kwargs)
        if isinstance(answer, Response) or not asks_whether_modified():
            return answer
        _, sent = answer
        if "ETag" not in sent:
            return answer
        revision = sent["ETag"].strip('"').partition(".")[0]
        return not_modified(int(revision)) or answer

    return openapi.documents(parameters=[IF_NONE_MATCH], statuses=[304, 400])(wrapper)


def preconditioned(view: Callable[..., Any]) -> Any:
    """Hand the view what the request demands of the thing that it changes, a `Precondition`.

    The view takes it as `if_`, and answers with a 412 (`problems.Stale`) where it does not hold;
    TypeError for a view that does not take it.
    """
    if "if_" not in inspect.signature(view).parameters:
        raise TypeError(f"{view.__name__}() takes no precondition: it needs a parameter if_")

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, if_=_precondition(), **kwargs)

    return openapi.documents(parameters=[IF_MATCH], statuses=[400, 412])(wrapper)


def _precondition() -> Precondition:
    """Return what `If-Match` and `If-None-Match` of a request that changes something demand.

    A weak tag counts as the strong one: proxies that compress make ours weak, and a revision names
    one state of a task whatever its encoding. One that is not ours matches nothing.
    """
    sent = current.request().headers
    if "If-Match" not in sent and "If-None-Match" not in sent:
        return ANY
    match, none_match = _tags("If-Match"), _tags("If-None-Match")
    one_of = none_of = None
    if "If-Match" in sent and not match.star_tag:
        one_of = _revisions(match.as_set(include_weak=True))
    if "If-None-Match" in sent and not none_match.star_tag:
        none_of = _revisions(none_match.as_set(include_weak=True))
    if none_match.star_tag:
        one_of = frozenset()
    return Precondition(one_of, none_of)


def headers(revision: int) -> dict[str, str]:
    """Return the headers of a representation: its strong ETag, and that caches must ask."""
    return {
        "ETag": f'"{tag(revision)}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Origin",
    }


def tag(revision: int) -> str:
    """Return what stands in an ETag: the revision, and which form its representation has."""
    return f"{revision}{dialects.of(current.app()).mark}"


def asks_whether_modified() -> bool:
    """Tell whether the request has a copy and asks only for what is newer."""
    return "If-None-Match" in current.request().headers


def not_modified(revision: int) -> Response | None:
    """Return a 304 if the request's copy is of this revision."""
    newest = headers(revision)
    has = current.request().headers.get("If-None-Match")
    if has is not None and (
        has == newest["ETag"] or _tags("If-None-Match").contains_weak(newest["ETag"].strip('"'))
    ):
        return Answer(status=304, headers=newest)
    return None


def _tags(name: str) -> ETags:
    """Return the tags of a header; raises `problems.BadRequest` where there are too many."""
    sent = current.request().headers.get(name, "")
    if sent.count(",") >= MOST:
        raise problems.BadRequest(f"{name} has more than {MOST} tags.")
    return parse_etags(sent)


def _revisions(tags: Iterable[str | None]) -> frozenset[int]:
    # werkzeug reads the empty tag, "", as None.
    found = [REVISION.fullmatch(tag) for tag in tags if tag]
    return frozenset(int(each[1]) for each in found if each)
