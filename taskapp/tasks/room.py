"""Creating tasks where there is room for more, and saying why there is none.

An external id is looked for among the user's tasks first, while the user's other writes wait.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app

from taskapp import config, problems
from taskapp.auth.tokens import Identity
from taskapp.tasks import queries
from taskapp.tasks.queries import Row
from taskapp.users import queries as users
from taskapp.users import revisions


def create(owner: Identity, fields: Mapping[str, Any]) -> Row:
    """Store a new task and return it.

    Inside a transaction where it has an external id. Raises what `create_all` does, and
    `problems.Taken` where another task has that.
    """
    if fields.get("external_id"):
        users.lock(owner)
        refuse_taken(owner, fields["external_id"])
    task = queries.create(owner, fields, most())
    if task is None:
        raise _refusal(owner)
    return task


def create_all(owner: Identity, tasks: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
    """Store new tasks, and return them in their order; all of them, or none.

    Raises `problems.Forbidden` where that would be too many, and `problems.Unauthorized` where the
    owner's account has been erased. No other task may have one of their external ids.
    """
    stored = queries.create_all(owner, tasks, most())
    if len(stored) < len(tasks):
        raise _refusal(owner)
    return stored


def refuse_taken(owner: Identity, external_id: str | None) -> None:
    """Raise `problems.Taken` if a task has this external id; other writes must be waiting."""
    found = queries.called(owner.id, [external_id]) if external_id else {}
    for task_id in found.values():
        raise problems.Taken("external_id", task_id)


def most() -> int:
    """Return how many tasks a user may have, those in the trash among them."""
    return config.of(current_app).max_tasks_per_user


def _refusal(owner: Identity) -> problems.Problem:
    # A request that came before an erasure, and is carried out after it, brings nothing back.
    if owner.has_account and not revisions.is_known(owner.id):
        return problems.Unauthorized("The account does not exist any more.", error="invalid_token")
    return problems.Forbidden(full())


def full() -> str:
    """Return the words for whoever has no room for more."""
    return f"More than {most()} tasks can not be stored, those in the trash among them."
