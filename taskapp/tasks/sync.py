"""What has changed since a revision: for frontends that keep a copy of the tasks."""

from typing import Any
from urllib.parse import urlencode

from taskapp import auth, problems
from taskapp.database import autocommit
from taskapp.dialects.addresses import url_for
from taskapp.rest.openapi import Blueprint, documents
from taskapp.tasks import queries, waiting
from taskapp.tasks.schemas import ChangesArguments, ChangesSchema

RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before asking again, where too many are waiting already.",
        "schema": {"type": "integer"},
    }
}

blueprint = Blueprint("sync", __name__, url_prefix="/api/<user_id>/tasks/changes", things="tasks")
blueprint.before_request(auth.require_owner)


@blueprint.get("")
@documents(statuses=[410])
@blueprint.doc(operationId="listChanges")
@blueprint.arguments(ChangesArguments, location="query")
@blueprint.response(200, ChangesSchema, headers=RETRY_AFTER, description="The changes.")
def list_changes(arguments: dict[str, Any], user_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """List what was created, changed, completed and deleted since a revision.

    `since=0` is a copy of all tasks. `next` is where to go on, now or later. A deleted task has
    `deleted_at`. Where deletions since then are no longer known the answer is a 410: start over.
    """
    since, limit = arguments["since"], arguments["limit"]
    # While a copy is made, nothing that was purged before it began can be in it.
    base = max(since, arguments["copying"])
    headers = {"Cache-Control": "no-store"}
    page = _read(user_id, since, base, limit)
    if not page.rows and arguments["wait"] and page.revision <= since:
        if waiting.until_changed(user_id, since, arguments["wait"]):
            page = _read(user_id, since, base, limit)
        else:
            headers["Retry-After"] = str(waiting.RETRY_AFTER)
    more = len(page.rows) > limit
    rows = page.rows[:limit]
    revision = rows[-1].revision if more else page.revision
    query = {"since": revision}
    if more and (since == 0 or arguments["copying"]):
        query["copying"] = arguments["copying"] or page.revision
    address = f"{url_for('sync.list_changes', user_id=user_id)}?{urlencode(query)}"
    return {"changes": rows, "revision": revision, "more": more, "next": address}, headers


def _read(user_id: str, since: int, base: int, limit: int) -> queries.Page:
    """Return the changes and one more; raises `problems.Gone` where they are not known."""
    with autocommit(auth.identity().id):
        page = queries.changed_since(user_id, since=since, limit=limit + 1)
    # A revision that does not exist yet is one of a user who was erased, or of a backup.
    if since and (base < page.purge_horizon or since > page.revision):
        start = url_for("sync.list_changes", user_id=user_id, since=0)
        raise problems.Gone(
            f"The changes since revision {since} are no longer known. Start over with {start}"
        )
    return page
