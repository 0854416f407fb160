"""`external_id`: what another program calls a task; no two of a user have the same."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Person
from tests.problems import assert_problem

NAME = "calendar:4711"


def refused(answer):
    assert_problem(answer, 409, names="external_id")
    assert list(answer.json["errors"]) == ["external_id"]


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_task_has_none_unless_one_is_sent(alice, nothing):
    assert alice.has_task()["external_id"] is None
    task = alice.has_task(external_id=NAME)
    assert task["external_id"] == NAME

    assert alice.patch(task["url"], json={"external_id": nothing}).json["external_id"] is None
    assert alice.has_task(external_id=NAME)["external_id"] == NAME


def test_it_has_at_most_255_characters(alice):
    assert alice.has_task(external_id="x" * 255)["external_id"] == "x" * 255
    answer = alice.post(alice.tasks_url, json={"title": "t", "external_id": "x" * 256})

    assert_problem(answer, 422, names="external_id")


def test_a_second_task_with_the_same_is_refused_and_that_of_somebody_else_is_not(alice, bob):
    alice.has_task(external_id=NAME)
    other = alice.has_task()

    refused(alice.post(alice.tasks_url, json={"title": "t", "external_id": NAME}))
    for method in ("PUT", "PATCH"):
        refused(alice.open(other["url"], method, json={"title": "t", "external_id": NAME}))
    assert alice.get(other["url"]).json["title"] == other["title"]
    assert bob.has_task(external_id=NAME)["external_id"] == NAME


def test_a_task_may_be_sent_back_as_it_is(alice):
    task = alice.has_task(external_id=NAME)

    assert alice.put(task["url"], json={**task, "title": "New"}).json["external_id"] == NAME


def test_the_trash_keeps_it_and_a_deletion_for_good_frees_it(alice):
    task = alice.has_task(external_id=NAME)
    alice.delete(task["url"])
    refused(alice.post(alice.tasks_url, json={"title": "t", "external_id": NAME}))

    alice.delete(f"{task['url']}?permanent=true")
    assert alice.has_task(external_id=NAME)["external_id"] == NAME


def test_the_next_of_a_series_has_none(alice):
    task = alice.has_task(external_id=NAME, recurrence="daily", due_date="2026-02-01")
    done = alice.patch(f"{task['url']}/complete", json={"completed": True}).json

    assert done["external_id"] == NAME
    following = alice.get(f"{alice.tasks_url}/{done['next_task_id']}").json
    assert following["external_id"] is None


def batch(person, *operations, **more):
    body = {"operations": list(operations), **more}
    return person.post(f"{person.tasks_url}/batch", json=body)


def create(name):
    return {"op": "create", "fields": {"title": "t", "external_id": name}}


def test_in_a_batch_each_that_is_taken_has_its_problem_and_the_others_are_done(alice):
    there = alice.has_task(external_id="a")
    change = {"op": "update", "id": there["id"], "fields": {"external_id": "b"}}
    results = batch(alice, create("a"), create("b"), create("b"), create(None), change)
    results = results.json["results"]

    assert [each["status"] for each in results] == [409, 201, 409, 201, 409]
    assert all("external_id" in each["problem"]["errors"] for each in results[::2])
    assert len(alice.get(alice.tasks_url).json) == 3


def test_an_atomic_batch_does_nothing_then(alice):
    answer = batch(alice, create("a"), create("a"), atomic=True)

    refused(answer)
    assert answer.json["index"] == 1
    assert alice.get(alice.tasks_url).json == []


def test_of_many_that_are_sent_at_once_one_is_made(app, alice):
    body = {"title": "t", "external_id": NAME}

    def post(_):
        again = Person(alice.id, app.test_client(), alice.token)
        return again.post(again.tasks_url, json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(post, range(8))) == [201, *[409] * 7]
