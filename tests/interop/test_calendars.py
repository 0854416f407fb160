"""A feed is read by another library than the one that wrote it: ical.js, Thunderbird's."""

import json
import subprocess

import pytest

from taskapp.config import ROOT
from tests.feeds.calendars import make

TITLE = 'Milk; "oats", and\ttea \\n ü😀 ' * 8


def understood(calendar):
    command = ["node", ROOT / "tests/interop/calendar.mjs"]
    done = subprocess.run(command, input=calendar, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def tasks(alice):
    fields = {"description": "One\r\n two", "category": "Home, sweet", "tags": ["a;b"]}
    alice.has_task(TITLE, due_date="2026-02-28", **fields)
    alice.has_task("In Berlin", due_date="2026-07-01T09:00", time_zone="Europe/Berlin")
    rule = {"recurrence": "FREQ=WEEKLY;BYDAY=MO,TH", "time_zone": "Europe/Berlin"}
    alice.has_task("Weekly", due_date="2026-03-26T09:00", **rule)
    alice.has_task("Every day", due_date="2026-02-01", recurrence="FREQ=DAILY;UNTIL=20260202")
    alice.has_task("Month's end", due_date="2027-01-31", recurrence="monthly")
    alice.has_task("Leap day", due_date="2028-02-29", recurrence="yearly")
    done = alice.has_task("Done", due_date="2026-02-01T09:00:00Z")
    alice.patch(f"{done['url']}/complete")
    return make(alice)["url"]


def test_events_are_understood(tasks, stranger):
    read = understood(stranger.get(tasks).data)

    events = {event["summary"]: event for event in read["events"]}
    milk = events[TITLE.strip()]
    assert (milk["start"], milk["end"], milk["day"]) == ("2026-02-28", "2026-03-01", True)
    assert milk["description"] == "One\n two"
    assert milk["categories"] == ["Home, sweet", "a;b"]
    berlin = events["In Berlin"]
    assert (berlin["zone"], berlin["instant"]) == ("Europe/Berlin", "2026-07-01T07:00:00.000Z")
    assert events["Weekly"]["times"] == [
        "2026-03-26T09:00:00",
        "2026-03-30T09:00:00",
        "2026-04-02T09:00:00",
    ]
    assert events["Every day"]["times"] == ["2026-02-01", "2026-02-02"]
    assert events["Month's end"]["times"] == ["2027-01-31", "2027-02-28", "2027-03-31"]
    assert events["Leap day"]["times"] == ["2028-02-29", "2029-02-28", "2030-02-28"]
    assert events["Done"]["status"] == "CANCELLED"
    assert len({event["uid"] for event in read["events"]}) == 7


def test_todos_are_understood(tasks, stranger):
    read = understood(stranger.get(f"{tasks}?as=todos").data)

    todos = {todo["summary"]: todo for todo in read["todos"]}
    assert read["version"] == "2.0"
    assert todos["Done"]["status"] == "COMPLETED"
    assert todos["Done"]["completed"] is not None
    assert todos["Weekly"]["status"] == "NEEDS-ACTION"
