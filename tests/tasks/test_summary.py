"""GET /api/{user_id}/tasks/summary"""

import random
from collections import Counter
from datetime import date

import pytest

from taskapp.tasks.folding import fold
from tests.problems import assert_problem
from tests.programs.people import program


def summary(person, **query):
    query = {"today": "2026-02-01", **query}
    answer = person.get(f"{person.tasks_url}/summary", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_tasks_are_counted_by_what_they_are(alice, bob):
    bob.has_task(category="Home")
    alice.has_task(priority="high", category="Home", tags=["a", "b"])
    alice.has_task(priority="low", category="home", tags=["B"])
    alice.has_task(priority="urgent", completed=True, category="HOME", tags=["b"])
    alice.has_task(priority="someday")
    alice.delete(alice.has_task(category="Home", tags=["a"])["url"])

    assert summary(alice) == {
        "today": "2026-02-01",
        "time_zone": "UTC",
        "total": 4,
        "status": {"pending": 3, "completed": 1},
        "overdue": 0,
        "due_today": 0,
        "priority": [
            {"value": "urgent", "count": 1, "pending": 0},
            {"value": "high", "count": 1, "pending": 1},
            {"value": "someday", "count": 1, "pending": 1},
            {"value": "low", "count": 1, "pending": 1},
        ],
        "category": [{"value": "HOME", "count": 3, "pending": 2}],
        "tags": [
            {"value": "b", "count": 3, "pending": 2},
            {"value": "a", "count": 1, "pending": 1},
        ],
    }


def test_nobody_about_whom_nothing_is_stored_has_no_tasks(alice):
    found = summary(alice)

    assert (found["total"], found["overdue"], found["due_today"]) == (0, 0, 0)
    assert found["priority"] == found["category"] == found["tags"] == []


@pytest.mark.parametrize(
    ("due_date", "zone", "overdue", "due_today"),
    [
        ("2026-01-31", "UTC", 1, 0),
        ("2026-02-01", "UTC", 0, 1),
        ("2026-02-02", "UTC", 0, 0),
        ("2026-02-01", "Pacific/Kiritimati", 0, 1),
        ("2026-01-31", "Pacific/Pago_Pago", 1, 0),
        ("2026-01-31T23:59", "Pacific/Kiritimati", 1, 0),
        ("2026-02-01T00:00", "America/New_York", 0, 1),
        ("2026-02-01T23:59:59.5", "America/New_York", 0, 1),
        ("2026-02-01T00:00:00Z", "UTC", 0, 1),
        ("2026-01-31T23:59:59Z", "UTC", 1, 0),
        ("2026-02-01T00:00:00Z", "America/New_York", 1, 0),
        ("2026-02-02T04:59:59Z", "America/New_York", 0, 1),
        ("2026-02-02T05:00:00Z", "America/New_York", 0, 0),
        ("2026-02-01T00:30:00+05:30", "Europe/Berlin", 1, 0),
        ("2026-01-31T23:30:00-05:00", "Europe/Berlin", 0, 1),
    ],
)
def test_what_is_due_is_so_in_the_time_zone_that_is_asked_for(
    alice, due_date, zone, overdue, due_today
):
    alice.has_task(due_date=due_date)
    alice.has_task(due_date=due_date, completed=True)

    found = summary(alice, time_zone=zone)

    assert (found["overdue"], found["due_today"]) == (overdue, due_today)


def test_a_time_in_the_zone_of_its_task_is_a_moment(alice):
    alice.has_task(due_date="2026-02-01T01:00", time_zone="Europe/Berlin")

    assert summary(alice, time_zone="Europe/Berlin")["due_today"] == 1
    assert summary(alice, time_zone="America/New_York")["overdue"] == 1


def test_many_tasks_are_counted_as_one_would_by_hand(alice):
    chance = random.Random(7)  # noqa: S311
    categories = ["Home", "HOME", "Bücher", "bucher", None]
    tasks = []
    for number in range(60):
        fields = {
            "completed": chance.random() < 0.5,
            "priority": chance.choice(["low", "high", "none"]),
            "category": chance.choice(categories),
            "tags": chance.sample(["a", "é", "x y"], chance.randint(0, 3)),
            "due_date": chance.choice([None, "2026-01-31", "2026-02-01", "2026-02-02T09:00"]),
        }
        tasks.append(alice.has_task(str(number), **fields))

    found = summary(alice)

    def counted(values):
        return Counter(fold(value) for value in values if value is not None)

    def told(name):
        return {fold(each["value"]): each["count"] for each in found[name]}

    assert told("priority") == counted(task["priority"] for task in tasks)
    assert told("category") == counted(task["category"] for task in tasks)
    assert told("tags") == counted(tag for task in tasks for tag in task["tags"])
    pending = [task for task in tasks if not task["completed"]]
    assert found["status"] == {"pending": len(pending), "completed": 60 - len(pending)}
    assert found["overdue"] == sum(task["due_date"] == "2026-01-31" for task in pending)
    assert found["due_today"] == sum(task["due_date"] == "2026-02-01" for task in pending)
    for name in ("priority", "category", "tags"):
        for each in found[name]:
            assert 0 <= each["pending"] <= each["count"]


def test_a_summary_that_has_not_changed_is_a_304_where_the_day_is_given(alice):
    alice.has_task()
    url = f"{alice.tasks_url}/summary"
    etag = alice.get(f"{url}?today=2026-02-01").headers["ETag"]
    headers = {"If-None-Match": etag}

    assert alice.get(f"{url}?today=2026-02-01", headers=headers).status_code == 304
    by_the_clock = alice.get(url, headers=headers)
    assert by_the_clock.status_code == 200
    assert "ETag" not in by_the_clock.headers
    assert by_the_clock.headers["Cache-Control"] == "no-store"
    assert date.fromisoformat(by_the_clock.json["today"])
    alice.has_task()
    assert alice.get(f"{url}?today=2026-02-01", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("today=2026-02-30", "today"),
        ("today=2026-2-1", "today"),
        ("today=20260201", "today"),
        ("today=0001-01-01", "today"),
        ("today=9999-12-31", "today"),
        ("today=2026-02-01T09:00", "today"),
        ("time_zone=Europe", "time_zone"),
        ("time_zone=../../etc/passwd", "time_zone"),
        ("time_zone=Berlin", "time_zone"),
    ],
)
def test_what_makes_no_sense_is_refused(alice, query, name):
    assert_problem(alice.get(f"{alice.tasks_url}/summary?{query}"), 422, names=name)


@pytest.mark.parametrize("day", ["0001-01-02", "9999-12-29"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_first_and_the_last_days_are_days(alice, day, zone):
    alice.has_task(due_date="2026-02-01")

    assert summary(alice, today=day, time_zone=zone)["overdue"] == (day > "2026")


def test_the_short_form_and_programs_are_answered_too(alice, bob, stranger):
    alice.has_task()

    answer = alice.get("/api/tasks/summary?today=2026-02-01")
    assert answer.json == summary(program(alice, "tasks:read"))
    assert_problem(bob.get(f"{alice.tasks_url}/summary"), 403)
    assert_problem(stranger.get(f"{alice.tasks_url}/summary"), 401)
