"""/api/{user_id}/tokens"""

import hashlib
import threading
from datetime import UTC, datetime, timedelta

import flask_jwt_extended
import pytest
import sqlalchemy as sa

from taskapp import auth, create_app
from taskapp.auth import guard
from taskapp.database import db, execute, now, transaction
from taskapp.database.turns import Unavailable
from taskapp.programs.models import ProgramToken
from taskapp.programs.queries import TOKENS
from taskapp.users import secrets
from tests.accounts import people
from tests.conftest import Person
from tests.problems import assert_problem
from tests.programs.people import make, program


def url(person):
    return f"/api/{person.id}/tokens"


def stored(app, person):
    with app.app_context(), transaction(person.id):
        mine = sa.select(*ProgramToken.__table__.c).where(ProgramToken.user_id == person.id)
        return execute(mine).all()


def change(app, token, **values):
    with app.app_context(), transaction():
        found = ProgramToken.id == token["id"]
        execute(sa.update(ProgramToken).where(found).values(**values))


def test_a_token_is_shown_once_and_stored_as_a_digest(app, alice, log):
    body = {"name": "  Backup script ", "scopes": ["tasks:write", "tasks:read", "tasks:read"]}
    answer = alice.post(url(alice), json=body)

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json.pop("token")
    assert token.startswith("tk_")
    made = {name: value for name, value in answer.json.items() if name != "token"}
    assert made["name"] == "Backup script"
    assert made["scopes"] == ["tasks:read", "tasks:write"]
    assert made["expires_at"] is made["last_used_at"] is None
    assert alice.get(url(alice)).json == [made]
    (row,) = stored(app, alice)
    assert row.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row)
    (event,) = [line for line in log if line.get("event") == "token.created"]
    assert (event["user_id"], event["token_id"]) == (alice.id, made["id"])
    assert token not in str(log)


def test_somebody_about_whom_nothing_is_stored_can_make_one(alice):
    script = program(alice)

    assert script.get(alice.tasks_url).json == []
    changes = script.get(f"{alice.tasks_url}/changes?since=0").json
    task = script.has_task()
    later = script.get(changes["next"]).json
    assert [each["id"] for each in later["changes"]] == [task["id"]]


def test_a_revoked_token_is_refused_at_once_in_every_process(environ, alice):
    made = make(alice)
    headers = {"Authorization": f"Bearer {made['token']}"}
    elsewhere = create_app(environ).test_client()
    assert elsewhere.get(alice.tasks_url, headers=headers).status_code == 200

    answer = alice.delete(f"{url(alice)}/{made['id']}")

    assert answer.json == {"message": "Token revoked"}
    refused = elsewhere.get(alice.tasks_url, headers=headers)
    assert_problem(refused, 401, names="unknown, or was revoked")
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert alice.get(url(alice)).json == []
    assert_problem(alice.delete(f"{url(alice)}/{made['id']}"), 404, names=f"Token {made['id']}")


def test_nobody_sees_or_revokes_anothers(alice, bob):
    made = make(alice)

    assert bob.get(url(bob)).json == []
    assert_problem(bob.delete(f"{url(bob)}/{made['id']}"), 404)
    assert_problem(bob.get(url(alice)), 403)
    assert alice.get(url(alice)).json[0]["id"] == made["id"]


def test_a_token_is_refused_once_it_has_expired(app, alice):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = make(alice, expires_at=soon)
    script = Person(alice.id, alice.client, made["token"])
    assert datetime.fromisoformat(made["expires_at"]) == datetime.fromisoformat(soon)
    assert script.get(alice.tasks_url).status_code == 200

    change(app, made, expires_at=now())

    assert_problem(script.get(alice.tasks_url), 401, names="expired")
    make(alice)
    assert len(stored(app, alice)) == 1  # the expired one is forgotten


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": None}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["tasks"]}, "scopes"),
        ({"scopes": ["tasks:read", 7]}, "scopes"),
        ({"scopes": "tasks:read"}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "2999-01-01"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-01:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": 7}, "expires_at"),
    ],
)
def test_what_makes_no_sense_is_refused(alice, fields, name):
    body = {"name": "Script", "scopes": ["tasks:read"], **fields}

    problem = assert_problem(alice.post(url(alice), json=body), 422, names=name)
    assert isinstance(problem["errors"][name], list)


def test_each_user_may_have_fifty(app, alice, bob):
    for _ in range(50):
        last = make(alice)

    refused = alice.post(url(alice), json={"name": "Script", "scopes": ["tasks:read"]})

    assert_problem(refused, 409, names="50")
    assert make(bob)
    alice.delete(f"{url(alice)}/{last['id']}")
    assert make(alice)


def test_fifty_is_the_bound_also_for_those_that_are_made_at_once(app, alice, monkeypatch):
    monkeypatch.setattr(secrets, "MOST", 3)
    answers = []

    def one():
        person = Person(alice.id, app.test_client(), alice.token)
        body = {"name": "Script", "scopes": ["tasks:read"]}
        answers.append(person.post(url(alice), json=body).status_code)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [201] * 3 + [409] * 5
    assert len(stored(app, alice)) == 3


def test_its_last_use_is_told_and_not_written_at_each_request(app, alice):
    made = make(alice)
    script = Person(alice.id, alice.client, made["token"])

    def last_use():
        return alice.get(url(alice)).json[0]["last_used_at"]

    assert last_use() is None
    script.get(alice.tasks_url)
    first = last_use()
    assert first is not None
    script.get(alice.tasks_url)
    assert last_use() == first
    change(app, made, last_used_at=now() - secrets.NOTED)
    script.get(alice.tasks_url)
    assert last_use() > first


def test_the_use_of_one_is_noted_for_no_other(alice, bob):
    used, others = make(alice), [(alice, make(alice)["id"]), (bob, make(bob)["id"])]

    Person(alice.id, alice.client, used["token"]).get(alice.tasks_url)

    for person, token_id in others:
        (other,) = [each for each in person.get(url(person)).json if each["id"] == token_id]
        assert other["last_used_at"] is None


def test_a_last_use_that_can_not_be_noted_stops_nobody(app, alice, monkeypatch):
    script = program(alice)

    class Away:
        def all(self, values):
            raise Unavailable

    monkeypatch.setattr(TOKENS, "_use", Away())

    assert script.get(alice.tasks_url).status_code == 200


@pytest.mark.parametrize(
    "token",
    ["tk_", "tk_x", f"tk_{'a' * 43}", f"tk_{'a' * 44}", "tk_é", "tk_a.b.c", f"TK_{'a' * 43}"],
)
def test_what_is_no_token_of_ours_is_refused(alice, token):
    refused = alice.get(alice.tasks_url, headers={"Authorization": f"Bearer {token}"})

    assert_problem(refused, 401)
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_a_jwt_asks_for_no_program(app, alice, monkeypatch):
    """A JWT costs what it did before there were tokens for programs."""
    monkeypatch.setitem(app.extensions, "taskapp.find_program", None)

    assert alice.get(alice.tasks_url).status_code == 200


def test_a_program_is_somebody_for_flask_jwt_extended_too(app, alice):
    script = program(alice)
    with app.test_request_context(alice.tasks_url, headers=script.headers):
        guard._identify()

        assert flask_jwt_extended.get_jwt_identity() == alice.id
        assert flask_jwt_extended.get_jwt()["scope"] == "tasks:read tasks:write"
        assert flask_jwt_extended.current_user == auth.identity()
        assert auth.session_id() is None


def test_a_program_outlives_the_sign_in_that_made_it(app):
    alice = people.register(app)
    body = {"name": "Script", "scopes": ["tasks:read"]}
    made = alice.client.post(url(alice), json=body, headers=alice.headers).json
    people.post(app, "logout", headers=alice.headers)
    headers = {"Authorization": f"Bearer {made['token']}"}

    assert alice.client.get(f"/api/{alice.id}/tasks", headers=headers).status_code == 200


def test_with_its_user_a_program_is_gone(app, alice):
    script = program(alice)

    alice.delete(f"/api/{alice.id}")

    assert_problem(script.get(alice.tasks_url), 401)
    with app.app_context(), db.engine.connect() as connection:
        left = sa.text("SELECT count(*) FROM program_tokens WHERE user_id = :id")
        assert connection.scalar(left, {"id": alice.id}) == 0


def test_it_counts_as_its_user(environ, alice):
    few = create_app(environ | {"RATE_LIMIT_READS": "3/minute"})
    script = Person(alice.id, few.test_client(), program(alice).token)
    herself = Person(alice.id, few.test_client(), alice.token)

    statuses = [each.get(alice.tasks_url).status_code for each in (script, herself) * 2]

    assert statuses == [200, 200, 200, 429]
