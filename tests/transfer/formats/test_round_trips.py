"""What is written is read as it was, whatever a task has."""

from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskapp.rest.fields import rfc3339
from taskapp.tasks.uids import uid
from taskapp.transfer.formats import FORMATS, WRITERS, found
from taskapp.transfer.formats.entries import TAKEN
from tests.chance import some

# What can be stored, with more of what means something to one of the formats.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
PIECES = st.sampled_from(
    [
        *("=", "+", "-", "@", "\t", "\r", "\n", "\r\n", "'", "''", '"', '""', ",", ";", "|", "\\"),
        *(
            "＝",
            "＋",
            "－",
            "＠",
            "\u2028",
            "\u2029",
            "\x85",
            "\x0b",
            "\x0c",
            "\x1c",
            "\x1f",
            "\x7f",
        ),
        *(
            "😀",
            "א",
            "\u202e",
            "\ufeff",
            "[",
            "]",
            '["a"]',
            "{",
            "}",
            ":",
            "\\n",
            "\\,",
            " ",
            "\xa0",
        ),
        *("true", "null", "p1", "01/02/2026", "END:VTODO", "\r\nEND:VTODO\r\n", "BEGIN:VTODO"),
    ]
)
TEXTS = st.one_of(st.text(CHARACTERS, max_size=30), st.lists(PIECES, max_size=8).map("".join))


def visible(most):
    """Return texts as titles, tags and the like are stored: trimmed, and not empty."""
    return TEXTS.map(lambda text: text.strip()[:most].strip()).filter(bool)


TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
LOCAL = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
DUE_DATES = st.one_of(
    LOCAL.map(lambda time: time.date().isoformat()),
    LOCAL.map(lambda time: time.isoformat()),
    LOCAL.map(lambda time: time.isoformat(timespec="minutes")),
    LOCAL.map(lambda time: f"{time.isoformat(timespec='milliseconds')}Z"),
    LOCAL.map(lambda time: f"{time.isoformat(timespec='seconds')}-03:30"),
    st.just("2026-02-01T09:00:00.123456789+02:00"),
)
NUMBERS = st.integers(1, 2**31 - 1)
TASKS = st.fixed_dictionaries(
    {
        "id": st.integers(1, 2**53),
        "user_id": st.text(CHARACTERS, min_size=1, max_size=20),
        "title": visible(255),
        "description": st.none() | TEXTS,
        "completed": st.booleans(),
        "priority": st.sampled_from(["none", "low", "medium", "high", "urgent", "später", "ﬁ"]),
        "due_date": st.none() | DUE_DATES,
        "tags": st.lists(visible(50), max_size=4),
        "category": st.none() | visible(50),
        "completed_at": st.none() | TIMES,
        "created_at": TIMES,
        "updated_at": TIMES,
        "revision": st.integers(1, 2**53),
        "deleted_at": st.none() | TIMES,
        "recurrence": st.sampled_from(
            [None, "daily", " Weekly ", "RRULE:FREQ=WEEKLY;BYDAY=MO,TH", "freq=monthly;count=5"]
        ),
        "recurrence_from": st.sampled_from([None, "due", "completion"]),
        "time_zone": st.sampled_from([None, "Europe/Berlin", "America/St_Johns", "UTC"]),
        "series_id": st.none() | st.uuids().map(str),
        "occurrence": st.none() | NUMBERS,
        "next_task_id": st.none() | st.integers(1, 2**53),
        "external_id": st.none() | visible(255),
        "anchor": st.none() | LOCAL.map(lambda time: time.isoformat()),
        "position": st.none() | NUMBERS,
    }
)


def told(task):
    """Return what an import of the task must be told."""
    plain = {name: rfc3339(v) if isinstance(v, datetime) else v for name, v in task.items()}
    name = task["external_id"] or uid(task["user_id"], task["id"], task["created_at"])
    return {name: plain[name] for name in TAKEN} | {"external_id": name}


def understood(fields):
    """Return the fields as their schema takes them: absent is empty, and tags may be one text."""
    tags = fields.get("tags") or []
    if isinstance(tags, str):
        tags = [tag.strip() for tag in tags.split(",")]
    return {name: fields.get(name) for name in TAKEN} | {"tags": tags}


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_read_as_it_was(name):
    @settings(max_examples=some(300), deadline=None)
    @given(st.lists(TASKS, max_size=3))
    def holds(tasks):
        file = "".join(WRITERS[name](SimpleNamespace(**task) for task in tasks)).encode()

        assert found(BytesIO(file)) == name
        entries = list(FORMATS[name].read(BytesIO(file)))

        assert [entry.problem or entry.ignored for entry in entries] == [()] * len(tasks)
        assert [understood(entry.fields) for entry in entries] == [told(task) for task in tasks]

    holds()
