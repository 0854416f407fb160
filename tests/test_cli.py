"""Commands for operators."""

import time

import jwt
import pytest

from taskapp import create_app
from tests.conftest import SECRET
from tests.logins import Login


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
