"""Programs that come in with a token of their own."""

from typing import Any

from taskapp.auth.programs import SCOPES
from tests.conftest import Person


def make(owner: Person, *scopes: str, **fields: Any) -> dict[str, Any]:
    """Return a new token of the owner, with all scopes unless some are given."""
    body = {"name": "Script", "scopes": list(scopes or SCOPES), **fields}
    answer = owner.post(f"/api/{owner.id}/tokens", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def program(owner: Person, *scopes: str) -> Person:
    """Return a program that comes in as the owner, with these scopes."""
    return Person(owner.id, owner.client, make(owner, *scopes)["token"])
