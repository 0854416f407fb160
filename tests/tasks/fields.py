"""The fields of a task that a client may write, as the schema has them: none to be forgotten."""

import secrets
from typing import Any

from taskapp.tasks.schemas import NewTaskSchema


def examples() -> dict[str, Any]:
    """Return a value for every writable field, taken from what the documentation shows."""
    return {
        name: field.metadata["example"] for name, field in NewTaskSchema().load_fields.items()
    } | {"completed": True, "external_id": secrets.token_hex(8)}
