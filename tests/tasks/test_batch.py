"""Many operations in one request: `POST /api/{user_id}/tasks/batch`."""

import json
import secrets

import pytest

from taskapp import create_app
from taskapp.tasks.bulk import LARGEST_BATCH, MOST_OPERATIONS
from tests.conftest import Person
from tests.problems import assert_problem
from tests.tasks.fields import examples


def send(person, *operations, **more):
    headers = more.pop("headers", {})
    body = {"operations": list(operations), **more}
    return person.post(f"{person.tasks_url}/batch", json=body, headers=headers)


def results(person, *operations, **more):
    answer = send(person, *operations, **more)
    assert answer.status_code == 200, answer.text
    return answer.json["results"]


def create(title="t", **more):
    return {"op": "create", "fields": {"title": title}, **more}


def test_each_operation_does_what_a_single_request_does(alice):
    one, two, three, four = (alice.has_task(title) for title in ("1", "2", "3", "4"))
    alice.delete(four["url"])
    sent = examples()

    made, updated, completed, deleted, restored = results(
        alice,
        {"op": "create", "fields": sent},
        {"op": "update", "id": one["id"], "fields": {"title": "new"}},
        {"op": "complete", "id": two["id"]},
        {"op": "delete", "id": three["id"]},
        {"op": "restore", "id": four["id"]},
    )

    assert made["status"] == 201
    assert made["task"].items() >= {k: v for k, v in sent.items() if k != "title"}.items()
    assert [each["status"] for each in (updated, completed, deleted, restored)] == [200] * 4
    assert updated["task"]["title"] == "new"
    assert completed["task"]["completed"] is True
    assert deleted["task"]["deleted_at"]
    assert restored["task"]["deleted_at"] is None
    listed = alice.get(alice.tasks_url).json
    assert {task["id"] for task in listed} == {
        made["task"]["id"],
        *(each["id"] for each in (one, two, four)),
    }


def test_a_temp_id_of_digits_is_no_tasks_id(alice):
    other = alice.has_task("other")
    digits = str(other["id"])

    made, updated = results(
        alice,
        create("made", temp_id=digits),
        {"op": "update", "id": digits, "fields": {"title": "changed"}},
    )
    refused, deleted = results(
        alice, create("", temp_id=digits), {"op": "delete", "id": digits, "permanent": True}
    )

    assert updated["task"]["id"] == made["task"]["id"] != other["id"]
    assert (refused["status"], deleted["status"]) == (422, 404)
    assert alice.get(other["url"]).json["title"] == "other"


def test_the_members_of_an_operation_are_known_in_camel_case(alice):
    task = alice.has_task()

    made, updated, stale = results(
        alice,
        create(tempId="a"),
        {"op": "update", "id": "a", "fields": {"title": "changed"}},
        {"op": "update", "id": task["id"], "ifRevision": task["revision"] + 99, "fields": {}},
    )
    senseless = send(alice, {"op": "delete", "id": task["id"], "ifRevision": "x"})

    assert updated["task"]["id"] == made["task"]["id"]
    assert stale["status"] == 412
    assert_problem(senseless, 422, names="operations.0.ifRevision")


def test_what_is_no_operation_is_named_by_its_place(alice):
    refused = send(alice, create(), 5)

    assert_problem(refused, 422, names="operations.1: Invalid input type.")


def test_they_run_in_their_order_and_take_revisions_in_it(alice):
    before = alice.has_task()["revision"]

    done = results(
        alice,
        create("a", temp_id="a"),
        create("b", temp_id="b"),
        {"op": "update", "id": "a", "fields": {"title": "A"}},
        {"op": "complete", "id": "a"},
        create("c"),
        {"op": "complete", "id": "a", "fields": {"completed": False}},
        {"op": "delete", "id": "b"},
    )

    assert [each["task"]["revision"] - before for each in done] == [1, 2, 3, 4, 5, 6, 7]
    assert [task["title"] for task in alice.get(alice.tasks_url).json] == ["c", "A", "Buy milk"]


def test_temporary_ids_become_ids(alice):
    answer = send(alice, create("a", temp_id="first_one"), create("b", temp_id="b")).json

    made = [each["task"]["id"] for each in answer["results"]]
    assert answer["temp_ids"] == {"first_one": made[0], "b": made[1]}


def test_one_that_fails_leaves_the_others(alice, bob):
    mine, others = alice.has_task(), bob.has_task()

    done = results(
        alice,
        create(temp_id="a", title="") | {"fields": {"title": ""}},
        {"op": "update", "id": "a", "fields": {"title": "x"}},
        {"op": "update", "id": others["id"], "fields": {"title": "mine now"}},
        {"op": "update", "id": mine["id"], "if_revision": 1, "fields": {"title": "stale"}},
        {"op": "update", "id": mine["id"], "fields": {"dueDate": "2026-02-30"}},
        {"op": "delete", "id": 2**63},
        {"op": "restore", "id": "nobody"},
        create("last"),
    )

    assert [each["status"] for each in done] == [422, 404, 404, 412, 422, 404, 404, 201]
    for each in done[:-1]:
        assert each["problem"]["status"] == each["status"]
        assert each["problem"]["message"] == each["problem"]["detail"]
    assert list(done[0]["problem"]["errors"]) == ["title"]
    assert list(done[4]["problem"]["errors"]) == ["dueDate"]
    assert done[3]["problem"]["current"]["revision"] == mine["revision"]
    assert bob.get(others["url"]).json["title"] == others["title"]
    assert [task["title"] for task in alice.get(alice.tasks_url).json] == ["last", "Buy milk"]


def test_atomic_is_all_or_nothing(alice):
    task = alice.has_task()
    operations = [create("new"), {"op": "update", "id": task["id"], "fields": {"title": "x"}}]

    failed = send(alice, *operations, {"op": "delete", "id": 1}, atomic=True)

    problem = assert_problem(failed, 404)
    assert problem["index"] == 2
    (unchanged,) = alice.get(alice.tasks_url).json
    assert unchanged["revision"] == task["revision"]
    assert len(results(alice, *operations, atomic=True)) == 2


@pytest.mark.parametrize(
    ("operations", "place"),
    [
        ([create(), {"op": "explode"}], "operations.1.op"),
        ([create(), create(), {"fields": {}}], "operations.2.op"),
        ([create(temp_id="a"), create(temp_id="a")], "operations.1.temp_id"),
        ([create(), "no operation"], "operations.1"),
        ([create(), create() | {"fields": 7}], "operations.1.fields"),
        ([create()] * (MOST_OPERATIONS + 1), "operations.500"),
    ],
)
def test_what_is_no_batch_does_nothing(alice, operations, place):
    problem = assert_problem(send(alice, *operations), 422)

    assert [name.removesuffix("._schema") for name in problem["errors"]] == [place]
    assert problem["index"] == int(place.split(".")[1])
    assert alice.get(alice.tasks_url).json == []


def test_five_hundred_are_one_batch_of_a_megabyte(alice):
    title = "x" * 255
    operations = [create(title, temp_id=str(number)) for number in range(MOST_OPERATIONS)]
    for operation in operations:
        operation["fields"]["description"] = "y" * 1500
    body = json.dumps({"operations": operations})
    assert len(body) < LARGEST_BATCH

    done = results(alice, *operations)

    revisions = [each["task"]["revision"] for each in done]
    assert revisions == list(range(revisions[0], revisions[0] + MOST_OPERATIONS))
    too_large = [create(description := "z") | {"fields": {"title": description, "x": "y" * 3000}}]
    assert_problem(send(alice, *(too_large * MOST_OPERATIONS)), 413)
    assert_problem(alice.post(alice.tasks_url, json={"title": "t", "x": "y" * 200_000}), 413)


def test_a_retry_with_its_key_gets_the_first_answer(alice):
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first, again = (send(alice, create(), create(), headers=key) for _ in range(2))

    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(alice.get(alice.tasks_url).json) == 2


def test_nothing_to_do_is_done(alice):
    assert send(alice).json == {"results": [], "temp_ids": {}}


def test_each_counts_as_a_write(app, environ, alice):
    limited = create_app(environ | {"RATE_LIMIT_WRITES": "10/minute"})
    person = Person(alice.id, limited.test_client(), alice.token)

    assert len(results(person, *[create()] * 9)) == 9
    assert len(results(person, *[create()] * 3)) == 3
    assert_problem(send(person, create()), 429)


def test_one_without_operations_is_a_write_too(environ, alice):
    limited = create_app(environ | {"RATE_LIMIT_WRITES": "2/minute"})
    person = Person(alice.id, limited.test_client(), alice.token)

    assert [send(person).status_code for _ in range(3)] == [200, 200, 429]


def test_completing_one_that_comes_again_makes_the_next(alice):
    made, done = results(
        alice,
        create(temp_id="a") | {"fields": {"title": "t", "recurrence": "daily"}},
        {"op": "complete", "id": "a"},
    )

    assert made["task"]["occurrence"] == 1
    assert done["task"]["next_task_id"]
    assert len(alice.get(alice.tasks_url).json) == 2


def test_another_form_is_that_of_every_task_in_it(environ, alice):
    settings = {"FIELD_NAMES": "camel", "TASK_ID_FORM": "string"}
    person = Person(alice.id, create_app(environ | settings).test_client(), alice.token)

    answer = send(
        person,
        create(temp_id="my_name"),
        {"op": "update", "id": "my_name", "fields": {"dueDate": "2026-02-01"}},
        {"op": "update", "id": "my_name", "if_revision": 1, "fields": {"isCompleted": True}},
    ).json

    assert list(answer) == ["results", "tempIds"]
    made, changed, stale = answer["results"]
    assert answer["tempIds"] == {"my_name": made["task"]["id"]}
    assert changed["task"]["dueDate"] == "2026-02-01"
    assert stale["problem"]["current"]["id"] == made["task"]["id"]
    assert results(person, {"op": "delete", "id": made["task"]["id"]})[0]["status"] == 200
