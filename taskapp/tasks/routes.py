"""The task endpoints. Every one of them stands behind the guard."""

from collections.abc import Callable
from typing import Any

from flask import request, url_for

from taskapp import auth, problems
from taskapp.database import autocommit
from taskapp.rest import etags, pagination, rate_limits
from taskapp.rest.etags import conditional, preconditioned
from taskapp.rest.idempotency import idempotent
from taskapp.rest.openapi import Blueprint, MessageSchema
from taskapp.tasks import queries
from taskapp.tasks.schemas import (
    CompletionSchema,
    DeletionArguments,
    ListArguments,
    NewTaskSchema,
    TaskChangeSchema,
    TaskSchema,
)
from taskapp.users import queries as users

TASK_ID = [{"name": "task_id", "in": "path", "description": "Which task.", "example": 7}]
LINK = {"Link": {"description": "The next page, if any.", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "The new task.", "schema": {"type": "string"}}}

Answer = tuple[queries.Row, dict[str, str]]

blueprint = Blueprint("tasks", __name__, url_prefix="/api/<user_id>/tasks")
blueprint.before_request(auth.require_owner)
blueprint.before_request(rate_limits.count_user)


@blueprint.get("")
@conditional
@blueprint.doc(operationId="listTasks")
@blueprint.arguments(ListArguments, location="query")
@blueprint.response(200, TaskSchema(many=True), headers=LINK | etags.ETAG, description="The tasks.")
def list_tasks(arguments: dict[str, Any], user_id: str) -> Any:
    """List the tasks, newest first.

    Where there are more than fit, the `Link` header leads to the next page. The ETag is that of
    all of the user's tasks: with `If-None-Match` a list that has not changed is a 304.
    """
    limit = arguments["limit"]
    with autocommit(auth.identity().id):
        if etags.asks_whether_modified() and (
            not_modified := etags.not_modified(users.revision(user_id))
        ):
            return not_modified
        page = queries.newest(
            user_id,
            status=arguments["status"],
            before=arguments.get("cursor"),
            limit=limit + 1,
        )
    rows, link = pagination.page(page.rows, limit)
    return rows, etags.headers(page.revision) | link


@blueprint.post("")
@idempotent
@blueprint.doc(operationId="createTask")
@blueprint.arguments(NewTaskSchema)
@blueprint.response(201, TaskSchema, headers=LOCATION | etags.ETAG, description="The new task.")
def create_task(fields: dict[str, Any], user_id: str) -> Answer:
    """Create a task."""
    with autocommit(auth.identity().id):
        task = queries.create(auth.identity(), fields)
    location = url_for("tasks.get_task", user_id=user_id, task_id=task.id)
    return task, {"Location": location, **etags.headers(task.revision)}


@blueprint.get("/<row_id:task_id>", parameters=TASK_ID)
@conditional
@blueprint.doc(operationId="getTask")
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task.")
def get_task(user_id: str, task_id: int) -> Any:
    """Get a task."""
    with autocommit(auth.identity().id):
        task = queries.get(user_id, task_id)
    if task is None:
        raise _missing()
    return etags.not_modified(task.revision) or _answer(task)


@blueprint.put("/<row_id:task_id>", parameters=TASK_ID)
@idempotent
@preconditioned
@blueprint.doc(operationId="updateTask")
@blueprint.arguments(TaskChangeSchema)
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task as it is now.")
def update_task(fields: dict[str, Any], user_id: str, task_id: int) -> Answer:
    """Change a task.

    The fields sent are changed, the others stay as they are.
    """
    return _change(task_id, queries.update, fields)


@blueprint.patch("/<row_id:task_id>", parameters=TASK_ID)
@idempotent
@preconditioned
@blueprint.doc(
    operationId="patchTask",
    requestBody={"content": {"application/json": {"schema": TaskChangeSchema}}},
)
@blueprint.arguments(TaskChangeSchema, content_type="application/merge-patch+json")
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task as it is now.")
def patch_task(fields: dict[str, Any], user_id: str, task_id: int) -> Answer:
    """Change a task by a JSON Merge Patch (RFC 7396)."""
    return _change(task_id, queries.update, fields)


@blueprint.delete("/<row_id:task_id>", parameters=TASK_ID)
@idempotent
@preconditioned
@blueprint.doc(operationId="deleteTask")
@blueprint.arguments(DeletionArguments, location="query")
@blueprint.response(200, MessageSchema, description="The task is deleted.")
def delete_task(arguments: dict[str, Any], user_id: str, task_id: int) -> dict[str, str]:
    """Delete a task.

    It can be restored until it is purged; with `permanent=true` it can't, and nothing of its text
    is kept. A task that was deleted before can still be deleted for good.
    """
    _change(task_id, queries.wipe if arguments["permanent"] else queries.hide)
    return {"message": "Task deleted successfully"}


@blueprint.post("/<row_id:task_id>/restore", parameters=TASK_ID)
@idempotent
@blueprint.doc(operationId="restoreTask")
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task as it is now.")
def restore_task(user_id: str, task_id: int) -> Answer:
    """Bring a deleted task back.

    One that is not deleted is returned as it is, so that a retry is safe.
    """
    with autocommit(auth.identity().id):
        task = queries.restore(auth.identity(), task_id) or queries.get(user_id, task_id)
    if task is None:
        raise _missing()
    return _answer(task)


@blueprint.patch("/<row_id:task_id>/complete", parameters=TASK_ID)
@idempotent
@preconditioned
@blueprint.doc(operationId="completeTask")
@blueprint.arguments(CompletionSchema, required=False)
@blueprint.response(200, TaskSchema, headers=etags.ETAG, description="The task as it is now.")
def complete_task(fields: dict[str, Any], user_id: str, task_id: int) -> Answer:
    """Set or flip whether a task is completed.

    With `{"completed": true}` or `false` it is set, so that a retry is safe. Without, it is
    flipped; flips that run at once are all counted.
    """
    if fields:
        return _change(task_id, queries.update, fields)
    return _change(task_id, queries.toggle)


def _change(task_id: int, query: Callable[..., queries.Row | None], *values: Any) -> Answer:
    """Run a query that changes the task, and return it.

    Raises `problems.NotFound` without such a task, and `problems.Stale` where it is not the one
    that the request's precondition is about.
    """
    owner, if_ = auth.identity(), etags.precondition()
    with autocommit(owner.id):
        task = query(owner, task_id, *values, if_)
        if task is None:
            current = queries.get(owner.id, task_id)
            # Without a precondition the task has come back just now: too late for this request.
            if current is None or if_ == etags.ANY:
                raise _missing()
            raise problems.Stale(TaskSchema().dump(current))
    return _answer(task)


def _answer(task: queries.Row) -> Answer:
    return task, etags.headers(task.revision)


def _missing() -> problems.NotFound:
    # As it stands in the path, which need not be a number.
    *_, text = (
        request.path.removesuffix("/").removesuffix("/complete").removesuffix("/restore").split("/")
    )
    return problems.NotFound(f"Task {text[:20]} not found")
