"""How many tasks there are of each kind: what a frontend shows beside its lists."""

from typing import Any

from taskapp import auth
from taskapp.database import autocommit, now
from taskapp.rest import etags
from taskapp.rest.etags import conditional
from taskapp.rest.openapi import Blueprint
from taskapp.tasks import counting, due_dates
from taskapp.tasks.schemas import SummaryArguments, SummarySchema
from taskapp.users import revisions

blueprint = Blueprint(
    "summary", __name__, url_prefix="/api/<user_id>/tasks/summary", tag="tasks", things="tasks"
)
blueprint.before_request(auth.require_owner)


@blueprint.get("")
@blueprint.doc(operationId="getSummary")
@blueprint.arguments(SummaryArguments, location="query")
@blueprint.response(200, SummarySchema, headers=etags.ETAG, description="The counts.")
@conditional
def get_summary(arguments: dict[str, Any], user_id: str) -> Any:
    """Count the tasks by status, priority, category and tag, and those that are due.

    Deleted ones are left out. What was due at an earlier hour of today is due today, not overdue.
    Say which day it is: then the answer has the ETag of all of the user's tasks.
    """
    place, today = due_dates.zone(arguments["time_zone"]), arguments.get("today")
    with autocommit(auth.identity().id):
        if (
            today
            and etags.asks_whether_modified()
            and (not_modified := etags.not_modified(revisions.current(user_id)))
        ):
            return not_modified
        day = today or now().astimezone(place).date()
        counts = counting.count(user_id, day, place)
    headers = etags.headers(counts.revision) if today else {"Cache-Control": "no-store"}
    return _answer(counts, day, arguments["time_zone"] or "UTC"), headers


def _answer(counts: counting.Counts, day: Any, time_zone: str) -> dict[str, Any]:
    status = {"pending": counts.pending, "completed": counts.total - counts.pending}
    return {**counts._asdict(), "status": status, "today": day, "time_zone": time_zone}
