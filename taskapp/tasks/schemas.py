"""What a task looks like on the wire, going in and coming out."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from taskapp.rest.fields import (
    UNSTORABLE,
    VISIBLE,
    RowSchema,
    Text,
    TextOrNone,
    Trimmed,
    TrueOrFalse,
    UTCTime,
    trimmed,
)
from taskapp.rest.pagination import LARGEST_ID, Arguments, LimitArguments, Number
from taskapp.tasks import due_dates, rules, schedule
from taskapp.tasks.folding import fold
from taskapp.tasks.models import (
    CATEGORY_LENGTH,
    DESCRIPTION_LENGTH,
    EXTERNAL_ID_LENGTH,
    ORDERS,
    PRIORITY_LENGTH,
    RULE_LENGTH,
    STATUSES,
    TITLE_LENGTH,
)

RULE, ZONE = "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "Europe/Berlin"  # examples
LONGEST_WAIT = 30  # seconds
MOST_TAGS = 20
MOST_SPELLINGS = 1000  # of them, in one task
TAG_LENGTH = 50  # characters
LONGEST_SEARCH = 200  # characters


class TaskSchema(RowSchema):
    """A task as the service returns it."""

    id = fields.Integer(required=True, metadata={"example": 7, "format": "int64"})
    user_id = fields.String(required=True, metadata={"example": "alice"})
    title = fields.String(required=True, metadata={"example": "Buy milk"})
    description = fields.String(required=True, allow_none=True, metadata={"example": "Two litres"})
    completed = fields.Boolean(required=True, metadata={"example": False})
    priority = fields.String(required=True, metadata={"example": "high"})
    due_date = fields.String(required=True, allow_none=True, metadata={"example": "2026-02-01"})
    tags = fields.List(fields.String(), required=True, metadata={"example": ["home", "errands"]})
    category = fields.String(required=True, allow_none=True, metadata={"example": "Shopping"})
    completed_at = UTCTime(required=True, allow_none=True, metadata={"example": None})
    created_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})
    updated_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})
    revision = fields.Integer(
        required=True,
        metadata={"example": 7, "format": "int64", "description": "Grows with every write."},
    )
    deleted_at = UTCTime(required=True, allow_none=True, metadata={"example": None})
    recurrence = fields.String(required=True, allow_none=True, metadata={"example": RULE})
    recurrence_from = fields.String(required=True, allow_none=True, metadata={"example": "due"})
    time_zone = fields.String(required=True, allow_none=True, metadata={"example": ZONE})
    series_id = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "example": "1f0e4f9c-3d0b-4c83-9d2a-5a1f6a1f7c55",
            "description": "The same for all tasks that came from one by its `recurrence`.",
        },
    )
    occurrence = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"example": 1, "description": "Which of its series it is, from 1."},
    )
    next_task_id = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "example": 8,
            "format": "int64",
            "description": "The next of its series, once this one is completed.",
        },
    )
    external_id = fields.String(
        required=True, allow_none=True, metadata={"example": "calendar:4711"}
    )


class Priority(Trimmed):
    """How urgent a task is: a short word, whatever its case; `medium` where there is none."""

    default_error_messages = {
        "word": "Must be low, medium or high (also none or urgent, or another word of at most 20"
        " letters)."
    }

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        word: str = super().deserialize(value, *args, **kwargs)
        return "medium" if word is None or word == "" else word

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        word = super()._deserialize(*args, **kwargs).lower()
        if word and not (word.isalpha() and len(word) <= PRIORITY_LENGTH):
            raise self.make_error("word")
        return word


class DueDate(Text):
    """When a task is due: a date, a local date and time, or an instant; none where it is empty."""

    default_error_messages = {
        "date": "Not a date that exists. Send a date (2026-02-01), a local date and time"
        " (2026-02-01T09:00) or an instant (2026-02-01T09:00:00Z)."
    }

    def _deserialize(self, *args: Any, **kwargs: Any) -> str | None:  # type: ignore[override]
        text = super()._deserialize(*args, **kwargs).strip()
        try:
            return due_dates.normal(text) if text else None
        except ValueError:
            raise self.make_error("date") from None


class Tags(fields.List[str]):
    """Short texts, each once whatever its case; in an array, or in a text with commas."""

    default_error_messages = {
        "many": f"At most {MOST_TAGS} tags are allowed.",
        "tag": f"A tag must be a text of 1 to {TAG_LENGTH} characters.",
        "invalid": "Must be an array of texts, or a text with commas.",
        "unstorable": Text.default_error_messages["unstorable"],
    }

    def _deserialize(  # type: ignore[override]
        self, value: Any, *args: Any, **kwargs: Any
    ) -> list[str]:
        if isinstance(value, str):
            value = [part for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) > MOST_SPELLINGS:
            raise self.make_error("many")
        tags: dict[str, str] = {}
        for tag in value:
            tags.setdefault(fold(tag := self._tag(tag)), tag)
        if len(tags) > MOST_TAGS:
            raise self.make_error("many")
        return list(tags.values())

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        tags = super().deserialize(value, *args, **kwargs)
        return [] if tags is None else tags

    def _tag(self, tag: Any) -> str:
        if not isinstance(tag, str) or not 1 <= len(trimmed(tag)) <= TAG_LENGTH:
            raise self.make_error("tag")
        if UNSTORABLE.search(tag):
            raise self.make_error("unstorable")
        return trimmed(tag)


class Recurrence(Text):
    """By which rule a task comes again; by none where it is empty."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str | None:  # type: ignore[override]
        text = super()._deserialize(*args, **kwargs)
        if not text.strip():
            return None
        if len(text) > RULE_LENGTH:
            raise ma.ValidationError(f"Longer than maximum length {RULE_LENGTH}.")
        try:
            rules.read(text)
        except rules.BadRule as wrong:
            raise ma.ValidationError(str(wrong)) from None
        return text


class TimeZone(Trimmed):
    """The IANA name of a time zone; none where it is empty."""

    default_error_messages = {
        "zone": "Not the name of a time zone: send one of the IANA's, as Europe/Berlin."
    }

    def _deserialize(self, *args: Any, **kwargs: Any) -> str | None:  # type: ignore[override]
        name = super()._deserialize(*args, **kwargs)
        if name and name not in due_dates.zones():
            raise self.make_error("zone")
        return name or None


class RecurrenceFrom(Text):
    """From when a rule counts: when the task is due, or when it is completed; empty is none."""

    default_error_messages = {"word": "Must be due or completion."}

    def _deserialize(self, *args: Any, **kwargs: Any) -> str | None:  # type: ignore[override]
        word = super()._deserialize(*args, **kwargs).strip().lower()
        if word not in ("", "due", "completion"):
            raise self.make_error("word")
        return word or None


TITLE: dict[str, Any] = {
    "validate": validate.Length(1, TITLE_LENGTH),
    "metadata": {"example": "Buy milk", "pattern": VISIBLE, "description": "Is trimmed."},
}


WHOLE_TASK = tuple(TaskSchema().fields)


class TaskChangeSchema(ma.Schema):
    """The fields of a task that a client may change; unknown and read-only ones are ignored."""

    also_known = WHOLE_TASK

    class Meta:
        unknown = ma.EXCLUDE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Told what may be missing marshmallow passes over it, where it would ask each field.
        self.partial = {
            name
            for name, field in self.load_fields.items()
            if not field.required and field.load_default is ma.missing
        }

    title = Trimmed(**TITLE)
    description = Text(
        allow_none=True,
        validate=validate.Length(max=DESCRIPTION_LENGTH),
        metadata={"example": "Two litres"},
    )
    completed = TrueOrFalse(metadata={"example": False})
    priority = Priority(
        allow_none=True,
        metadata={
            "example": "high",
            "description": "`low`, `medium` or `high`; also `none`, `urgent`, or any other word of"
            " at most 20 letters, which sorts as `medium`. In small letters afterwards.",
        },
    )
    due_date = DueDate(
        allow_none=True,
        metadata={
            "example": "2026-02-01",
            "description": "A date, a local date and time (`2026-02-01T09:00`), or an instant (RFC"
            " 3339); it comes back as it was sent.",
        },
    )
    tags = Tags(
        fields.String(),
        allow_none=True,
        metadata={
            "example": ["home", "errands"],
            "description": "At most 20, of 1 to 50 characters each; or one text with commas.",
        },
    )
    category = TextOrNone(
        allow_none=True,
        validate=validate.Length(max=CATEGORY_LENGTH),
        metadata={"example": "Shopping"},
    )
    recurrence = Recurrence(
        allow_none=True,
        metadata={
            "example": RULE,
            "maxLength": RULE_LENGTH,
            "description": "`daily`, `weekly`, `monthly`, `yearly`, or a rule of RFC 5545:"
            " completing the task makes the next one. It comes back as it was sent.",
        },
    )
    recurrence_from = RecurrenceFrom(
        allow_none=True,
        metadata={
            "example": "completion",
            "enum": ["due", "completion", None],
            "description": "From when the next one counts: `due` (where there is a `recurrence`,"
            " the default) or `completion`.",
        },
    )
    time_zone = TimeZone(
        allow_none=True,
        metadata={
            "example": ZONE,
            "description": "The IANA's name of the zone that dates and local times are in; UTC"
            " where there is none.",
        },
    )
    external_id = TextOrNone(
        allow_none=True,
        validate=validate.Length(max=EXTERNAL_ID_LENGTH),
        metadata={
            "example": None,  # Swagger UI sends the examples: a second time it would be taken
            "description": "What another program calls it. No two tasks of a user have the same,"
            " those in the trash among them: the second is a 409.",
        },
    )

    @ma.validates_schema
    def _check_schedule(self, data: dict[str, Any], **kwargs: Any) -> None:
        # Whether a rule ever matches depends on what is stored, too.
        refuse(schedule.check_due, data)


class NewTaskSchema(TaskChangeSchema):
    """A task to create."""

    title = Trimmed(required=True, **TITLE)

    @ma.validates_schema
    def _check_schedule(self, data: dict[str, Any], **kwargs: Any) -> None:
        refuse(schedule.check, data)


def refuse(check: Callable[[schedule.Fields], None], data: dict[str, Any]) -> None:
    try:
        check(data)
    except schedule.Refused as refused:
        raise ma.ValidationError(refused.errors) from None


class CompletionSchema(ma.Schema):
    """What `completed` shall be; without it, it is flipped."""

    also_known = WHOLE_TASK

    class Meta:
        unknown = ma.EXCLUDE

    completed = TrueOrFalse(metadata={"example": True})


class Word(fields.String):
    """One of some words, whatever its case, and whether `camelCase` or `snake_case`."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(*args, **kwargs).strip()
        return re.sub("(?<=[a-z])(?=[A-Z])", "_", text).lower()


class Words(fields.Field[tuple[str, ...]]):
    """Several words in one text, with commas between them, or sent one by one under one name."""

    is_multiple = True  # for webargs

    def __init__(self, inner: fields.Field[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[str, ...]:
        text = ",".join(value) if isinstance(value, list) else str(value)
        parts = [part for part in text.split(",") if part.strip()]
        return tuple(dict.fromkeys(self.inner.deserialize(part) for part in parts))


class Moment(fields.String):
    """A date or time as a due date may be one, as the moment by which those are ordered."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        # A plus sign that nobody has encoded arrives as a space.
        text = re.sub(r" (?=\d\d:\d\d$)", "+", super()._deserialize(*args, **kwargs).strip())
        try:
            return due_dates.moment(due_dates.normal(text))
        except ValueError:
            raise DueDate().make_error("date") from None


class FilterArguments(Arguments):
    """The query parameters that say which tasks, and can be combined at will."""

    aliases = {"q": "search", "tag": "tags"}

    status = Word(
        load_default="all",
        validate=validate.OneOf(list(STATUSES)),
        metadata={"description": "Which tasks to return."},
    )
    completed = fields.Boolean(metadata={"description": "Whether they are completed."})
    priority = Words(
        Priority(),
        metadata={"description": "Of one of these priorities, with commas between them."},
    )
    category = TextOrNone(
        validate=validate.Length(max=CATEGORY_LENGTH),
        metadata={"description": "Of this category, whatever its case and accents."},
    )
    tags = Words(
        Trimmed(validate=validate.Length(1, TAG_LENGTH)),
        metadata={"description": "With all of these tags, with commas between them. Also `tag`."},
    )
    due_after = Moment(metadata={"description": "Due then or later."})
    due_before = Moment(metadata={"description": "Due before then."})
    due = Word(
        validate=validate.OneOf(["none"]),
        metadata={"description": "`none`: without a due date."},
    )
    overdue = fields.Boolean(
        metadata={"description": "Whether they are due and not completed. The answer has no ETag."},
    )
    search = Text(
        validate=validate.Length(max=LONGEST_SEARCH),
        metadata={
            "description": "Words that all occur in title, description, category or tags, whatever"
            " their case and accents. Also `q`."
        },
    )


class ListArguments(LimitArguments, FilterArguments):
    """The query parameters of the list of tasks: which, in which order, and how many of them."""

    aliases = {
        **FilterArguments.aliases,
        "sort": "sort_by",
        "sortBy": "sort_by",
        "order": "sort_order",
        "sortOrder": "sort_order",
        "skip": "offset",
        "page_size": "limit",
        "pageSize": "limit",
        "per_page": "limit",
    }

    sort_by = Word(
        validate=validate.OneOf([*ORDERS, *(f"-{order}" for order in ORDERS)]),
        metadata={
            "description": "What to order by; with a `-` before it the other way round. Newest"
            " first where nothing is said. Also `sort`."
        },
    )
    sort_order = Word(
        validate=validate.OneOf(["asc", "desc"]),
        metadata={"description": "Which way to order. Also `order`."},
    )
    fields_ = Words(
        Word(validate=validate.OneOf(list(TaskSchema().fields))),
        data_key="fields",
        metadata={"description": "The fields to return, with commas between them; else all."},
    )
    offset = Number(
        load_default=0,
        validate=validate.Range(0, LARGEST_ID),
        metadata={"description": "How many to leave out before the first. Also `skip`."},
    )
    page = Number(
        validate=validate.Range(1, 2**32),
        metadata={"description": "The number of the page, from 1, each of `limit` tasks."},
    )
    cursor = fields.String(
        metadata={"description": "Where to go on: taken from the `Link` header, not made up."},
    )
    count = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether to count all, in `X-Total-Count`."},
    )


class DeletionArguments(ma.Schema):
    """The query parameters of a deletion."""

    permanent = fields.Boolean(
        load_default=False,
        metadata={"description": "Delete for good, without a way back."},
    )


class ChangesArguments(LimitArguments):
    """The query parameters of the changes."""

    since = Number(
        required=True,
        validate=validate.Range(0, LARGEST_ID),
        metadata={"description": "The revision that is known already; 0: none.", "example": 0},
    )
    copying = Number(
        load_default=0,
        validate=validate.Range(0, LARGEST_ID),
        metadata={"description": "Taken from `next`, not made up."},
    )
    wait = Number(
        load_default=0,
        validate=validate.Range(0, LONGEST_WAIT),
        metadata={"description": "Seconds to wait for a change if there is none."},
    )


class ChangesSchema(ma.Schema):
    """What has changed, in the order of revisions."""

    changes = fields.List(fields.Nested(TaskSchema), required=True)
    revision = fields.Integer(
        required=True,
        metadata={"description": "Known after this page.", "example": 7, "format": "int64"},
    )
    more = fields.Boolean(
        required=True, metadata={"description": "Whether there are more now.", "example": False}
    )
    next = fields.String(
        required=True,
        metadata={
            "description": "Where to ask for what comes after this page.",
            "example": "/api/alice/tasks/changes?since=7",
        },
    )


class Day(fields.String):
    """A date, as `2026-02-01`."""

    default_error_messages = {"day": "Not a date: send one such as 2026-02-01."}

    def _deserialize(self, *args: Any, **kwargs: Any) -> date:  # type: ignore[override]
        text = super()._deserialize(*args, **kwargs).strip()
        try:
            day = date.fromisoformat(due_dates.normal(text))  # which takes no other form
        except ValueError:
            raise self.make_error("day") from None
        # In every zone it begins, and so does the next.
        if not date.min < day < date.max - timedelta(days=1):
            raise self.make_error("day")
        return day


class SummaryArguments(Arguments):
    """The query parameters of the summary."""

    aliases = {"timeZone": "time_zone", "tz": "time_zone", "timezone": "time_zone"}

    time_zone = TimeZone(
        load_default=None,
        metadata={
            "description": "The IANA's name of the zone in which it is today; UTC where there is"
            " none.",
        },
    )
    today = Day(
        metadata={
            "description": "Which day it is there. Without, it is by the clock of the service, and"
            " the answer has no ETag.",
        },
    )


class CountSchema(ma.Schema):
    """How many tasks have a value."""

    value = fields.String(required=True, metadata={"example": "high"})
    count = fields.Integer(required=True, metadata={"example": 3})
    pending = fields.Integer(
        required=True, metadata={"example": 2, "description": "How many are not completed."}
    )


class StatusCountsSchema(ma.Schema):
    """How many tasks are completed, and how many are not."""

    pending = fields.Integer(required=True, metadata={"example": 9})
    completed = fields.Integer(required=True, metadata={"example": 3})


class SummarySchema(ma.Schema):
    """How many tasks there are of each kind."""

    today = fields.Date(required=True, metadata={"example": "2026-02-01"})
    time_zone = fields.String(required=True, metadata={"example": ZONE})
    total = fields.Integer(required=True, metadata={"example": 12})
    status = fields.Nested(StatusCountsSchema, required=True)
    overdue = fields.Integer(
        required=True,
        metadata={"example": 1, "description": "Not completed, and due before today."},
    )
    due_today = fields.Integer(
        required=True, metadata={"example": 2, "description": "Not completed, and due today."}
    )
    priority = fields.List(fields.Nested(CountSchema), required=True)
    category = fields.List(fields.Nested(CountSchema), required=True)
    tags = fields.List(fields.Nested(CountSchema), required=True)
