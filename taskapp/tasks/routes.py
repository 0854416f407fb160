"""The task endpoints. Every one of them stands behind the guard."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import g

from taskapp import auth, current, dialects, problems
from taskapp.database import autocommit, transaction
from taskapp.dialects.addresses import task_url
from taskapp.dialects.forms import Totals
from taskapp.rest import bodies, etags, idempotency, pagination
from taskapp.rest.etags import Precondition, conditional, preconditioned
from taskapp.rest.fields import Sparse
from taskapp.rest.idempotency import idempotent
from taskapp.rest.openapi import ALWAYS, Blueprint, MessageSchema, documents
from taskapp.tasks import listing, queries, recurrence, room, schedule, trash
from taskapp.tasks.refusals import refusal
from taskapp.tasks.schemas import (
    CompletionSchema,
    DeletionArguments,
    ListArguments,
    NewTaskSchema,
    TaskChangeSchema,
    TaskSchema,
)
from taskapp.users import revisions

TASK_ID = [{"name": "task_id", "in": "path", "description": "Which task.", "example": 1}]
LINK = {
    "Link": {
        "description": "The pages around this one: `next`, `prev` and `first`.",
        "schema": {"type": "string"},
    },
    "X-Total-Count": {
        "description": "With `count=true`: how many there are on all pages.",
        "schema": {"type": "integer"},
    },
}
LOCATION = {"Location": {"description": "The new task.", "schema": {"type": "string"}}}

Answer = tuple[queries.Row, dict[str, str]]
Query = Callable[..., queries.Row | None]

# In the place of a task's id there may be a word that is another address, with methods of its own.
blueprint = Blueprint(
    "tasks",
    __name__,
    url_prefix="/api/<user_id>/tasks",
    things="tasks",
    problems=(*ALWAYS, 405),
)
blueprint.before_request(auth.require_owner)


@blueprint.get("")
@blueprint.doc(operationId="listTasks")
@blueprint.arguments(ListArguments, location="query")
@blueprint.response(200, TaskSchema(many=True), headers=LINK | etags.ETAG, description="The tasks.")
@conditional
def list_tasks(arguments: dict[str, Any], user_id: str) -> Any:
    """List the tasks, newest first, or those that are asked for in the order that is asked for.

    Where there are more than fit, the `Link` header leads to the next page. The ETag is that of
    all of the user's tasks: with `If-None-Match` a list that has not changed is a 304.
    """
    question = _question(arguments)
    with autocommit(auth.identity().id):
        # One number tells whether anything has changed, before a thousand rows are read.
        if (
            etags.asks_whether_modified()
            and not question.depends_on_the_clock
            and (not_modified := etags.not_modified(revisions.current(user_id)))
        ):
            return not_modified
        page = listing.page(user_id, question)
    headers = _links(arguments, question, page)
    if question.depends_on_the_clock:
        headers |= {"Cache-Control": "no-store"}
    else:
        headers |= etags.headers(page.revision)
    if question.counts:
        headers["X-Total-Count"] = str(page.total)
        g.totals = Totals(page.total, page.completed, question.limit, question.offset)
    names = arguments.get("fields_")
    return Sparse(page.rows, names) if names else page.rows, headers


@blueprint.post("")
@idempotent
@documents(statuses=[409])
@blueprint.doc(operationId="createTask")
@blueprint.arguments(NewTaskSchema)
@blueprint.response(201, TaskSchema, headers=LOCATION | etags.ETAG, description="The new task.")
def create_task(fields: dict[str, Any], user_id: str) -> Answer:
    """Create a task.

    One that is created as completed is not completed by that: with a `recurrence`, too, it is one
    task.
    """
    owner = auth.identity()
    block = transaction if fields.get("external_id") else autocommit
    with block(owner.id):
        task, headers = _answer(room.create(owner, fields))
    return task, {"Location": task_url(user_id, task.id), **headers}


@blueprint.get("/<row_id:task_id>", parameters=TASK_ID)
@blueprint.doc(operationId="getTask")
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task.")
@conditional
def get_task(user_id: str, task_id: int) -> Answer:
    """Get a task."""
    with autocommit(auth.identity().id):
        task = queries.get(user_id, task_id)
    if task is None:
        raise problems.NoTask(task_id)
    return _answer(task)


@blueprint.put("/<row_id:task_id>", parameters=TASK_ID)
@idempotent
@preconditioned
@documents(statuses=[409])
@blueprint.doc(operationId="updateTask")
@blueprint.arguments(TaskChangeSchema)
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task as it is now.")
def update_task(fields: dict[str, Any], user_id: str, task_id: int, if_: Precondition) -> Answer:
    """Change a task.

    The fields sent are changed, the others stay as they are. Completing a task with a `recurrence`
    makes the next one, `next_task_id`.
    """
    return _update(task_id, fields, if_)


@blueprint.patch("/<row_id:task_id>", parameters=TASK_ID)
@idempotent
@preconditioned
@documents(statuses=[409])
@blueprint.doc(
    operationId="patchTask",
    requestBody={"content": {"application/json": {"schema": TaskChangeSchema}}},
)
@blueprint.arguments(TaskChangeSchema, content_type="application/merge-patch+json")
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task as it is now.")
def patch_task(fields: dict[str, Any], user_id: str, task_id: int, if_: Precondition) -> Answer:
    """Change a task by a JSON Merge Patch (RFC 7396)."""
    return _update(task_id, fields, if_)


@blueprint.delete("/<row_id:task_id>", parameters=TASK_ID)
@idempotent
@preconditioned
@blueprint.doc(operationId="deleteTask")
@blueprint.arguments(DeletionArguments, location="query")
@blueprint.response(200, MessageSchema, description="The task is deleted.")
def delete_task(
    arguments: dict[str, Any], user_id: str, task_id: int, if_: Precondition
) -> dict[str, str]:
    """Delete a task.

    It can be restored until it is purged; with `permanent=true` it can't, and nothing of its text
    is kept. A task that was deleted before can still be deleted for good.
    """
    if arguments["permanent"]:
        with transaction(auth.identity().id):
            _change(trash.wipe, task_id, if_=if_, current=trash.get)
            idempotency.forget(auth.identity().id, [task_id])
    else:
        _change(trash.hide, task_id, if_=if_)
    idempotency.answers_with(idempotency.ABOUT_NO_TASK)
    return {"message": "Task deleted successfully"}


@blueprint.post("/<row_id:task_id>/restore", parameters=TASK_ID)
@idempotent
@preconditioned
@blueprint.doc(operationId="restoreTask")
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task as it is now.")
def restore_task(user_id: str, task_id: int, if_: Precondition) -> Answer:
    """Bring a deleted task back.

    One that is not deleted is returned as it is, so that a retry is safe.
    """
    return _change(trash.bring_back, task_id, if_=if_, current=trash.get)


@blueprint.patch("/<row_id:task_id>/complete", parameters=TASK_ID)
@idempotent
@preconditioned
@blueprint.doc(operationId="completeTask")
@blueprint.arguments(CompletionSchema, required=False)
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task as it is now.")
def complete_task(fields: dict[str, Any], user_id: str, task_id: int, if_: Precondition) -> Answer:
    """Set or flip whether a task is completed.

    With `{"completed": true}` or `false` it is set, so that a retry is safe. Without, it is
    flipped; flips that run at once are all counted. Completing a task with a `recurrence` makes the
    next one, `next_task_id`; setting it back takes that away again if nobody has touched it.
    """
    if fields:
        return _update(task_id, fields, if_)
    task = _simply(queries.toggle, task_id, if_)
    return task or _wholly(recurrence.toggle, task_id, if_=if_)


def _question(arguments: dict[str, Any]) -> listing.Question:
    """Return the question that the parameters of a list ask; raises `problems.Invalid`."""
    get = arguments.get
    sort_by = get("sort_by", "")
    # As they came, the newest first; by anything else, the smallest.
    usual = "desc" if sort_by.startswith("-") or not sort_by else "asc"
    offset = arguments["offset"]
    if page := get("page"):
        offset = (page - 1) * arguments["limit"]
    question = listing.Question.about(
        arguments,
        sort_by=sort_by.removeprefix("-"),
        descending=get("sort_order", usual) == "desc",
        limit=arguments["limit"],
        offset=offset,
        counts=arguments["count"] or bool(dialects.of(current.app()).list_under),
    )
    if "cursor" not in arguments:
        return question
    try:
        return replace(question.beside(arguments["cursor"]), offset=0)
    except listing.BadCursor:
        raise problems.Invalid(
            {"cursor": ["It is not one of this list: take it from the Link header."]}
        ) from None


def _links(
    arguments: dict[str, Any], question: listing.Question, page: listing.Page
) -> dict[str, str]:
    """Return the `Link` header to the pages around this one, in the way that it was asked for."""
    first = {"cursor": None, "offset": None, "skip": None, "page": None}
    following = previous = None
    if question.offset or "page" in arguments:
        name = "page" if "page" in arguments else "offset"
        step, here = (1, arguments["page"]) if name == "page" else (question.limit, question.offset)
        least = 1 if name == "page" else 0
        following = first | {name: here + step} if page.has_next else None
        previous = first | {name: max(least, here - step)} if page.has_previous else None
    elif page.rows:
        following = first | {"cursor": question.after(page.rows[-1])} if page.has_next else None
        previous = first | {"cursor": question.before(page.rows[0])} if page.has_previous else None
    return pagination.links(
        next=following, prev=previous, first=first if page.has_previous else None
    )


def _change(
    query: Query,
    task_id: int,
    *values: Any,
    if_: Precondition,
    current: Callable[[str, int], queries.Row | None] = queries.get,
) -> Answer:
    """Run a query that changes the task, and return it.

    Raises `problems.NotFound` without such a task, and `problems.Stale` where it is not the one
    that the request's precondition is about.
    """
    owner = auth.identity()
    with autocommit(owner.id):
        task = query(owner, task_id, *values, if_)
        if task is None:
            raise refusal(current(owner.id, task_id), task_id, if_)
    return _answer(task)


def _update(task_id: int, fields: dict[str, Any], if_: Precondition) -> Answer:
    """Change the fields of the task, and return it; raises what `_change` does."""
    task = None
    if recurrence.is_simple(fields):
        task = _simply(queries.update, task_id, fields, if_)
    return task or _wholly(recurrence.update, task_id, fields, if_=if_)


def _simply(query: Query, task_id: int, *values: Any) -> Answer | None:
    """Run a query that changes the task by one statement; None if more follows from the change."""
    owner, if_ = auth.identity(), values[-1]
    with autocommit(owner.id):
        task = query(owner, task_id, *values)
        if task is not None:
            return _answer(task)
        task = queries.get(owner.id, task_id)
    if task is None or not if_.holds(task.revision):
        raise refusal(task, task_id, if_)
    return None


def _wholly(query: Query, task_id: int, *values: Any, if_: Precondition) -> Answer:
    """Run a query that changes the task and others with it; raises what `_change` does."""
    try:
        with transaction(auth.identity().id):
            return _change(query, task_id, *values, if_=if_)
    except schedule.Refused as refused:
        raise problems.Invalid(bodies.as_sent(refused.errors)) from None


def _answer(task: queries.Row) -> Answer:
    idempotency.answers_with(task.id)
    return task, etags.headers(task.revision)
