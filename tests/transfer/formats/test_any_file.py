"""Any bytes at all: they are read or refused, in time and in little memory."""

import contextlib
import json
import time
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taskapp.transfer import formats
from taskapp.transfer.formats import FORMATS, Entry
from tests.chance import some

PIECES = st.sampled_from(
    [
        *('"', "'", ",", ";", "\t", "\r", "\n", "\r\n", "\0", "\ufeff", "[", "]", "{", "}", ":"),
        *("title", "TYPE,CONTENT,PRIORITY,INDENT", "List Name,Title,Priority,Status", "task"),
        *("BEGIN:VCALENDAR\n", "BEGIN:VTODO\n", "END:VTODO\n", "UID:1\n", "SUMMARY:a\n", "DUE:"),
        *("BEGIN:VTIMEZONE\nTZID:x\n", "END:VTIMEZONE\n", "RRULE:FREQ=", "X-TASKAPP-", "20260201"),
        *('"tasks"', '"title"', "1e999", "-1", "null", "\u2028", "٣", "２", "😀"),
    ]
)
FILES = st.one_of(
    st.binary(max_size=200),
    st.lists(PIECES, max_size=30).map(lambda pieces: "".join(pieces).encode()),
    st.text(max_size=100).map(lambda text: text.encode("utf-16", "surrogatepass")),
)


@settings(max_examples=some(400), deadline=None)
@given(FILES, st.sampled_from(list(FORMATS)))
@example(b"\xff\xfe\x00\xd8", "csv")
@example(b"[" * 2000, "json")
def test_any_bytes_are_read_or_refused(file, name):
    for form in {name, *_found(file)}:
        try:
            entries = list(FORMATS[form].read(BytesIO(file)))
        except formats.Unreadable as error:
            entries = [Entry(error.line, problem=error.reason)]
        for entry in entries:
            assert isinstance(entry, Entry)
            assert entry.line >= 1
            assert entry.problem or entry.ignored or entry.fields["external_id"]


def _found(file):
    try:
        return [formats.found(BytesIO(file))]
    except formats.Unreadable:
        return []


def calendar(*lines):
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])


def zone(name):
    return "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{name}", "END:VTIMEZONE"])


TODO = "\r\n".join(["BEGIN:VTODO", "SUMMARY:t", "END:VTODO"])
TODOIST = "TYPE,CONTENT,PRIORITY,INDENT\n"
# By how many of something they have.
SLOW = {
    "blanks in a zone's name": ("ics", lambda n: calendar(zone(" " * n + "x"), TODO)),
    "zones and to-dos": (
        "ics",
        lambda n: calendar(*(zone(f"z{each}") for each in range(n // 50)), *[TODO] * (n // 50)),
    ),
    "names without a value": (
        "ics",
        lambda n: calendar("BEGIN:VTODO", *["UID;" + "a" * 70] * (n // 70), "END:VTODO"),
    ),
    "categories": ("ics", lambda n: calendar("BEGIN:VTODO", "CATEGORIES:" + "a," * n, "END:VTODO")),
    "quotes": ("csv", lambda n: "title\n" + '"\n' * (n // 10)),
    "an open quote": ("csv", lambda n: 'title\n"' + "a" * n),
    "columns": ("csv", lambda n: "title" + ",x" * n + "\na" + ",y" * n),
    "blanks in a cell": ("csv", lambda n: "title,due\n" + " " * (n // 4) + "x,1" + " " * (n // 4)),
    "notes": ("todoist", lambda n: f"{TODOIST}task,a,4,1\n" + "note,abcdefgh,,\n" * (n // 5)),
    "labels": ("todoist", lambda n: f"{TODOIST}task,{'@ ' * (n // 7)}x,4,1\n"),
    "brackets": ("json", lambda n: "[" * n),
    "an open text": ("json", lambda n: '[{"title": "' + "a" * n),
    "an open value": ("json", lambda n: "[" + '{"a": [' * n),
}


def seconds(what, n):
    """Return how much of the processor's time it takes to read a file of that size."""
    name, made = SLOW[what]
    file = BytesIO(made(n).encode())
    began = time.thread_time()
    with contextlib.suppress(formats.Unreadable):
        for entry in FORMATS[name].read(file):
            assert entry.line
    return time.thread_time() - began


SIZE, TIMES = 50_000, 8


@pytest.mark.parametrize("what", SLOW)
def test_no_file_takes_the_square_of_its_length(what):
    seconds(what, 1000)  # what is loaded at first
    short = max(seconds(what, SIZE) for _ in range(2))

    # The square would be eight times as much again. What takes a few milliseconds varies.
    assert seconds(what, TIMES * SIZE) < 3 * TIMES * short + 0.2


# Each with a text of its own, which all are known by.
ROWS = {
    "json": ("[", lambda n: json.dumps({"title": f"{n:050}"}) + ",\n", '{"title": "t"}]'),
    "csv": ("title,note\n", lambda n: f"{n:050},x\n", "t\n"),
    "todoist": (TODOIST, lambda n: f"task,{n:050},4,1\n", "task,t,4,1\n"),
    "ticktick": (
        "List Name,Title,Priority,Status,taskId,parentId\n",
        lambda n: f"l,{n:050},0,0,{n},{n - n % 10}\n",
        "l,t,0,0,,\n",
    ),
    "ics": (
        "BEGIN:VCALENDAR\n",
        lambda n: f"BEGIN:VTODO\nUID:{n}\nSUMMARY:{n:050}\nEND:VTODO\n",
        "BEGIN:VTODO\nSUMMARY:t\nEND:VTODO\nEND:VCALENDAR\n",
    ),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("end", [b"\xff", b"x" * 2**21 + b"\n"], ids=["no text", "no line"])
def test_what_comes_before_the_end_of_what_can_be_read_is_read(name, end):
    beginning, row, _ = ROWS[name]
    file = BytesIO((beginning + "".join(map(row, range(3000)))).encode() + end)
    found = []

    with pytest.raises(formats.Unreadable) as told:
        found.extend(FORMATS[name].read(file))

    assert len(found) > 500
    assert told.value.line > 500


# What is remembered of each: by what it is known, and the title of what others may be a part of.
MOST = 400  # bytes


@pytest.mark.parametrize("name", FORMATS)
def test_many_tasks_take_little_memory(name):
    beginning, row, end = ROWS[name]
    rows = 1_000 if name == "ics" else 4_000

    def peak(rows):
        file = BytesIO((beginning + "".join(map(row, range(rows))) + end).encode())
        tracemalloc.start()
        try:
            assert sum(1 for _ in FORMATS[name].read(file)) == rows + 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is loaded at first
    assert peak(rows) < peak(10) + rows * MOST + 100_000


def test_what_is_too_large_is_told_and_not_read():
    # The library takes seconds for a property of megabytes.
    text = "BEGIN:VTODO\nSUMMARY:a\nCATEGORIES:" + "a," * 200_000 + "\nEND:VTODO\n"
    [entry] = FORMATS["ics"].read(BytesIO(text.encode()))
    assert "characters" in entry.problem

    with pytest.raises(formats.Unreadable, match="names of columns"):
        list(FORMATS["csv"].read(BytesIO(b"," * 300 + b"title\na\n")))
