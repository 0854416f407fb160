"""Other names for fields in bodies: camelCase, is_completed, username."""

import json

import pytest

from taskapp import create_app
from taskapp.dialects import names
from tests.accounts.people import PASSWORD, new_email, post, register
from tests.conftest import Person
from tests.problems import assert_problem
from tests.tasks.fields import examples


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("due_date", "dueDate"), ("is_completed", "isCompleted"), ("id", "id"), ("_id", "_id")],
)
def test_a_name_in_camel_case(ours, theirs):
    assert names.camel(ours) == theirs


def test_every_field_that_can_be_written_is_known_in_camel_case(alice):
    sent = examples()

    task = alice.post(alice.tasks_url, json={names.camel(name): sent[name] for name in sent}).json

    assert {name: task[name] for name in sent} == sent


@pytest.mark.parametrize("name", ["is_completed", "isCompleted", "is_done", "isDone", "done"])
def test_completed_has_other_names_wherever_it_is_sent(alice, name):
    task = alice.post(alice.tasks_url, json={"title": "t", name: True}).json
    url = f"{alice.tasks_url}/{task['id']}"

    assert task["completed"] is True
    assert alice.patch(f"{url}/complete", json={name: True}).json["completed"] is True
    assert alice.put(url, json={name: False}).json["completed"] is False
    assert alice.patch(f"{url}/complete", json={name: False}).json["completed"] is False
    assert alice.patch(url, json={name: True}).json["completed"] is True
    merged = {"data": json.dumps({name: False}), "content_type": "application/merge-patch+json"}
    assert alice.patch(url, **merged).json["completed"] is False


@pytest.mark.parametrize("completed", [True, False])
def test_of_two_names_that_differ_the_other_one_was_changed(alice, completed):
    task = alice.has_task(completed=completed, due_date="2026-12-24")
    whole = {**task, "isCompleted": not completed, "dueDate": "2026-12-31"}

    changed = alice.put(task["url"], json=whole).json

    assert changed["completed"] is not completed
    assert changed["due_date"] == "2026-12-31"


def test_of_two_other_names_the_one_that_differs_counts():
    for sent in (
        {"completed": False, "is_completed": True, "isCompleted": False},
        {"completed": False, "is_completed": False, "isCompleted": True},
    ):
        assert names.in_our_words(sent, ["completed"])[0] == {"completed": True}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"isCompleted": "yes"}, "isCompleted"),
        ({"is_completed": None}, "is_completed"),
        ({"completed": False, "done": 1}, "done"),
        ({"dueDate": "tomorrow"}, "dueDate"),
        ({"due_date": "tomorrow"}, "due_date"),
    ],
)
def test_what_comes_by_another_name_is_checked_alike_and_called_as_it_was(alice, body, said):
    task = alice.has_task()

    problem = assert_problem(alice.put(task["url"], json=body), 422, names=f"{said}: ")

    assert problem["errors"].keys() == {said}


def test_no_name_sets_what_only_the_service_writes(environ, app, alice):
    more = "owner:user_id,nr:id,at:completed_at,rev:revision"
    named = create_app(environ | {"FIELD_ALIASES": more})
    alice.client = named.test_client()
    task = alice.has_task()
    theirs = {"userId": "bob", "owner": "bob", "nr": 1, "at": "x", "rev": 1, "deletedAt": "x",
              "completedAt": "2020-01-01T00:00:00Z", "createdAt": "x", "purgedAt": "x",
              "foldedTitle": "x", "dueAt": "x"}  # fmt: skip

    changed = alice.put(task["url"], json=theirs).json

    kept = task.keys() - {"url", "updated_at", "revision", "rev"}
    assert {name: changed[name] for name in kept} == {name: task[name] for name in kept}


def test_thousands_of_keys_by_two_names_are_no_trouble(alice):
    body = {f"isCompleted{number}": 1 for number in range(3000)} | {"isCompleted": True}

    response = alice.post(alice.tasks_url, json={"title": "t", **body})

    assert response.json["completed"] is True


def test_an_alias_that_is_set_is_taken_in_bodies_too(environ, app, alice):
    named = create_app(environ | {"FIELD_ALIASES": "finished:completed, text:title"})
    alice = Person(alice.id, named.test_client(), alice.token)

    task = alice.post(alice.tasks_url, json={"text": "Buy milk"}).json

    assert task["text"] == task["title"] == "Buy milk"
    whole = {**task, "finished": True}
    assert alice.put(f"/api/tasks/{task['id']}", json=whole).json["completed"] is True
    assert_problem(alice.post(alice.tasks_url, json={"text": ""}), 422, names="text: ")


def test_username_is_the_email_unless_that_is_sent_too(app):
    alice = register(app, username="Alice the Great")
    email = new_email()

    assert alice.tokens["user"]["email"] == alice.email
    by_username = {"username": email, "password": PASSWORD}
    assert post(app, "register", by_username).json["user"]["email"] == email
    assert post(app, "login", by_username).status_code == 200
    assert_problem(post(app, "register", by_username | {"username": "alice"}), 422, names="userna")


def test_a_refresh_token_may_be_called_in_camel_case(app):
    alice = register(app)

    response = post(app, "refresh", {"refreshToken": alice.tokens["refresh_token"]})

    assert response.status_code == 200
