"""Any bytes at all: they are read or refused, in time and in little memory."""

import json
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taskapp.transfer import formats
from taskapp.transfer.formats import FORMATS, Entry

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


@settings(max_examples=400, deadline=None)
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


ROWS = {
    "json": ("[", json.dumps({"title": "t" * 50}) + ",\n", '{"title": "t"}]'),
    "csv": ("title,note\n", f"{'t' * 50},x\n", ""),
    "todoist": ("TYPE,CONTENT,PRIORITY,INDENT\n", f"task,{'t' * 50},4,1\n", ""),
    "ticktick": ("List Name,Title,Priority,Status,taskId\n", f"l,{'t' * 50},0,0,\n", ""),
    "ics": ("BEGIN:VCALENDAR\n", "BEGIN:VTODO\nSUMMARY:t\nEND:VTODO\n", "END:VCALENDAR\n"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_many_tasks_take_no_more_memory_than_few(name):
    beginning, row, end = ROWS[name]

    def peak(rows):
        file = BytesIO((beginning + row * rows + end).encode())
        tracemalloc.start()
        try:
            assert sum(1 for _ in FORMATS[name].read(file)) in (rows, rows + 1)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = 200 if name == "ics" else 2000
    peak(10)  # what is loaded at first
    assert peak(4 * few) < peak(few) + 200_000


def test_what_is_too_large_is_told_and_not_read():
    # The library takes seconds for a property of megabytes.
    text = "BEGIN:VTODO\nSUMMARY:a\nCATEGORIES:" + "a," * 200_000 + "\nEND:VTODO\n"
    [entry] = FORMATS["ics"].read(BytesIO(text.encode()))
    assert "characters" in entry.problem

    with pytest.raises(formats.Unreadable, match="names of columns"):
        list(FORMATS["csv"].read(BytesIO(b"," * 300 + b"title\na\n")))
