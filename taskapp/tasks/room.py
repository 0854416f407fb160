"""Creating tasks where there is room for more, and saying why there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app

from taskapp import config, problems
from taskapp.auth.tokens import Identity
from taskapp.tasks import queries
from taskapp.tasks.queries import Row
from taskapp.users import revisions


def create(owner: Identity, fields: Mapping[str, Any]) -> Row:
    """Store a new task and return it; raises what `create_all` does."""
    task = queries.create(owner, fields, _most())
    if task is None:
        raise _refusal(owner)
    return task


def create_all(owner: Identity, tasks: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
    """Store new tasks, and return them in their order; all of them, or none.

    Raises `problems.Forbidden` where that would be too many, and `problems.Unauthorized` where the
    owner's account has been erased.
    """
    stored = queries.create_all(owner, tasks, _most())
    if len(stored) < len(tasks):
        raise _refusal(owner)
    return stored


def _most() -> int:
    return config.of(current_app).max_tasks_per_user


def _refusal(owner: Identity) -> problems.Problem:
    # A request that came before an erasure, and is carried out after it, brings nothing back.
    if owner.has_account and not revisions.is_known(owner.id):
        return problems.Unauthorized("The account does not exist any more.", error="invalid_token")
    return problems.Forbidden(
        f"More than {_most()} tasks can not be stored, those in the trash among them."
    )
