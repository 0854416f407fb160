"""GET /api/{user_id}/export and DELETE /api/{user_id}"""

import json
import time
from itertools import islice

import jwt
import pytest
import sqlalchemy as sa

from taskapp import privacy
from taskapp.database import Base, db
from tests.accounts.people import PASSWORD, post, register
from tests.conftest import SECRET
from tests.problems import assert_problem


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
    assert exported.keys() == {
        "user",
        "account",
        "sessions",
        "idempotency_keys",
        "program_tokens",
        "tasks",
        "feeds",
    }
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


def test_whatever_comes_in_pages_is_complete_and_in_the_same_order(app, monkeypatch):
    alice = works(register(app))
    for _ in range(2):
        post(app, "login", {"email": alice.email, "password": PASSWORD})

    def exported():
        with alice.client.get(f"/api/{alice.id}/export", headers=alice.headers) as response:
            # So many pieces at most: pages that begin where the one before began have no end.
            return json.loads(b"".join(islice(response.iter_encoded(), 100)))

    whole = exported()
    for name in ("sessions", "idempotency_keys", "tasks", "program_tokens", "feeds"):
        assert len(whole[name]) == 3, name
    begun = [session["created_at"] for session in whole["sessions"]]
    assert begun == sorted(begun)
    for page in (1, 2, 3):
        monkeypatch.setattr(privacy, "PAGE", page)
        assert exported() == whole


def test_an_export_of_an_account_holds_no_secret(app):
    alice = register(app)

    response = alice.client.get(f"/api/{alice.id}/export", headers=alice.headers)

    exported = response.json
    assert exported["account"]["email"] == alice.email
    assert len(exported["sessions"]) == 1
    assert "argon2" not in json.dumps(exported)
    assert "hash" not in json.dumps(exported)


def test_an_export_holds_no_secret_of_a_program_or_a_feed(app):
    alice = works(register(app))

    exported = alice.client.get(f"/api/{alice.id}/export", headers=alice.headers).json

    for each in exported["program_tokens"] + exported["feeds"]:
        assert not {"token", "url", "digest"} & each.keys()


def test_nothing_stored_is_an_empty_export(alice):
    assert alice.get(f"/api/{alice.id}/export").json == {
        "user": None,
        "account": None,
        "sessions": [],
        "idempotency_keys": [],
        "program_tokens": [],
        "tasks": [],
        "feeds": [],
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


# Where the rows of a user are, in each table: a new table that knows of users needs a line here.
MINE = {
    "users": "id = :id",
    "accounts": "user_id = :id",
    "sessions": "user_id = :id",
    "refresh_tokens": "session_id IN (SELECT id FROM sessions WHERE user_id = :id)",
    "idempotency_keys": "user_id = :id",
    "program_tokens": "user_id = :id",
    "feeds": "user_id = :id",
    "tasks": "user_id = :id",
}
NOBODYS = {"attempts"}  # digests of e-mails and addresses, gone after 15 minutes
EXPORTED = {"users": "user", "accounts": "account"}  # under another name than the table's
NOT_EXPORTED = {"refresh_tokens"}  # digests of secrets


def stored(app, user_id):
    """Return the rows of the user, by table."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table: connection.execute(
                sa.text(f"SELECT * FROM {table} WHERE {mine} ORDER BY 1, 2"), {"id": user_id}
            ).all()
            for table, mine in MINE.items()
        }


def works(person):
    """Let the account holder leave something in every table."""
    tasks = f"/api/{person.id}/tasks"
    for number in range(3):
        key = {"Idempotency-Key": f"key-{number}"}
        made = person.client.post(tasks, json={"title": "t"}, headers=person.headers | key)
        assert made.status_code == 201
        for things, about in [
            ("tokens", {"name": "Script", "scopes": ["tasks:read"]}),
            ("feeds", {"name": "Phone"}),
        ]:
            url = f"/api/{person.id}/{things}"
            assert person.client.post(url, json=about, headers=person.headers).status_code == 201
    assert person.client.delete(made.headers["Location"], headers=person.headers).status_code == 200
    return person


@pytest.mark.parametrize("way", ["the person", "the account"])
def test_every_table_is_in_the_export_and_erased_and_nobody_elses_row_is(app, way):
    assert Base.metadata.tables.keys() == MINE.keys() | NOBODYS
    alice, bob = (works(register(app)) for _ in range(2))
    hers, his = stored(app, alice.id), stored(app, bob.id)
    assert all(hers.values())

    exported = alice.client.get(f"/api/{alice.id}/export", headers=alice.headers).json
    for table in MINE.keys() - NOT_EXPORTED:
        found = exported[EXPORTED.get(table, table)]
        assert len(found if isinstance(found, list) else [found]) == len(hers[table]), table

    if way == "the person":
        body = {"password": PASSWORD}
        gone = alice.client.delete(f"/api/{alice.id}", json=body, headers=alice.headers)
    else:
        body = {"password": PASSWORD}
        gone = alice.client.delete("/api/auth/me", json=body, headers=alice.headers)

    assert gone.status_code == 200
    with app.app_context(), db.engine.connect() as connection:
        tokens = [row.digest for row in hers["refresh_tokens"]]
        left = sa.text("SELECT count(*) FROM refresh_tokens WHERE digest = :digest")
        assert not any(connection.scalar(left, {"digest": digest}) for digest in tokens)
    assert not any(stored(app, alice.id).values())
    assert stored(app, bob.id) == his
    assert bob.tasks().status_code == 200


def test_erasing_an_account_ends_its_sessions(app):
    alice = register(app)

    body = {"password": PASSWORD}
    response = alice.client.delete(f"/api/{alice.id}", json=body, headers=alice.headers)

    assert response.status_code == 200
    assert_problem(alice.tasks(), 401, names="session has ended")
    assert register(app, email=alice.email)


def test_nobody_else_may(alice, bob):
    for method, url in (("DELETE", f"/api/{alice.id}"), ("GET", f"/api/{alice.id}/export")):
        assert_problem(bob.open(url, method), 403)


@pytest.mark.parametrize(("body", "status"), [({}, 422), ({"password": "wrong"}, 403)])
def test_whoever_has_an_account_confirms_an_erasure_by_the_password(app, body, status):
    alice = works(register(app))
    before = stored(app, alice.id)

    refused = alice.client.delete(f"/api/{alice.id}", json=body, headers=alice.headers)

    assert_problem(refused, status, names="password: ")
    assert stored(app, alice.id) == before


def test_a_token_is_not_enough_to_erase_an_account(app):
    alice = register(app)

    assert_problem(alice.client.delete(f"/api/{alice.id}", headers=alice.headers), 422)
    assert_problem(alice.client.delete(f"/api/{alice.id}", headers=bearer(alice.id)), 422)
    assert alice.tasks().status_code == 200


def test_an_export_is_for_no_cache(alice):
    assert alice.get(f"/api/{alice.id}/export").headers["Cache-Control"] == "no-store"


def test_amid_a_long_export_others_have_their_turn(alice, monkeypatch):
    monkeypatch.setattr(privacy, "PIECE", 2)
    turns = []
    monkeypatch.setattr(privacy.cooperation, "give_way", lambda: turns.append(1))
    tasks = [alice.has_task()["id"] for _ in range(7)]

    exported = alice.get(f"/api/{alice.id}/export").json["tasks"]

    assert [task["id"] for task in exported] == tasks[::-1]
    assert len(turns) == 4
