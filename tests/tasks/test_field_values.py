"""Priority, due date, tags, category and when it was completed: what goes in, what comes out."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from taskapp.database import db
from taskapp.tasks import due_dates
from tests.chance import some
from tests.problems import assert_problem

DUE = [
    "2026-02-01",
    "2024-02-29",
    "0001-01-01",
    "9999-12-31",
    "2026-02-01T09:00",
    "2026-02-01T09:00:30",
    "2026-02-01T09:00:30.5",
    "2026-02-01T09:00:00.000Z",
    "2026-02-01T09:00:00+05:30",
    "2026-02-01T00:30:00-08:00",
    "2026-03-29T02:30",
]
NO_DATE = [
    "2026-02-30",
    "2025-02-29",
    "2026-13-01",
    "2026-00-10",
    "10000-01-01",
    "0000-01-01",
    "26-02-01",
    "2026-2-1",
    "20260201",
    "2026-W05-1",
    "2026-02-01T24:00",
    "2026-02-01T09",
    "2026-02-01T09:60",
    "2016-12-31T23:59:60Z",
    "2026-02-01T09:00+25:00",
    "0001-01-01T00:00+01:00",
    "9999-12-31T23:59-01:00",
    "２０２６-02-01",
    "tomorrow",
    "2026-02-01\0",
    1767225600,
    True,
    ["2026-02-01"],
    {"date": "2026-02-01"},
]


def test_what_is_not_sent_has_a_default(alice):
    task = alice.has_task()

    assert task["priority"] == "medium"
    assert task["due_date"] is task["category"] is task["completed_at"] is None
    assert task["tags"] == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("low", "low"),
        ("High", "high"),
        ("  URGENT ", "urgent"),
        ("none", "none"),
        ("wichtig", "wichtig"),
        ("ÜBERFÄLLIG", "überfällig"),
        ("x" * 20, "x" * 20),
        (None, "medium"),
        ("", "medium"),
    ],
)
def test_a_priority_is_a_short_word_in_small_letters(alice, sent, kept):
    assert alice.has_task(priority=sent)["priority"] == kept
    task = alice.has_task(priority="low")
    assert alice.put(task["url"], json={"priority": sent}).json["priority"] == kept


@pytest.mark.parametrize("priority", ["x" * 21, "very high", "p1", "a\0b", 1, True, ["high"], {}])
def test_any_other_priority_is_refused(alice, priority):
    refused_everywhere(alice, "priority", priority)


@pytest.mark.parametrize("due_date", DUE)
def test_a_due_date_comes_back_as_it_was_sent_however_often(alice, due_date):
    task = alice.has_task(due_date=due_date)
    assert task["due_date"] == due_date
    for _ in range(5):
        task = {**alice.put(task["url"], json=task).json, "url": task["url"]}

    assert task["due_date"] == due_date
    assert alice.get(task["url"]).json["due_date"] == due_date
    assert alice.get(alice.tasks_url).json[0]["due_date"] == due_date


@pytest.mark.parametrize("due_date", [None, "", "  "])
def test_no_due_date_is_none(alice, due_date):
    task = alice.has_task(due_date="2026-02-01")

    assert alice.put(task["url"], json={"due_date": due_date}).json["due_date"] is None


@pytest.mark.parametrize("due_date", NO_DATE, ids=str)
def test_a_date_that_does_not_exist_is_refused(alice, due_date):
    refused_everywhere(alice, "due_date", due_date)


@given(
    st.datetimes(timezones=st.none() | st.timezones()), st.integers(0, 6), st.sampled_from("T t")
)
@settings(max_examples=some(200))
def test_every_date_and_time_is_one_moment_and_keeps_its_form(when, digits, letter):
    text = when.isoformat(timespec="microseconds" if digits == 6 else "seconds")
    if len(text) > 26 and text[-9] in "+-":  # an offset with seconds is no RFC 3339
        return
    try:
        expected = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:
        return
    if digits != 6:
        expected = expected.replace(microsecond=0)

    written = due_dates.normal(text.replace("T", letter))

    assert written == text
    assert due_dates.moment(written) == expected


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["home", "errands"], ["home", "errands"]),
        ([" home ", "Home", "HOME", "work"], ["home", "work"]),
        (["Straße", "STRASSE", "ü", "Ü"], ["Straße", "ü"]),
        ("home, errands,,home", ["home", "errands"]),
        ("", []),
        ([], []),
        (None, []),
        ([f"tag {n}" for n in range(20)], [f"tag {n}" for n in range(20)]),
        (["x" * 50, "a,b", '"', "{}", "null"], ["x" * 50, "a,b", '"', "{}", "null"]),
        (["same"] * 30, ["same"]),
    ],
)
def test_tags_are_short_texts_each_once(alice, sent, kept):
    assert alice.has_task(tags=sent)["tags"] == kept
    task = alice.has_task(tags=["other"])
    assert alice.patch(task["url"], json={"tags": sent}).json["tags"] == kept
    assert alice.get(task["url"]).json["tags"] == kept


@pytest.mark.parametrize(
    "tags",
    [
        [f"tag {n}" for n in range(21)],
        ["x" * 51],
        [""],
        ["  "],
        [["nested"]],
        [7],
        [None],
        ["a\0b"],
        ["\ud800"],
        {"home": True},
        7,
        True,
        "home," + "x" * 51,
    ],
    ids=repr,
)
def test_any_other_tags_are_refused(alice, tags):
    refused_everywhere(alice, "tags", tags)


@pytest.mark.parametrize(
    ("sent", "kept"), [("Shopping", "Shopping"), (" a b ", "a b"), ("", None), (None, None)]
)
def test_a_category_is_a_text_or_none(alice, sent, kept):
    assert alice.has_task(category=sent)["category"] == kept
    task = alice.has_task(category="other")
    assert alice.put(task["url"], json={"category": sent}).json["category"] == kept


@pytest.mark.parametrize("category", ["x" * 51, 7, ["a"], "a\0b"])
def test_any_other_category_is_refused(alice, category):
    refused_everywhere(alice, "category", category)


def refused_everywhere(alice, name, value):
    task = alice.has_task()
    body = {"title": "t", name: value}
    for answer in (
        alice.post(alice.tasks_url, json=body),
        alice.put(task["url"], json=body),
        alice.patch(task["url"], json=body),
    ):
        problem = assert_problem(answer, 422, names=f"{name}: ")
        assert problem["errors"].keys() == {name}
    assert alice.get(alice.tasks_url).json == [alice.get(task["url"]).json]
    assert alice.get(task["url"]).json["revision"] == task["revision"]


def test_completed_at_is_set_and_cleared_with_completed(alice):
    def is_now(text):
        return abs(datetime.now(UTC) - datetime.fromisoformat(text)) < timedelta(minutes=1)

    task = alice.has_task(completed=True, completed_at="2001-01-01T00:00:00Z")
    assert is_now(task["completed_at"])
    url = task["url"]

    assert alice.put(url, json={"title": "u"}).json["completed_at"] == task["completed_at"]
    again = alice.put(url, json={"completed": True}).json
    assert again["completed_at"] == task["completed_at"]
    assert alice.put(url, json={"completed": False}).json["completed_at"] is None
    assert is_now(alice.patch(f"{url}/complete").json["completed_at"])
    assert alice.patch(f"{url}/complete").json["completed_at"] is None
    set_ = alice.patch(f"{url}/complete", json={"completed": True}).json
    assert set_["completed_at"] == set_["updated_at"]
    assert alice.patch(url, json={"completed_at": None}).json["completed_at"] is not None


def test_a_long_description_is_kept(alice):
    assert len(alice.has_task(description="ü" * 10_000)["description"]) == 10_000


def test_what_follows_from_the_text_goes_with_it(app, alice):
    """The folded copies that search looks at are not left behind."""
    task = alice.has_task("Müller", description="Straße", category="Bäder", tags=["Übung"])
    alice.put(task["url"], json={"title": "a", "description": None, "category": "", "tags": []})

    with app.app_context(), db.engine.connect() as connection:
        row = connection.execute(
            sa.text("SELECT * FROM tasks WHERE id = :id"), {"id": task["id"]}
        ).one()
    assert not [text for text in ("muller", "strasse", "bader", "ubung") if text in str(row)]
    assert row.folded_tags == ""
