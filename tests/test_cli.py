"""Commands for operators."""

import re
import time

import jwt
import pytest
import sqlalchemy as sa

from taskapp import cli, create_app
from taskapp.accounts import commands
from taskapp.database import db, transactional
from taskapp.rest import idempotency
from tests.accounts.people import PASSWORD, new_email, post, register
from tests.conftest import SECRET
from tests.logins import Login
from tests.problems import assert_problem
from tests.test_privacy import stored, works


def test_a_printed_token_is_accepted(app, alice):
    token = app.test_cli_runner().invoke(args=["token", alice.id]).output.strip()

    headers = {"Authorization": f"Bearer {token}"}
    assert alice.get(alice.tasks_url, headers=headers).status_code == 200


@pytest.mark.parametrize("user_id", ["", "x" * 256])
def test_no_token_for_what_cannot_be_a_user_id(app, user_id):
    assert app.test_cli_runner().invoke(args=["token", user_id]).exit_code == 1


def check(app, *args, **kwargs):
    result = app.test_cli_runner().invoke(args=["keys", "check", *args], **kwargs)
    return result.exit_code, result.output


def test_keys_check_explains_a_token_of_the_shared_secret(app):
    good = jwt.encode({"sub": "alice", "exp": int(time.time()) + 600}, SECRET, "HS256")
    stale = jwt.encode({"sub": "alice", "exp": 1}, SECRET, "HS256")

    assert check(app)[0] == 0
    code, output = check(app, good)
    assert code == 0
    assert "accepted. User 'alice', 10 minutes left" in output
    assert "/api/alice/tasks, or /api/tasks\n" in output
    assert SECRET not in output
    named = jwt.encode({"sub": "https://x.example/7", "exp": int(time.time()) + 600}, SECRET)
    assert "/api/https%3A%2F%2Fx.example%2F7/tasks, or /api/tasks" in check(app, named)[1]
    code, output = check(app, "-", input=f"Bearer {stale}\n")
    assert code == 1
    assert "refused. The token has expired." in output


def test_keys_check_shows_the_outside_login_and_its_keys(environ):
    with Login() as login:
        app = create_app(environ | {"BETTER_AUTH_URL": login.url})

        code, output = check(app, login.token("alice", aud="https://other.example"))
        assert code == 1
        assert login.jwks_url in output
        assert f"EdDSA {login.keys[0].kid}" in output
        assert "Shared secret: its tokens are refused" in output
        assert "another audience" in output
        assert '"https://other.example"; accepted: "' + login.url + '" or' in output
        code, output = check(app, login.token("alice", iss="https://\x1b[31mother"))
        assert "another issuer" in output
        assert '"https://\\u001b[31mother"; accepted: "' + login.url + '" or' in output
        assert check(app, login.token("alice"))[0] == 0
        code, output = check(app, "9aXlQ0lSxGzTqXxYcWnXlTzJZ1fGw3kV")
        assert "This is a Better Auth session token, not a JWT: call /api/auth/token" in output
        no_token = app.test_cli_runner().invoke(args=["token", "alice"])
        assert no_token.exit_code == 1
        assert "private key is not here" in no_token.output


def test_keys_check_says_that_the_login_is_away(environ):
    with Login() as login:
        pass
    app = create_app(environ | {"BETTER_AUTH_URL": login.url})

    code, output = check(app, login.token("alice"))

    assert code == 1
    assert "can't be fetched" in output
    assert "can't be checked without the keys" in output


def user(app, *args):
    result = app.test_cli_runner().invoke(args=["user", *args])
    return result.exit_code, result.output.strip()


def sign_in(app, email, password):
    return post(app, "login", {"email": email, "password": password})


def test_an_operator_makes_an_account_with_a_password_that_is_shown_once(app):
    email = new_email()

    code, output = user(app, "create", email.upper(), "--name", "Alice")

    assert code == 0
    password = output.partition("password: ")[2]
    signed_in = sign_in(app, email, password)
    assert signed_in.status_code == 200
    assert signed_in.json["user"]["name"] == "Alice"
    assert output.startswith(signed_in.json["user"]["id"])
    code, output = user(app, "create", email)
    assert (code, "is an account with this e-mail" in output) == (1, True)
    assert user(app, "create", "no e-mail")[0] == 1


def test_no_account_is_made_where_none_are_kept(environ):
    code, output = user(create_app(environ | {"ACCOUNTS": "off"}), "create", new_email())

    assert code == 1
    assert "ACCOUNTS" in output


def test_an_operator_lists_the_accounts_in_pages(app, monkeypatch):
    people = [register(app) for _ in range(3)]
    sign_in(app, people[0].email, PASSWORD)
    monkeypatch.setattr(commands, "PAGE", 2)

    code, output = user(app, "list")

    assert code == 0
    lines = [line.split() for line in output.splitlines()]
    emails = [line[1] for line in lines]
    assert emails == sorted(set(emails))
    found = {line[0]: line for line in lines}
    assert [found[person.id][1] for person in people] == [person.email for person in people]
    assert [found[person.id][3] for person in people] == ["2", "1", "1"]


def test_an_operator_resets_a_password_and_whoever_was_signed_in_is_out(app):
    alice, bob = register(app), register(app)

    code, output = user(app, "reset-password", alice.email.upper())

    assert code == 0
    assert_problem(alice.tasks(), 401)
    assert bob.tasks().status_code == 200
    assert sign_in(app, alice.email, PASSWORD).status_code == 401
    assert sign_in(app, alice.email, output.partition("password: ")[2]).status_code == 200


def test_an_operator_ends_the_sessions_of_an_account(app):
    alice, bob = register(app), register(app)

    assert user(app, "end-sessions", alice.email)[0] == 0

    assert_problem(alice.tasks(), 401)
    assert bob.tasks().status_code == 200
    assert sign_in(app, alice.email, PASSWORD).status_code == 200


@pytest.mark.parametrize("command", ["reset-password", "end-sessions"])
def test_an_account_that_is_not_there(app, command):
    code, output = user(app, command, new_email())

    assert code == 1
    assert "no account with this e-mail" in output


def test_a_purge_takes_all_that_has_expired_in_portions(app, monkeypatch):
    monkeypatch.setattr(cli, "PURGED_AT_ONCE", 2)
    alice, kept = works(register(app)), works(register(app))
    for number in range(5):
        key = {"Idempotency-Key": f"more-{number}"}
        url = f"/api/{alice.id}/tasks"
        made = alice.client.post(url, json={"title": "t"}, headers=alice.headers | key)
        alice.client.delete(made.headers["Location"], headers=alice.headers)
        sign_in(app, alice.email, PASSWORD)
    before = stored(app, kept.id)
    expire_all(app, alice)

    output = app.test_cli_runner().invoke(args=["purge"]).output

    left = stored(app, alice.id)
    found = re.fullmatch(
        r"(\d+) deleted tasks and (\d+) idempotency keys purged\n(\d+) expired .*\n", output
    )
    tasks, keys, sessions = map(int, found.groups())
    assert (tasks >= 6, keys >= 8, sessions >= 6) == (True, True, True)
    assert {table: len(rows) for table, rows in left.items() if rows} == {
        "users": 1,
        "accounts": 1,
        "tasks": 2,
        "program_tokens": len(before["program_tokens"]),
        "feeds": len(before["feeds"]),
    }
    assert left["users"][0].task_count == 2
    assert stored(app, kept.id) == before


def test_each_portion_of_a_purge_is_a_short_transaction(app, monkeypatch):
    monkeypatch.setattr(cli, "PURGED_AT_ONCE", 2)
    alice = works(register(app))
    expire_all(app, alice)

    with app.app_context():
        assert list(cli._portions(idempotency.purge)) == [2, 1]
        assert list(cli._purge_tasks()) == [1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session")
def test_what_somebody_is_at_holds_up_no_purge(app):
    """SQLite has one writer at a time."""
    alice = works(register(app))
    expire_all(app, alice)
    one = sa.text("SELECT key FROM idempotency_keys WHERE user_id = :id LIMIT 1 FOR UPDATE")
    with app.app_context(), transactional().connect() as other:
        other.execute(one, {"id": alice.id})

        assert app.test_cli_runner().invoke(args=["purge"]).exit_code == 0


def expire_all(app, person):
    past = "'2020-01-01 00:00:00+00:00'"
    with app.app_context(), db.engine.begin() as connection:
        for change in (
            f"UPDATE idempotency_keys SET created_at = {past} WHERE user_id = :id",
            f"UPDATE sessions SET expires_at = {past} WHERE user_id = :id",
            f"UPDATE tasks SET deleted_at = {past} WHERE user_id = :id AND deleted_at IS NOT NULL",
        ):
            connection.execute(sa.text(change), {"id": person.id})


@pytest.mark.parametrize(
    ("status", "location", "sentence"),
    [
        (307, "https://www.example.com/api/auth/jwks", "(307) to https://www.example.com/api/auth"),
        (308, "/api/auth/jwks/", "(308) to /api/auth/jwks/, which is not followed: set that"),
        (302, "https://login.example.com/?session=hidden", "redirect (302), which is not followed"),
        (404, "", "the status is 404"),
    ],
)
def test_a_key_set_that_is_elsewhere_is_named(environ, request, status, location, sentence):
    with Login() as login:
        login.status, login.location = status, location
        app = create_app(environ | {"BETTER_AUTH_URL": login.url})
        log = request.getfixturevalue("log")  # of this application

        code, output = check(app)
        found = app.test_cli_runner().invoke(args=["check"]).output

    assert code == 1
    assert sentence in output
    assert sentence in found
    assert [line for line in log if sentence in line["message"]]
    assert "hidden" not in output + str(log)
