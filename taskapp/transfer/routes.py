"""The endpoints for files of tasks. Every one of them stands behind the guard."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from itertools import islice
from typing import Any

from flask import Response, request, stream_with_context

from taskapp import auth, cooperation, problems
from taskapp.database import autocommit
from taskapp.rest import bodies, rate_limits
from taskapp.rest.openapi import ATTACHMENT, Blueprint, documents
from taskapp.tasks import listing
from taskapp.telemetry import audit
from taskapp.transfer import formats
from taskapp.transfer.formats import FORMATS, WRITERS
from taskapp.transfer.imports import Import, Trouble
from taskapp.transfer.schemas import (
    ExportArguments,
    ExportedTaskSchema,
    ImportArguments,
    ImportSchema,
)

LARGEST_FILE = 5 * 2**20  # bytes
MOST_ENTRIES = 100_000  # of a file
MOST_TROUBLES = 1000  # with a file
NOT_LOOKED_AT = (
    f"What comes after was not looked at: at most {MOST_ENTRIES} tasks can be sent at once, and at"
    f" {MOST_TROUBLES} that can't be read it stops."
)
AT_ONCE = 4  # imports in a process, each in a thread while it reads
ENTRIES_OF_A_WRITE = 20  # that cost as much as a request which writes
PAGE = 200  # tasks that are read at a time
PIECE = 10  # tasks that are written at a time, a calendar in 16 ms; then others have their turn
BLOCK = 16_384  # characters that are sent at a time
NOT_A_FILE = "multipart/form-data"
KINDS = list(dict.fromkeys(each.media_type.partition(";")[0] for each in FORMATS.values()))
FILE: dict[str, Any] = {"type": "string", "example": "title,due_date\nBuy milk,2026-02-01\n"}

blueprint = Blueprint(
    "transfer", __name__, url_prefix="/api/<user_id>/tasks", tag="tasks", things="tasks"
)
blueprint.before_request(auth.require_owner)
_importing: set[str] = set()  # users, in this process


@blueprint.get("/export")
@blueprint.doc(
    operationId="exportTasks",
    responses={200: {"content": {kind: {"schema": FILE} for kind in KINDS[1:]}}},
)
@blueprint.arguments(ExportArguments, location="query")
@blueprint.response(
    200, ExportedTaskSchema(many=True), headers=ATTACHMENT, description="The tasks."
)
def export_tasks(arguments: dict[str, Any], user_id: str) -> Response:
    """Get the tasks as a file, oldest first: all that are not deleted, or those asked for."""
    question = listing.Question.about(arguments)
    question = replace(question, descending=False, limit=PAGE, with_plan=True)
    with autocommit(auth.identity().id):
        page = listing.page(user_id, question)
    name = arguments["format"]
    if request.method == "GET":
        audit.event("tasks.exported", format=name)
    pieces = _blocks(WRITERS[name](_rows(user_id, question, page)))
    response = Response(stream_with_context(pieces), content_type=FORMATS[name].media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="tasks.{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/import")
@bodies.up_to(LARGEST_FILE)
@documents(statuses=[400, 408, 413, 415])
@blueprint.doc(
    operationId="importTasks",
    requestBody={
        "required": True,
        "content": {kind: {"schema": FILE} for kind in KINDS},
    },
)
@blueprint.arguments(ImportArguments, location="query")
@blueprint.response(200, ImportSchema, description="What became of the file.")
def import_tasks(arguments: dict[str, Any], user_id: str) -> dict[str, Any]:
    """Make tasks of a file: an export from here, or from another service.

    The file is the body, of up to 5 MiB and 100,000 tasks. Tasks that are there already stay as
    they are, so a file can be sent again. What can't be read has a problem, with its line; at 1000
    of them the import stops.
    """
    with _one_at_a_time():
        file = BytesIO(_body())
        try:
            name = arguments.get("format") or cooperation.aside(formats.found, file)
        except formats.Unreadable as error:
            raise problems.Invalid({"body": [f"Line {error.line}: {error.reason}"]}) from None
        import_ = Import(auth.identity(), arguments["dry_run"])
        try:
            troubles = _run(import_, FORMATS[name].read(file))
        finally:  # what was stored stays
            rate_limits.count_more(import_.looked_at // ENTRIES_OF_A_WRITE)
            if import_.created and not import_.dry_run:
                audit.event("tasks.imported", format=name, tasks=import_.created)
    return {
        "format": name,
        "dry_run": import_.dry_run,
        "created": import_.created,
        "unchanged": import_.unchanged,
        "failed": import_.failed,
        "problems": troubles,
        "ignored": list(import_.ignored),
    }


def _run(import_: Import, entries: Iterator[formats.Entry]) -> list[Trouble]:
    troubles: list[Trouble] = []
    for some in import_.run(_bounded(entries)):
        troubles += some
        if len(troubles) > MOST_TROUBLES:
            first_untold = troubles[MOST_TROUBLES].line
            return [*troubles[:MOST_TROUBLES], Trouble(first_untold, NOT_LOOKED_AT)]
    return troubles


def _bounded(entries: Iterator[formats.Entry]) -> Iterator[formats.Entry]:
    yield from islice(entries, MOST_ENTRIES)
    for first in islice(entries, 1):
        yield formats.Entry(first.line, problem=NOT_LOOKED_AT)


def _body() -> bytes:
    if request.mimetype == NOT_A_FILE:
        raise problems.UnsupportedMediaType("Send the file itself as the body, not as a form.")
    return bodies.read(request)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let a user have one import at a time in this process, and a process few of them."""
    user_id = auth.identity().id
    if user_id in _importing:
        raise problems.TooManyRequests("Another import of yours is still running.", retry_after=5)
    if len(_importing) >= AT_ONCE:
        raise problems.Unavailable("Others are importing. Please try again later.")
    _importing.add(user_id)
    try:
        yield
    finally:
        _importing.discard(user_id)


def _rows(user_id: str, question: listing.Question, page: listing.Page) -> Iterator[Any]:
    """Yield the rows of this page and all that follow."""
    while page.rows:
        for place, row in enumerate(page.rows):
            if place % PIECE == 0:
                cooperation.give_way()
            yield row
        if not page.has_next:
            return
        with autocommit(auth.identity().id):
            page = listing.page(user_id, question.beside(question.after(page.rows[-1])))


def _blocks(pieces: Iterator[str]) -> Iterator[str]:
    block: list[str] = []
    size = 0
    for piece in pieces:
        block.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield "".join(block)
            block, size = [], 0
    yield "".join(block)
