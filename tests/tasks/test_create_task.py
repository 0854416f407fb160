"""POST /api/{user_id}/tasks"""

import sys
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from taskapp.rest import fields
from tests.problems import assert_problem


def test_a_new_task_is_returned_and_can_be_read_at_its_location(alice):
    response = alice.post(alice.tasks_url, json={"title": "Buy milk", "description": "Two litres"})

    assert response.status_code == 201
    task = response.json
    assert task["user_id"] == alice.id
    assert task["title"] == "Buy milk"
    assert task["description"] == "Two litres"
    assert task["completed"] is False
    assert alice.get(response.headers["Location"]).json == task


def test_times_are_utc(alice):
    created = alice.has_task()["created_at"]

    assert created.endswith("Z")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(created)) < timedelta(minutes=1)


def test_unknown_and_read_only_fields_are_ignored(alice):
    body = {"title": "Mine", "id": 999_999_999, "user_id": "bob", "created_at": 7, "color": "red"}

    task = alice.post(alice.tasks_url, json=body).json

    assert task["user_id"] == alice.id
    assert task["id"] != 999_999_999
    assert "color" not in task


def test_a_title_is_trimmed(alice):
    assert alice.has_task("  Buy milk\n")["title"] == "Buy milk"


@pytest.mark.parametrize("title", ["x" * 255, "  " + "x" * 255 + "  ", "𝒳" * 255, "'; --", "a‮"])
def test_a_title_of_up_to_255_characters_is_accepted(alice, title):
    assert alice.has_task(title)["title"] == title.strip()


@pytest.mark.parametrize("title", ["", "   ", "x" * 256, None, 7, [], {}, "a\0b", "\ud800"])
def test_a_senseless_title_is_refused(alice, title):
    response = alice.post(alice.tasks_url, json={"title": title})

    problem = assert_problem(response, 422, names="title: ")
    assert list(problem["errors"]) == ["title"]


def test_a_missing_title_is_named(alice):
    response = alice.post(alice.tasks_url, json={"description": "no title"})

    assert_problem(response, 422, names="title: Missing data for required field.")


@pytest.mark.parametrize("description", ["x" * 10_001, 7, "\0", "a\udfffb"])
def test_a_senseless_description_is_refused(alice, description):
    response = alice.post(alice.tasks_url, json={"title": "t", "description": description})

    assert_problem(response, 422, names="description: ")


@pytest.mark.parametrize("completed", ["yes", 1, 0, None, "true", []])
def test_completed_is_true_or_false_only(alice, completed):
    response = alice.post(alice.tasks_url, json={"title": "t", "completed": completed})

    assert_problem(response, 422, names="completed: ")


@pytest.mark.parametrize("body", [[], "text", 7, None, True])
def test_a_body_that_is_no_object_is_refused(alice, body):
    assert_problem(alice.post(alice.tasks_url, json=body), 422)


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b'{"title": "x"} rest',
        b'{"title": "\xff"}',
        b'{"title": NaN}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"1" * 60_000,
    ],
)
def test_broken_json_is_a_400(alice, data):
    response = alice.post(alice.tasks_url, data=data, content_type="application/json")

    assert_problem(response, 400, names="JSON")


def test_a_byte_order_mark_before_the_json_is_nothing(alice):
    body = b"\xef\xbb\xbf" + b'{"title": "t"}'

    response = alice.post(alice.tasks_url, data=body, content_type="application/json")

    assert response.json["title"] == "t"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_that_is_not_json_is_a_415(alice, content_type):
    response = alice.post(alice.tasks_url, data="title=x", content_type=content_type)

    assert_problem(response, 415, names="application/json")


def test_a_large_body_is_a_413(alice):
    response = alice.post(alice.tasks_url, json={"title": "t", "description": "x" * 70_000})

    assert_problem(response, 413)


def test_a_failed_request_leaves_nothing(alice):
    alice.post(alice.tasks_url, json={"title": ""})

    assert alice.get(alice.tasks_url).json == []


INVISIBLE = [
    "\u200b",
    "\u2060",
    "\ufeff",
    "\u3164",
    "\u2800",
    "\u00ad",
    "\u034f",
    "\u115f",
    "\u180e",
    "\u200d",
    "\u202e",
    "\ufe0f",
    "\uffa0",
    "\x7f",
    "\x1b",
    "\x85",
    "\u2028",
    "\u00a0",
    "\u3000",
    "\U000e0020",
    "\U000e0100",
    "\U0001d173",
    "\U0001d159",
    " \u200b\n\u3164 ",
]


@pytest.mark.parametrize("text", INVISIBLE)
def test_what_nobody_would_see_is_no_text(alice, text):
    assert_problem(alice.post(alice.tasks_url, json={"title": text * 3}), 422, names="title")
    tags = {"title": "t", "tags": ["a", text]}
    assert_problem(alice.post(alice.tasks_url, json=tags), 422, names="tag")
    task = alice.has_task("t", category=text, priority=text)
    assert (task["category"], task["priority"]) == (None, "medium")
    assert_problem(alice.put(task["url"], json={"title": text}), 422, names="title")


@pytest.mark.parametrize(
    "title",
    [
        "\U0001f469\u200d\U0001f467",
        "\u2764\ufe0f",
        "1\ufe0f\u20e3",
        "\U0001f1e9\U0001f1ea",
        "a\u200b",
        "\u200bא",
        "\u0301",
        "\uf8ff",
        "\U0001fae9",
        "नमस्\u200dते",
    ],
)
def test_what_somebody_sees_is_stored_as_it_came(alice, title):
    assert alice.has_task(title)["title"] == title


def test_whatever_unicode_calls_invisible_is_no_text():
    kinds = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    visible = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in kinds and fields.trimmed(chr(code))
    ]

    assert visible == []
