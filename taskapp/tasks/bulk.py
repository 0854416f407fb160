"""The endpoints for many tasks at once. Every one of them stands behind the guard."""

from collections.abc import Collection
from typing import Any

import marshmallow as ma
from flask import current_app
from marshmallow import fields, validate

from taskapp import auth, dialects, problems
from taskapp.database import transaction
from taskapp.dialects import names
from taskapp.dialects.forms import Verbatim
from taskapp.rest import bodies, idempotency, preferences, rate_limits
from taskapp.rest.etags import ANY, Precondition
from taskapp.rest.fields import Text, TrueOrFalse
from taskapp.rest.idempotency import idempotent
from taskapp.rest.openapi import Blueprint, ProblemSchema, documents
from taskapp.rest.pagination import LARGEST_ID, PLAIN
from taskapp.tasks import batch
from taskapp.tasks.batch import Operation, Result
from taskapp.tasks.schemas import CompletionSchema, NewTaskSchema, TaskChangeSchema, TaskSchema

MOST_OPERATIONS = 500
LARGEST_BATCH = 2**20  # bytes
# What the fields of an operation may be, by what it does.
FIELDS: dict[str, ma.Schema | None] = {
    "create": NewTaskSchema(),
    "update": TaskChangeSchema(),
    "complete": CompletionSchema(),
    "delete": None,
    "restore": None,
}

blueprint = Blueprint(
    "bulk", __name__, url_prefix="/api/<user_id>/tasks", tag="tasks", things="tasks"
)
blueprint.before_request(auth.require_owner)


class OperationSchema(ma.Schema):
    """What is to be done to one task."""

    class Meta:
        unknown = ma.EXCLUDE

    op = fields.String(
        required=True, validate=validate.OneOf(list(FIELDS)), metadata={"example": "create"}
    )
    id = fields.Raw(
        metadata={
            "description": "Which task: its id, or the `temp_id` of an operation before this one.",
            "type": ["integer", "string"],
            "example": 7,
        },
    )
    temp_id = Text(
        validate=validate.Length(1, 100),
        metadata={
            "description": "Of a `create`: how operations after it call the task.",
            "example": "a",
        },
    )
    if_revision = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(0, LARGEST_ID),
        metadata={"description": "Do it only if the task has this revision.", "example": 7},
    )
    fields_ = fields.Dict(
        data_key="fields",
        load_default=dict,
        metadata={
            "description": "The fields of the task, as in a single request. `complete` without"
            " `completed` sets that to true.",
            "example": {"title": "Buy milk"},
        },
    )
    permanent = TrueOrFalse(
        load_default=False, metadata={"description": "Of a `delete`: for good.", "example": False}
    )


class Operations(fields.List[Any]):
    """Operations in their order; `problems.Invalid` with the `index` of one that is none."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) > MOST_OPERATIONS:
            raise _senseless(MOST_OPERATIONS, {"": [f"At most {MOST_OPERATIONS} are allowed."]})
        known: set[str] = set()
        operations = []
        members = preferences.names(OperationSchema())
        more = dialects.of(current_app).aliases
        for index, each in enumerate(value):
            sent_as: dict[str, str] = {}
            if isinstance(each, dict):
                each, sent_as = names.in_our_words(each, members, more)
                unknown = [name for name in each if name not in members]
                preferences.handle("field", unknown, place=f"operations.{index}.")
            try:
                operation = self.inner.deserialize(each)
            except ma.ValidationError as error:
                raise _senseless(index, _named(_messages(error), sent_as)) from None
            name = operation.get("temp_id")
            if name in known:
                wrong = {"temp_id": [f"{name!r} is that of one before it."]}
                raise _senseless(index, _named(wrong, sent_as))
            known |= {name} - {None}
            operations.append(operation)
        return operations


class BatchSchema(ma.Schema):
    """Operations on tasks."""

    class Meta:
        unknown = ma.EXCLUDE

    operations = Operations(
        fields.Nested(OperationSchema),
        required=True,
        metadata={"description": f"At most {MOST_OPERATIONS}.", "maxItems": MOST_OPERATIONS},
    )
    atomic = TrueOrFalse(
        load_default=False,
        metadata={"description": "Do all of them or none of them.", "example": False},
    )


class ResultSchema(ma.Schema):
    """What became of an operation: `task` as it is now, or the `problem` why nothing was done."""

    status = fields.Integer(required=True, metadata={"example": 201})
    task = fields.Nested(TaskSchema)
    problem = fields.Nested(ProblemSchema)


class BatchResultSchema(ma.Schema):
    """What became of the operations, in their order."""

    results = fields.List(fields.Nested(ResultSchema), required=True)
    temp_ids = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(metadata={"type": ["integer", "string"]}),
        required=True,
        metadata={"description": "The ids of new tasks, by `temp_id`.", "example": {"a": 8}},
    )

    def dump(self, obj: Any, **kwargs: Any) -> Any:
        return obj  # it is made of what the schemas inside of it have dumped


@blueprint.post("/batch")
@bodies.up_to(LARGEST_BATCH)
@idempotent
@documents(statuses=[412])
@blueprint.doc(operationId="changeTasks")
@blueprint.arguments(BatchSchema)
@blueprint.response(200, BatchResultSchema, description="What became of each operation.")
def change_tasks(body: dict[str, Any], user_id: str) -> dict[str, Any]:
    """Create, change, complete, delete and restore many tasks at once, in one transaction.

    The operations run in their order, and the same task may occur in several. One that can't be
    done has its problem in `results`, and the others are done; with `atomic` nothing is done then,
    and the answer is the problem of the first one that failed, with its `index`. Each counts as a
    write for the rate limit.
    """
    temporary = {each["temp_id"] for each in body["operations"] if "temp_id" in each}
    operations = [_operation(each, temporary) for each in body["operations"]]
    rate_limits.count_more(max(0, len(operations) - 1))
    owner = auth.identity()
    try:
        with transaction(owner.id):
            results, ids = batch.run(owner, operations, atomic=body["atomic"])
    except batch.Failed as failed:
        failed.problem.members = {**failed.problem.members, "index": failed.index}
        raise failed.problem from None
    # Where a task was shown and then deleted for good, no copy of the answer may stay.
    done = [
        (each, result.task.id)
        for each, result in zip(operations, results, strict=True)
        if result.task
    ]
    wiped = {task_id for each, task_id in done if each.permanent}
    shown = {task_id for each, task_id in done if not each.permanent}
    idempotency.answers_with(idempotency.GONE if wiped & shown else idempotency.ABOUT_SEVERAL)
    form = dialects.of(current_app)
    temp_ids = {name: form.id(task_id) for name, task_id in ids.items()}
    return {"results": [_result(each) for each in results], "temp_ids": Verbatim(temp_ids)}


def _senseless(index: int, errors: dict[str, Any]) -> problems.Invalid:
    place = f"operations.{index}"
    named = {f"{place}.{name}".rstrip("."): texts for name, texts in errors.items()}
    problem = problems.Invalid(named)
    problem.members["index"] = index
    return problem


def _messages(error: ma.ValidationError) -> dict[str, Any]:
    messages: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return messages


def _named(messages: dict[str, Any], sent_as: dict[str, str]) -> dict[str, Any]:
    """Return what is wrong by the names that were sent; nameless what is wrong with the whole."""
    sent_as = {ma.exceptions.SCHEMA: "", **sent_as}
    return {sent_as.get(name, name): texts for name, texts in messages.items()}


def _operation(sent: dict[str, Any], temporary: Collection[str]) -> Operation:
    """Return the operation, with its own problem where its id or its fields make no sense.

    `temporary` are all `temp_id`s of the batch.
    """
    op, revision = sent["op"], sent.get("if_revision")
    operation = {
        "op": op,
        "temp_id": sent.get("temp_id"),
        "if_": ANY if revision is None else Precondition(one_of=frozenset({revision})),
        "permanent": sent["permanent"],
    }
    try:
        if op != "create":
            operation["id"] = _id(sent.get("id"), temporary)
        return Operation(**operation, fields=_fields(op, sent["fields_"]))
    except problems.Problem as problem:
        return Operation(**operation, problem=problem)


def _id(sent: Any, temporary: Collection[str]) -> int | str:
    # A temp_id of digits (the clock's, say) is no task's id, whether its own task was made or not.
    if isinstance(sent, str) and sent not in temporary and PLAIN.fullmatch(sent):
        sent = int(sent)
    if isinstance(sent, int) and not isinstance(sent, bool):
        if not 0 < sent <= LARGEST_ID:
            raise problems.NoTask(sent)
        return sent
    if isinstance(sent, str) and sent:
        return sent
    raise problems.Invalid({"id": ["Must be the id of a task, or the temp_id of a create."]})


def _fields(op: str, sent: dict[str, Any]) -> dict[str, Any]:
    schema = FIELDS[op]
    if schema is None:
        return {}
    ours, sent_as = bodies.in_our_words(sent, schema)
    try:
        loaded: dict[str, Any] = schema.load(ours)
    except ma.ValidationError as error:
        raise problems.Invalid(_named(_messages(error), sent_as)) from None
    return loaded or ({"completed": True} if op == "complete" else {})


def _result(result: Result) -> dict[str, Any]:
    if result.problem is None:
        return {"status": result.status, "task": TaskSchema().dump(result.task)}
    problem = result.problem
    form = dialects.of(current_app)
    if isinstance(problem, problems.Stale):
        problem.members = {"current": form.inside(problem.members["current"])}
    return {"status": result.status, "problem": Verbatim(problems.told(problem))}
