"""Idempotency-Key on everything that changes tasks"""

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from taskapp.database import db
from taskapp.rest import idempotency
from tests.problems import assert_problem

REPLAYED = "Idempotent-Replayed"


@pytest.fixture
def key():
    return {"Idempotency-Key": secrets.token_hex(16)}


def test_a_retry_gets_the_first_answer_and_creates_nothing(alice, key):
    first = alice.post(alice.tasks_url, json={"title": "t"}, headers=key)
    again = alice.post(alice.tasks_url, json={"title": "t"}, headers=key)

    assert first.status_code == again.status_code == 201
    assert again.data == first.data
    for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
        assert again.headers[name] == first.headers[name]
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert len(alice.get(alice.tasks_url).json) == 1


def test_every_change_is_done_once(alice, key):
    task = alice.has_task()
    for number, (method, path, body) in enumerate(
        [
            ("PATCH", "/complete", {}),
            ("PUT", "", {"json": {"title": "new"}}),
            ("PATCH", "", {"json": {"title": "newer"}}),
            ("DELETE", "", {}),
            ("POST", "/restore", {}),
            ("DELETE", "?permanent=true", {}),
        ]
    ):
        headers = {"Idempotency-Key": f"{key['Idempotency-Key']}-{number}"}
        answers = [
            alice.open(task["url"] + path, method, headers=headers, **body) for _ in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert len({answer.data for answer in answers}) == 1
        assert [answer.headers.get(REPLAYED) for answer in answers] == [None, "true", "true"]


def test_every_unsafe_route_of_tasks_takes_a_key(app):
    document = app.test_client().get("/openapi.json").json
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if path.endswith("/import"):  # can be sent again without one
                continue
            if "/tasks" in path and method in ("post", "put", "patch", "delete"):
                names = [parameter.get("name") for parameter in operation["parameters"]]
                assert "Idempotency-Key" in names, (method, path)


def test_the_same_key_with_another_request_is_refused(alice, key):
    task = alice.post(alice.tasks_url, json={"title": "t"}, headers=key).json

    others = [
        alice.post(alice.tasks_url, json={"title": "other"}, headers=key),
        alice.post(f"{alice.tasks_url}?a=b", json={"title": "t"}, headers=key),
        alice.put(f"{alice.tasks_url}/{task['id']}", json={"title": "t"}, headers=key),
    ]

    for other in others:
        assert_problem(other, 422, names="Idempotency-Key: ")
    assert len(alice.get(alice.tasks_url).json) == 1


def test_keys_of_two_users_have_nothing_to_do_with_each_other(alice, bob, key):
    for person in (alice, bob):
        response = person.post(person.tasks_url, json={"title": "t"}, headers=key)
        assert response.json["user_id"] == person.id


def test_an_answer_that_changed_nothing_is_not_kept(alice, key):
    assert_problem(alice.post(alice.tasks_url, json={"title": ""}, headers=key), 422)

    response = alice.post(alice.tasks_url, json={"title": "t"}, headers=key)

    assert response.status_code == 201
    assert REPLAYED not in response.headers


def test_the_token_is_checked_before_the_key(alice, bob, stranger, key):
    alice.post(alice.tasks_url, json={"title": "t"}, headers=key)

    assert_problem(stranger.post(alice.tasks_url, json={"title": "t"}, headers=key), 401)
    assert_problem(bob.post(alice.tasks_url, json={"title": "t"}, headers=key), 403)


@pytest.mark.parametrize("sent", ["", " ", "x" * 256, "a b", "é", '"open', "a\\b", '""'])
def test_a_key_that_makes_no_sense_is_a_400(alice, sent):
    headers = {"Idempotency-Key": sent}

    assert_problem(alice.post(alice.tasks_url, json={"title": "t"}, headers=headers), 400)
    assert alice.get(alice.tasks_url).json == []


def test_quotes_make_no_difference(alice, key):
    (text,) = key.values()
    alice.post(alice.tasks_url, json={"title": "t"}, headers=key)

    quoted = {"Idempotency-Key": f'"{text}"'}
    again = alice.post(alice.tasks_url, json={"title": "t"}, headers=quoted)

    assert again.headers[REPLAYED] == "true"


def test_of_many_at_once_one_is_carried_out_and_the_others_wait_for_its_answer(app, alice, key):
    headers = alice.headers | key
    barrier = threading.Barrier(4)

    def create(_):
        barrier.wait()
        return app.test_client().post(alice.tasks_url, json={"title": "t"}, headers=headers)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, range(4)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sorted(REPLAYED in answer.headers for answer in answers) == [False, True, True, True]
    assert len(alice.get(alice.tasks_url).json) == 1


def expire(app, person):
    with app.app_context(), db.engine.begin() as connection:
        old = sa.text(
            "UPDATE idempotency_keys SET created_at = '2020-01-01 00:00:00' WHERE user_id = :id"
        )
        connection.execute(old, {"id": person.id})


def count(app, person):
    with app.app_context(), db.engine.begin() as connection:
        kept = sa.text("SELECT count(*) FROM idempotency_keys WHERE user_id = :id")
        return connection.scalar(kept, {"id": person.id})


def test_a_key_is_forgotten_after_its_time(app, alice, key):
    alice.post(alice.tasks_url, json={"title": "t"}, headers=key)
    expire(app, alice)

    response = alice.post(alice.tasks_url, json={"title": "other"}, headers=key)

    assert response.status_code == 201
    assert REPLAYED not in response.headers


def test_expired_keys_go_with_the_next_one_and_by_a_command(app, alice, bob, key):
    for number in range(3):
        headers = {"Idempotency-Key": f"{number}"}
        alice.post(alice.tasks_url, json={"title": "t"}, headers=headers)
        bob.post(bob.tasks_url, json={"title": "t"}, headers=headers)
    expire(app, alice)
    expire(app, bob)

    alice.post(alice.tasks_url, json={"title": "t"}, headers=key)
    assert count(app, alice) == 1
    result = app.test_cli_runner().invoke(args=["purge"])
    assert result.exit_code == 0
    assert count(app, bob) == 0
    assert count(app, alice) == 1


def test_erasing_the_user_erases_the_keys(app, alice, key):
    alice.post(alice.tasks_url, json={"title": "t"}, headers=key)
    assert alice.get(f"/api/{alice.id}/export").json["idempotency_keys"][0]["key"] in key.values()

    alice.delete(f"/api/{alice.id}")

    assert count(app, alice) == 0


def answers(person):
    keys = person.get(f"/api/{person.id}/export").json["idempotency_keys"]
    return {each["key"]: each["body"] for each in keys}


def test_the_export_says_what_is_kept_for_a_retry(alice, key):
    created = alice.post(alice.tasks_url, json={"title": "Secret plan"}, headers=key)

    (kept,) = alice.get(f"/api/{alice.id}/export").json["idempotency_keys"]

    assert kept["status"] == 201
    assert kept["body"] == created.text


def test_deleted_for_good_means_the_text_of_kept_answers_too(app, alice, bob):
    secret = {"title": "Secret plan", "description": "Secret detail"}

    def ask(person, method, url, name, **kwargs):
        headers = {"Idempotency-Key": name}
        answer = person.open(url, method, headers=headers, **kwargs)
        assert answer.status_code in (200, 201)
        return answer

    task = ask(alice, "POST", alice.tasks_url, "create", json=secret).headers["Location"]
    ask(alice, "PUT", task, "change", json=secret)
    ask(alice, "PATCH", f"{task}/complete", "complete")
    ask(alice, "POST", alice.tasks_url, "other", json=secret)
    ask(bob, "POST", bob.tasks_url, "create", json=secret)

    ask(alice, "DELETE", f"{task}?permanent=true", "delete")

    kept = answers(alice)
    assert [name for name, body in kept.items() if body and "Secret" in body] == ["other"]
    assert "Secret" in answers(bob)["create"]
    gone = alice.post(alice.tasks_url, json=secret, headers={"Idempotency-Key": "create"})
    assert_problem(gone, 410, names="gone")
    again = alice.delete(f"{task}?permanent=true", headers={"Idempotency-Key": "delete"})
    assert again.headers[REPLAYED] == "true"
    assert len(alice.get(alice.tasks_url).json) == 1


def test_the_text_goes_also_from_answers_that_an_older_release_has_kept(app, alice, key):
    created = alice.post(alice.tasks_url, json={"title": "Secret plan"}, headers=key)
    with app.app_context(), db.engine.begin() as connection:
        unknown = "UPDATE idempotency_keys SET task_id = NULL WHERE user_id = :id"
        connection.execute(sa.text(unknown), {"id": alice.id})

    alice.delete(f"{created.headers['Location']}?permanent=true")

    assert set(answers(alice).values()) == {None}


def test_what_is_purged_from_the_trash_leaves_no_text_in_answers(app, alice, key):
    created = alice.post(alice.tasks_url, json={"title": "Secret plan"}, headers=key)
    alice.delete(created.headers["Location"])
    with app.app_context(), db.engine.begin() as connection:
        old = "UPDATE tasks SET deleted_at = '2020-01-01 00:00:00+00:00' WHERE user_id = :id"
        connection.execute(sa.text(old), {"id": alice.id})

    assert app.test_cli_runner().invoke(args=["purge"]).exit_code == 0

    assert set(answers(alice).values()) == {None}


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
def test_a_precondition_makes_it_another_request(alice, key, name):
    task = alice.has_task()
    current = f'"{task["revision"]}"' if name == "If-Match" else '"1"'
    first = alice.put(task["url"], json={"title": "t"}, headers=key | {name: current})
    assert first.status_code == 200

    again = alice.put(task["url"], json={"title": "t"}, headers=key | {name: current})
    other = alice.put(task["url"], json={"title": "t"}, headers=key | {name: '"2"'})
    without = alice.put(task["url"], json={"title": "t"}, headers=key)

    assert again.headers[REPLAYED] == "true"
    assert_problem(other, 422, names="Idempotency-Key: ")
    assert_problem(without, 422, names="Idempotency-Key: ")


def test_a_user_has_so_many_keys_at_most_and_the_oldest_are_forgotten(app, alice, monkeypatch):
    monkeypatch.setattr(idempotency, "KEPT", 3)

    for number in range(6):
        headers = {"Idempotency-Key": f"key-{number}"}
        assert alice.post(alice.tasks_url, json={"title": "t"}, headers=headers).status_code == 201

    assert list(answers(alice)) == ["key-3", "key-4", "key-5"]


def test_many_expired_keys_go_a_portion_at_a_time(app, alice, key, monkeypatch):
    monkeypatch.setattr(idempotency, "REMOVED_AT_ONCE", 2)
    for number in range(5):
        headers = {"Idempotency-Key": f"{number}"}
        alice.post(alice.tasks_url, json={"title": "t"}, headers=headers)
    expire(app, alice)

    alice.post(alice.tasks_url, json={"title": "t"}, headers=key)

    assert count(app, alice) == 4


def test_expired_keys_that_are_used_again_at_once_are_all_carried_out(app, alice):
    names = [f"key-{number}" for number in range(24)]

    def create(name):
        headers = alice.headers | {"Idempotency-Key": name}
        answer = app.test_client().post(alice.tasks_url, json={"title": "t"}, headers=headers)
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(create, names)) == {201}
        expire(app, alice)
        assert list(pool.map(create, reversed(names))) == [201] * len(names)

    assert len(alice.get(f"{alice.tasks_url}?limit=100").json) == 2 * len(names)


def test_the_text_goes_also_from_answers_about_several(app, alice):
    def batch(name, *operations):
        headers = {"Idempotency-Key": name}
        body = {"operations": list(operations)}
        return alice.post(f"{alice.tasks_url}/batch", json=body, headers=headers)

    created = batch("create", {"op": "create", "fields": {"title": "Secret plan"}})
    task = created.json["results"][0]["task"]["id"]
    batch(
        "both",
        {"op": "update", "id": task, "fields": {"description": "Secret detail"}},
        {"op": "delete", "id": task, "permanent": True},
    )

    assert set(answers(alice).values()) == {None}
    assert_problem(batch("create", {"op": "create", "fields": {"title": "Secret plan"}}), 410)
