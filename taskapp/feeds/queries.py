"""Statements on feeds, and which tasks are shown in one. Nobody commits here."""

from datetime import UTC, datetime

from taskapp.feeds.models import Feed
from taskapp.tasks import listing
from taskapp.tasks.listing import Question
from taskapp.users.secrets import Secrets

FEEDS = Secrets(Feed)
MOST = 1000  # tasks in a calendar
_BEGINNING = datetime.min.replace(tzinfo=UTC)
# No answer depends on the clock: so a calendar that nobody has changed is the same tomorrow.
SHOWN = {
    # What has a due date: the latest ones, where there are too many.
    "events": Question(due_after=_BEGINNING, sort_by="due_date", limit=MOST, with_plan=True),
    "todos": Question(limit=MOST),
}


def tasks(user_id: str, kind: str) -> listing.Page:
    """Return the tasks that are shown as this kind, one of `SHOWN`."""
    return listing.page(user_id, SHOWN[kind])
