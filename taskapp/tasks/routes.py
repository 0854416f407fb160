"""The task endpoints. Every one of them stands behind the guard."""

from collections.abc import Sequence
from typing import Any

from flask import request, url_for

from taskapp import auth, problems
from taskapp.database import transaction
from taskapp.rest import pagination
from taskapp.rest.openapi import Blueprint, MessageSchema
from taskapp.tasks import queries
from taskapp.tasks.schemas import (
    COMPLETED,
    CompletionSchema,
    ListArguments,
    NewTaskSchema,
    TaskChangeSchema,
    TaskSchema,
)

TASK_ID = [{"name": "task_id", "in": "path", "description": "Which task.", "example": 7}]
LINK = {"Link": {"description": "The next page, if any.", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "The new task.", "schema": {"type": "string"}}}

blueprint = Blueprint("tasks", __name__, url_prefix="/api/<user_id>/tasks")
blueprint.before_request(auth.require_owner)


@blueprint.get("")
@blueprint.doc(operationId="listTasks")
@blueprint.arguments(ListArguments, location="query")
@blueprint.response(200, TaskSchema(many=True), headers=LINK, description="The tasks.")
def list_tasks(
    arguments: dict[str, Any], user_id: str
) -> tuple[Sequence[queries.Row], dict[str, str]]:
    """List the tasks, newest first.

    Where there are more than fit, the `Link` header leads to the next page.
    """
    limit = arguments["limit"]
    with transaction():
        rows = queries.newest(
            user_id,
            completed=COMPLETED[arguments["status"]],
            before=arguments.get("cursor"),
            limit=limit + 1,
        )
    return pagination.page(rows, limit)


@blueprint.post("")
@blueprint.doc(operationId="createTask")
@blueprint.arguments(NewTaskSchema)
@blueprint.response(201, TaskSchema, headers=LOCATION, description="The new task.")
def create_task(fields: dict[str, Any], user_id: str) -> tuple[queries.Row, dict[str, str]]:
    """Create a task."""
    with transaction():
        task = queries.create(auth.identity(), fields)
    return task, {"Location": url_for("tasks.get_task", user_id=user_id, task_id=task.id)}


@blueprint.get("/<row_id:task_id>", parameters=TASK_ID)
@blueprint.doc(operationId="getTask")
@blueprint.response(200, TaskSchema, description="The task.")
def get_task(user_id: str, task_id: int) -> queries.Row:
    """Get a task."""
    with transaction():
        task = queries.get(user_id, task_id)
    if task is None:
        raise _missing()
    return task


@blueprint.put("/<row_id:task_id>", parameters=TASK_ID)
@blueprint.doc(operationId="updateTask")
@blueprint.arguments(TaskChangeSchema)
@blueprint.response(200, TaskSchema, description="The task as it is now.")
def update_task(fields: dict[str, Any], user_id: str, task_id: int) -> queries.Row:
    """Change a task.

    The fields sent are changed, the others stay as they are.
    """
    with transaction():
        task = queries.update(user_id, task_id, fields)
    if task is None:
        raise _missing()
    return task


@blueprint.patch("/<row_id:task_id>", parameters=TASK_ID)
@blueprint.doc(
    operationId="patchTask",
    requestBody={"content": {"application/json": {"schema": TaskChangeSchema}}},
)
@blueprint.arguments(TaskChangeSchema, content_type="application/merge-patch+json")
@blueprint.response(200, TaskSchema, description="The task as it is now.")
def patch_task(fields: dict[str, Any], user_id: str, task_id: int) -> queries.Row:
    """Change a task by a JSON Merge Patch (RFC 7396)."""
    with transaction():
        task = queries.update(user_id, task_id, fields)
    if task is None:
        raise _missing()
    return task


@blueprint.delete("/<row_id:task_id>", parameters=TASK_ID)
@blueprint.doc(operationId="deleteTask")
@blueprint.response(200, MessageSchema, description="The task is gone.")
def delete_task(user_id: str, task_id: int) -> dict[str, str]:
    """Delete a task for good."""
    with transaction():
        found = queries.delete(user_id, task_id)
    if not found:
        raise _missing()
    return {"message": "Task deleted successfully"}


@blueprint.patch("/<row_id:task_id>/complete", parameters=TASK_ID)
@blueprint.doc(operationId="completeTask")
@blueprint.arguments(CompletionSchema, required=False)
@blueprint.response(200, TaskSchema, description="The task as it is now.")
def complete_task(fields: dict[str, Any], user_id: str, task_id: int) -> queries.Row:
    """Set or flip whether a task is completed.

    With `{"completed": true}` or `false` it is set, so that a retry is safe. Without, it is
    flipped; flips that run at once are all counted.
    """
    with transaction():
        task = (
            queries.update(user_id, task_id, fields) if fields else queries.toggle(user_id, task_id)
        )
    if task is None:
        raise _missing()
    return task


def _missing() -> problems.NotFound:
    text = request.path.removesuffix("/").removesuffix("/complete").rpartition("/")[2]
    return problems.NotFound(f"Task {text[:20]} not found")
