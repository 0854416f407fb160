"""Several operations on tasks in one transaction, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from taskapp import problems
from taskapp.auth.tokens import Identity
from taskapp.rest import idempotency
from taskapp.rest.etags import ANY, Precondition
from taskapp.tasks import queries, recurrence, room, schedule, trash
from taskapp.tasks.queries import Row
from taskapp.tasks.refusals import refusal
from taskapp.users import queries as users


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is to be done to one task.

    `id` is that of a task, or the `temp_id` of an operation before this one that creates it.
    `problem` is why it can't be done, where that is known already.
    """

    op: str  # "create", "update", "complete", "delete" or "restore"
    id: int | str = 0
    temp_id: str | None = None
    if_: Precondition = ANY
    fields: dict[str, Any] = field(default_factory=dict)
    permanent: bool = False
    problem: problems.Problem | None = None


@dataclass(frozen=True)
class Result:
    """What became of an operation: the task as it is now, or why nothing was done."""

    status: int
    task: Row | None = None
    problem: problems.Problem | None = None


class Failed(Exception):
    """An operation of which all others depend has failed."""

    def __init__(self, index: int, problem: problems.Problem) -> None:
        super().__init__(index, problem)
        self.index, self.problem = index, problem


def run(
    owner: Identity, operations: Sequence[Operation], *, atomic: bool
) -> tuple[list[Result], dict[str, int]]:
    """Do them inside the transaction at hand; return what became of each, and ids by `temp_id`.

    One that can't be done leaves the others alone, unless they are `atomic`: then it raises
    `Failed`, and the transaction must be rolled back. Creates that follow each other are one
    statement.
    """
    results: list[Result] = []
    ids: dict[str, int] = {}
    for creates, following in groupby(operations, lambda each: _creates(each)):
        several = list(following)
        done = _create(owner, several) if creates else (_do(owner, each, ids) for each in several)
        for operation, result in zip(several, done, strict=True):
            if atomic and result.problem:
                raise Failed(len(results), result.problem)
            if operation.temp_id is not None and result.task is not None:
                ids[operation.temp_id] = result.task.id
            results.append(result)
    return results, ids


def _creates(operation: Operation) -> bool:
    return operation.op == "create" and operation.problem is None


def _create(owner: Identity, operations: Sequence[Operation]) -> list[Result]:
    taken = _taken(owner, operations)
    free = [each.fields for place, each in enumerate(operations) if place not in taken]
    try:
        tasks = iter(room.create_all(owner, free))
    except problems.Problem as problem:
        refused = dict.fromkeys(range(len(operations)), Result(problem.code, problem=problem))
        return list((refused | taken).values())
    return [taken.get(place) or Result(201, next(tasks)) for place in range(len(operations))]


def _taken(owner: Identity, operations: Sequence[Operation]) -> dict[int, Result]:
    """Return, by its place, each that would call a task as another one, or one before it."""
    names = [each.fields.get("external_id") for each in operations]
    if not any(names):
        return {}
    users.lock(owner)
    tasks: dict[str, int | None] = {**queries.called(owner.id, [name for name in names if name])}
    taken: dict[int, Result] = {}
    for place, name in enumerate(names):
        if name in tasks:
            problem = problems.Taken("external_id", tasks[name])
            taken[place] = Result(problem.code, problem=problem)
        elif name:
            tasks[name] = None  # it has no id yet
    return taken


def _do(owner: Identity, operation: Operation, ids: dict[str, int]) -> Result:
    """Do what is no create; or tell what is wrong with it."""
    try:
        if operation.problem:
            raise operation.problem
        return Result(200, _changed(owner, _resolved(operation, ids)))
    except problems.Problem as problem:
        return Result(problem.code, problem=problem)


def _resolved(operation: Operation, ids: dict[str, int]) -> Operation:
    if isinstance(operation.id, int):
        return operation
    if operation.id not in ids:
        raise problems.NotFound(f"No operation before this one has created {operation.id!r}")
    return replace(operation, id=ids[operation.id])


def _changed(owner: Identity, operation: Operation) -> Row:
    """Change the task and return it; raises why that can't be done."""
    task_id, if_ = int(operation.id), operation.if_
    hidden = operation.op == "restore" or operation.permanent
    try:
        match operation.op:
            case "update" | "complete":
                task = recurrence.change(owner, task_id, operation.fields, if_)
            case "restore":
                task = trash.bring_back(owner, task_id, if_)
            case _:
                delete = trash.wipe if operation.permanent else trash.hide
                task = delete(owner, task_id, if_)
                if operation.permanent:
                    idempotency.forget(owner.id, [task_id])
    except schedule.Refused as refused:
        raise problems.Invalid(refused.errors) from None
    if task is None:
        current = (trash.get if hidden else queries.get)(owner.id, task_id)
        raise refusal(current, task_id, if_)
    return task
