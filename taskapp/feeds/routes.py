"""The endpoints of calendar feeds: a user's own, and the calendars behind their addresses."""

from typing import Any

from flask import Response, g, request, url_for

from taskapp import auth, cooperation, problems
from taskapp.database import autocommit, transaction
from taskapp.feeds.queries import FEEDS, tasks
from taskapp.feeds.schemas import CalendarArguments, FeedSchema, MadeFeedSchema, NewFeedSchema
from taskapp.rest import etags, rate_limits
from taskapp.rest.openapi import NOT_STORED, Blueprint, MessageSchema, documents
from taskapp.telemetry import audit
from taskapp.users import revisions
from taskapp.users.secrets import FORM, MOST

FEED_ID = [{"name": "feed_id", "in": "path", "description": "Which feed.", "example": 7}]
SECRET = [{"name": "secret", "in": "path", "description": "The secret.", "example": "4Jx0…"}]
CALENDAR: dict[str, Any] = {"type": "string", "example": "BEGIN:VCALENDAR…"}
FORMAT = 2  # of our calendars: another one is another representation of the same tasks
FRESH = 300  # seconds for which a calendar that asks all the time need not ask again

mine = Blueprint("feeds", __name__, url_prefix="/api/<user_id>/feeds")
mine.before_request(auth.require_owner)
# No token is looked at here: the address is the secret. It opens nothing else.
public = Blueprint(
    "feed", __name__, url_prefix="/feeds", tag="feeds", problems=(404, 422, 429, 500, 503)
)


@mine.get("")
@mine.doc(operationId="listFeeds")
@mine.response(200, FeedSchema(many=True), description="The feeds, oldest first.")
def list_feeds(user_id: str) -> Any:
    """List the calendar feeds, with their last use."""
    with transaction(auth.identity().id):
        return FEEDS.of_user(user_id)


@mine.post("")
@mine.doc(operationId="createFeed")
@mine.arguments(NewFeedSchema, required=False)
@mine.response(201, MadeFeedSchema, description="The new feed.")
@mine.alt_response(409, "CONFLICT")
def create_feed(fields: dict[str, Any], user_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Make an address that a calendar can subscribe to, to show what is due.

    It is shown in this answer only. There may be 50.
    """
    with transaction(auth.identity().id):
        made = FEEDS.create(auth.identity(), **fields)
    if made is None:
        raise problems.Conflict(f"There are {MOST} feeds already: revoke one of them.")
    row, secret = made
    audit.event("feed.created", feed_id=row.id)
    address = url_for("feed.show_feed", secret=secret, _external=True)
    return {**row._asdict(), "url": address}, NOT_STORED


@mine.delete("/<row_id:feed_id>", parameters=FEED_ID)
@mine.doc(operationId="revokeFeed")
@mine.response(200, MessageSchema, description="Nothing is at its address any more.")
def revoke_feed(user_id: str, feed_id: int) -> dict[str, str]:
    """Revoke a feed, at once and everywhere."""
    with transaction(auth.identity().id):
        found = FEEDS.revoke(user_id, feed_id)
    if not found:
        raise problems.NotFound(f"Feed {feed_id} not found")
    audit.event("feed.revoked", feed_id=feed_id)
    return {"message": "Feed revoked"}


@public.get("/<secret>.ics", parameters=SECRET)
@documents(parameters=[etags.IF_NONE_MATCH], statuses=[304])
@public.doc(operationId="showFeed", security=[])
@public.arguments(CalendarArguments, location="query")
@public.response(
    200, CALENDAR, content_type="text/calendar", headers=etags.ETAG, description="The calendar."
)
def show_feed(arguments: dict[str, Any], secret: str) -> Response:
    """Get the calendar: up to 1000 tasks, those that are due the latest, or the newest.

    No token is needed: whoever has the address sees it.
    """
    user_id, kind = _owner(secret), arguments["as_"]
    with autocommit(user_id):
        # Calendars ask often, and tasks change seldom.
        headers = _headers(kind, revisions.current(user_id))
        if request.if_none_match.contains_weak(headers["ETag"].strip('"')):
            return Response(status=304, headers=headers)
        page = tasks(user_id, kind)
    # It takes megabytes, which most processes never need.
    from taskapp.feeds import calendar

    written = cooperation.aside(calendar.WRITERS[kind], page.rows)
    headers = _headers(kind, page.revision)
    headers["Content-Disposition"] = 'inline; filename="tasks.ics"'
    return Response(written, headers=headers, content_type="text/calendar; charset=utf-8")


def _owner(secret: str) -> str:
    """Return whose feed it is; raises `problems.NotFound`, and 429 for an address or a user."""
    feed = FEEDS.find(secret) if FORM.fullmatch(secret) else None
    if feed is None:
        rate_limits.count_address()
        audit.event("feed.refused")
        raise problems.NotFound("There is no such calendar, or it was revoked.")
    g.user_id = feed.user_id
    rate_limits.count_user()
    return str(feed.user_id)


def _headers(kind: str, revision: int) -> dict[str, str]:
    etag = f'"{revision}.{kind}{FORMAT}"'
    return {"ETag": etag, "Cache-Control": f"private, max-age={FRESH}"}
