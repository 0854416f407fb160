"""GET /api/{user_id}/export and DELETE /api/{user_id}"""

import json
import time

import jwt

from taskapp import privacy
from tests.conftest import SECRET
from tests.problems import assert_problem
from tests.users.people import register


def bearer(user_id, **claims):
    claims = {"sub": user_id, "exp": int(time.time()) + 60, **claims}
    return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}


def test_the_first_write_stores_what_the_token_says_and_later_ones_keep_it_current(alice):
    def write(**claims):
        headers = bearer(alice.id, **claims)
        assert alice.post(alice.tasks_url, json={"title": "t"}, headers=headers).status_code == 201
        return alice.get(f"/api/{alice.id}/export").json["user"]

    first = write(email="alice@example.com", name="Alice")
    assert (first["email"], first["name"]) == ("alice@example.com", "Alice")

    renamed = write(email="alice@example.com", name="Alice Liddell")
    assert renamed == {**first, "name": "Alice Liddell"}
    assert write() == renamed  # silence is no news
    assert write(email=7, name="a\0b") == renamed


def test_an_export_holds_everything(alice, bob):
    tasks = [alice.has_task(f"Task {number}") for number in range(3)]
    bob.has_task()

    response = alice.get(f"/api/{alice.id}/export/")

    assert response.headers["Content-Type"] == "application/json"
    assert "attachment" in response.headers["Content-Disposition"]
    exported = response.json
    assert exported.keys() == {"user", "account", "sessions", "idempotency_keys", "tasks"}
    assert exported["user"]["id"] == alice.id
    assert exported["account"] is None
    assert [task["id"] for task in exported["tasks"]] == [task["id"] for task in reversed(tasks)]
    assert exported["tasks"][0] == alice.get(tasks[2]["url"]).json


def test_an_export_of_more_tasks_than_a_page_is_complete(alice, monkeypatch):
    tasks = [alice.has_task(f"Task {number}") for number in range(5)]

    for page in (1, 2, 5):
        monkeypatch.setattr(privacy, "PAGE", page)
        exported = alice.get(f"/api/{alice.id}/export").json["tasks"]
        assert [task["id"] for task in exported] == [task["id"] for task in reversed(tasks)]


def test_an_export_of_an_account_holds_no_secret(app):
    alice = register(app)

    response = alice.client.get(f"/api/{alice.id}/export", headers=alice.headers)

    exported = response.json
    assert exported["account"]["email"] == alice.email
    assert len(exported["sessions"]) == 1
    assert "argon2" not in json.dumps(exported)
    assert "hash" not in json.dumps(exported)


def test_nothing_stored_is_an_empty_export(alice):
    assert alice.get(f"/api/{alice.id}/export").json == {
        "user": None,
        "account": None,
        "sessions": [],
        "idempotency_keys": [],
        "tasks": [],
    }


def test_erasing_leaves_nothing_and_can_be_repeated(alice, bob):
    task = alice.has_task()
    kept = bob.has_task()

    for _ in range(2):
        assert alice.delete(f"/api/{alice.id}").json == {"message": "User erased"}

    assert_problem(alice.get(task["url"]), 404)
    assert alice.get(f"/api/{alice.id}/export").json["user"] is None
    assert bob.get(kept["url"]).status_code == 200
    assert alice.has_task()  # a login outside still knows alice, who may begin anew


def test_erasing_an_account_ends_its_sessions(app):
    alice = register(app)

    response = alice.client.delete(f"/api/{alice.id}", headers=alice.headers)

    assert response.status_code == 200
    assert_problem(alice.tasks(), 401, names="session has ended")
    assert register(app, email=alice.email)


def test_nobody_else_may(alice, bob):
    for method, url in (("DELETE", f"/api/{alice.id}"), ("GET", f"/api/{alice.id}/export")):
        assert_problem(bob.open(url, method), 403)
