"""What a task is called everywhere: in calendars, and where its export is imported."""

import uuid
from datetime import UTC, datetime

_UIDS = uuid.UUID("6d0e8a1c-5a77-4b0c-9d3f-0f6b0b1f6a52")


def uid(user_id: str, task_id: int, created_at: datetime) -> str:
    """Return the UID of a task (RFC 5545, section 3.8.4.7).

    It is made of what never changes. Nobody else's task has all three, here or in another
    installation.
    """
    about = f"{user_id}\n{task_id}\n{created_at.astimezone(UTC).isoformat()}"
    return str(uuid.uuid5(_UIDS, about))
