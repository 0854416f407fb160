"""What a calendar says of tasks (RFC 5545), read by the library that has not written the test."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from taskapp.feeds import calendar
from taskapp.tasks import calendar as tasks_calendar
from tests.feeds.calendars import by_title, make, parts

MOMENT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def task(**fields):
    usual = {
        "id": 7,
        "user_id": "alice",
        "title": "Buy milk",
        "description": None,
        "completed": False,
        "completed_at": None,
        "priority": "medium",
        "due_date": "2026-02-01",
        "tags": [],
        "category": None,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "recurrence": None,
        "recurrence_from": None,
        "time_zone": None,
        "occurrence": None,
        "anchor": None,
        "position": None,
    }
    return SimpleNamespace(**usual | fields)


def event(**fields):
    (found,) = icalendar.Calendar.from_ical(calendar.events([task(**fields)])).walk("VEVENT")
    return found


def test_a_day_ends_with_the_next(alice, stranger):
    alice.has_task(due_date="2026-02-28", description="Two\nlitres", category="Home", tags=["a,b"])

    (found,) = parts(stranger.get(make(alice)["url"]))

    assert found["DTSTART"].to_ical() == b"20260228"
    assert found["DTSTART"].params["VALUE"] == "DATE"
    assert found["DTEND"].dt == date(2026, 3, 1)
    assert found["DESCRIPTION"] == "Two\nlitres"
    assert [str(each) for each in found["CATEGORIES"].cats] == ["Home", "a,b"]
    assert (found["STATUS"], found["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_are_days(day):
    found = event(due_date=day)

    assert found["DTSTART"].dt == date.fromisoformat(day)
    assert ("DTEND" in found) == (day < "9999")


@pytest.mark.parametrize(
    ("due_date", "time_zone", "written"),
    [
        ("2026-02-01T09:00:00Z", None, b"DTSTART:20260201T090000Z"),
        ("2026-02-01T09:00:00.123456789+01:00", None, b"DTSTART:20260201T080000Z"),
        ("2026-02-01T09:00", None, b"DTSTART:20260201T090000\r"),
        ("2026-02-01T09:00", "Europe/Berlin", b"DTSTART;TZID=Europe/Berlin:20260201T090000\r"),
        ("2026-02-01T09:00:00Z", "Europe/Berlin", b"DTSTART;TZID=Europe/Berlin:20260201T100000\r"),
        ("2026-02-01", "Europe/Berlin", b"DTSTART;VALUE=DATE:20260201\r"),
    ],
)
def test_a_time_has_the_zone_that_it_was_given(due_date, time_zone, written):
    whole = calendar.events([task(due_date=due_date, time_zone=time_zone)])

    assert written in whole
    assert (b"BEGIN:VTIMEZONE" in whole) == (b"TZID=" in written)


@pytest.mark.parametrize(
    ("rule", "due_date", "time_zone", "written"),
    [
        ("daily", "2026-02-01", None, "FREQ=DAILY"),
        ("rrule:freq=weekly;byday=mo,th", "2026-02-02", None, "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("FREQ=DAILY;COUNT=5", "2026-02-01", None, "FREQ=DAILY;COUNT=4"),
        ("FREQ=DAILY;BYHOUR=9", "2026-02-01", None, "FREQ=DAILY"),
        ("FREQ=DAILY;BYHOUR=9,17", "2026-02-01T09:00", None, "FREQ=DAILY;BYHOUR=9,17"),
        ("FREQ=DAILY;UNTIL=20260301T120000Z", "2026-02-01", None, "FREQ=DAILY;UNTIL=20260301"),
        ("FREQ=DAILY;UNTIL=20260301", "2026-02-01T09:00", None, "FREQ=DAILY;UNTIL=20260301T235959"),
        (
            "FREQ=DAILY;UNTIL=20260301",
            "2026-02-01T09:00",
            "Europe/Berlin",
            "FREQ=DAILY;UNTIL=20260301T225959Z",
        ),
    ],
)
def test_a_task_that_comes_again_has_its_rule(rule, due_date, time_zone, written):
    found = event(
        recurrence=rule,
        recurrence_from="due",
        occurrence=7,
        position=2,
        due_date=due_date,
        time_zone=time_zone,
    )

    assert (
        found["RRULE"].to_ical().decode() == icalendar.vRecur.from_ical(written).to_ical().decode()
    )


@pytest.mark.parametrize(
    ("due_date", "zone"),
    [
        ("0001-01-01T00:00:00Z", "America/New_York"),
        ("9999-12-31T23:59:59Z", "Pacific/Kiritimati"),
        ("9999-12-31T10:00", "Pacific/Kiritimati"),
    ],
)
def test_the_ends_of_the_calendar_are_no_trouble(due_date, zone):
    rule = {"recurrence": "FREQ=YEARLY;UNTIL=99991231", "recurrence_from": "due"}

    found = event(due_date=due_date, time_zone=zone, **rule)

    assert found["DTSTART"].dt.year == int(due_date[:4])
    assert event(due_date="9999-12-01T10:00", time_zone="America/New_York", **rule)["RRULE"]


def test_a_calendar_says_what_it_is_called_and_how_often_to_ask():
    lines = calendar.events([]).decode().split("\r\n")

    assert {"NAME:Tasks", "X-WR-CALNAME:Tasks", "X-PUBLISHED-TTL:PT1H"} <= {*lines}
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines


MANY = 9  # dates, more than are looked at


def shown(answer):
    """Return when the event that is not over is shown, by another library than the writer's."""
    (event,) = (each for each in parts(answer) if each["STATUS"] == "CONFIRMED")
    start = event["DTSTART"].dt
    first = datetime(start.year, start.month, start.day)
    days = rrulestr(event["RRULE"].to_ical().decode(), dtstart=first)
    return [f"{each:%Y-%m-%d}" for each in islice(days, MANY)]


@pytest.mark.parametrize(
    ("due_date", "recurrence"),
    [
        ("2031-01-30", "FREQ=MONTHLY;INTERVAL=2;COUNT=6"),
        ("2031-01-31", "monthly"),
        ("2031-03-31", "FREQ=MONTHLY;BYMONTH=2,3,4"),
        ("2031-01-31", "yearly"),
        ("2032-02-29", "yearly"),
        ("2031-01-15", "FREQ=DAILY;COUNT=7"),
        ("2031-01-31", "FREQ=MONTHLY;BYMONTHDAY=31"),
    ],
)
def test_a_calendar_shows_the_days_on_which_it_comes_again(alice, stranger, due_date, recurrence):
    feed = make(alice)["url"]
    task = alice.has_task(due_date="2031-01-01", recurrence="FREQ=DAILY;COUNT=2")
    completed = alice.patch(f"{task['url']}/complete").json
    changed = {"title": "here", "due_date": due_date, "recurrence": recurrence}
    task = alice.put(f"{alice.tasks_url}/{completed['next_task_id']}", json=changed).json

    told, due, ended = [], [], False
    while not ended and len(due) < MANY - 1:
        told.append(shown(stranger.get(feed)))
        due.append(task["due_date"])
        done = alice.patch(f"{alice.tasks_url}/{task['id']}/complete").json
        ended = done["next_task_id"] is None
        task = alice.get(f"{alice.tasks_url}/{done['next_task_id']}").json
    for number, days in enumerate(told):
        to_come = due[number:]
        assert (days if ended else days[: len(to_come)]) == to_come


def test_each_change_of_the_clocks_has_a_line_of_its_own():
    """Of several in one ical.js reads the first."""
    whole = calendar.events([task(due_date="2026-07-01T09:00", time_zone="Europe/Berlin")])
    changes = [line for line in whole.decode().split("\r\n") if line.startswith("RDATE")]

    assert "RDATE:20260329T030000" in changes
    assert not any("," in line for line in changes)


def test_what_comes_again_after_it_is_done_has_no_rule_yet(alice, stranger):
    rule = {"recurrence": "FREQ=WEEKLY", "due_date": "2026-02-01"}
    alice.has_task("After it is done", **rule, recurrence_from="completion")
    done = alice.has_task("Done", **rule)
    alice.patch(f"{done['url']}/complete")
    alice.has_task("Weekly", **rule)

    events = parts(stranger.get(make(alice)["url"]))

    ruled = {(str(each["SUMMARY"]), str(each["STATUS"])) for each in events if "RRULE" in each}
    assert ruled == {("Weekly", "CONFIRMED"), ("Done", "CONFIRMED")}  # the next one of the series
    assert "CANCELLED" in {str(each["STATUS"]) for each in events}


def test_a_completed_task_has_a_status(alice, stranger):
    done = alice.has_task("Done", due_date="2026-02-01", priority="urgent")
    alice.patch(f"{done['url']}/complete")
    alice.has_task("Open", due_date="2026-02-01T09:00:00Z", priority="none")
    url = make(alice)["url"]

    events, todos = by_title(stranger.get(url)), by_title(stranger.get(f"{url}?as=todos"), "VTODO")

    assert {name: str(each["STATUS"]) for name, each in events.items()} == {
        "Done": "CANCELLED",
        "Open": "CONFIRMED",
    }
    assert (todos["Done"]["STATUS"], todos["Done"]["PERCENT-COMPLETE"]) == ("COMPLETED", 100)
    assert todos["Done"]["COMPLETED"].dt.tzinfo is not None
    assert todos["Open"]["STATUS"] == "NEEDS-ACTION"
    assert todos["Open"]["DUE"].dt == datetime(2026, 2, 1, 9, tzinfo=ZoneInfo("UTC"))
    assert (todos["Done"]["PRIORITY"], todos["Open"]["PRIORITY"]) == (1, 0)


def test_a_task_keeps_its_uid_whatever_changes(alice, bob, stranger):
    here = alice.has_task(due_date="2026-02-01")
    bob.has_task(due_date="2026-02-01")
    url = make(alice)["url"]
    before = by_title(stranger.get(url))["Buy milk"]["UID"]
    theirs = by_title(stranger.get(make(bob)["url"]))["Buy milk"]["UID"]

    alice.put(here["url"], json={"title": "Buy oats", "due_date": "2026-03-01"})

    assert by_title(stranger.get(url))["Buy oats"]["UID"] == before != theirs


def test_lines_are_short_and_end_as_they_should(alice, stranger):
    alice.has_task("ü" * 255, due_date="2026-02-01", description="😀 a\r\nb;c,d\\e " * 300)

    body = stranger.get(make(alice)["url"]).data

    assert body.endswith(b"END:VCALENDAR\r\n")
    lines = body.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()  # no character is cut in two


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(deadline=None)
@given(text, text)
def test_any_text_is_read_as_it_was_but_for_what_a_calendar_can_not_have(title, description):
    found = event(title=title, description=description)

    assert str(found["SUMMARY"]) == tasks_calendar._text(title)
    assert str(found.get("DESCRIPTION", "")) == tasks_calendar._text(description)


@settings(deadline=None)
@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)))
def test_any_day_and_any_moment_is_read_as_it_was(time):
    assert event(due_date=time.date().isoformat())["DTSTART"].dt == time.date()
    moment = event(due_date=time.replace(microsecond=0).isoformat() + "Z")["DTSTART"].dt
    assert moment == time.replace(microsecond=0, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)


def test_a_calendar_has_a_thousand_tasks_at_most(app, alice, stranger):
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(1001)]
    for first in range(0, len(days), 500):
        operations = [
            {"op": "create", "fields": {"title": str(day), "due_date": str(day)}}
            for day in days[first : first + 500]
        ]
        url = f"{alice.tasks_url}/batch"
        assert alice.post(url, json={"operations": operations}).status_code == 200

    titles = {str(each["SUMMARY"]) for each in parts(stranger.get(make(alice)["url"]))}

    assert titles == {str(day) for day in days[1:]}
