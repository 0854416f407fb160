"""POST /api/auth/login and /api/auth/register as HTML forms (OAuth 2.0's password grant)."""

import pytest

from tests.accounts.people import PASSWORD, new_email, post, register
from tests.problems import assert_problem

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
OAUTH = {"grant_type": "password", "scope": "", "client_id": "x", "client_secret": "x"}


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
@pytest.mark.parametrize("name", ["username", "email"])
def test_a_form_signs_in(app, content_type, name):
    alice = register(app)
    form = {name: alice.email, "password": PASSWORD, **OAUTH}

    response = post(app, "login", data=form, content_type=content_type)

    assert response.status_code == 200
    assert response.json["token_type"] == "Bearer"
    assert response.json["user"]["email"] == alice.email


def test_a_form_registers(app):
    email = new_email()

    response = post(app, "signup", data={"username": email, "password": PASSWORD, "name": "Zoë"})

    assert response.status_code == 201
    assert response.json["user"] | {"email": email, "name": "Zoë"} == response.json["user"]


@pytest.mark.parametrize("cookie", ["true", "1", "on", ""])
@pytest.mark.parametrize("path", ["login", "register"])
def test_a_form_can_not_ask_for_the_cookie(app, path, cookie):
    form = {"email": new_email(), "password": PASSWORD, "cookie": cookie}

    response = post(app, path, data=form)

    assert_problem(response, 422, names="cookie: ")
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "body",
    [b"", b"&&&=", b"username=%ff&password=%00", b"username", b"\xff=\xfe", b"a=" * 5000,
     b"username[]=a&password[]=b", b'{"email": "a@example.com", "password": "x"}'],
)  # fmt: skip
def test_a_senseless_form_is_refused(app, body):
    assert_problem(post(app, "login", data=body, content_type=URLENCODED), 422)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"a=" + b"x" * 70_000, URLENCODED, 413),
        (b"--x", "multipart/form-data; boundary=y", 422),
        (b"--x", "multipart/form-data", 422),
        (b"email=a", "text/plain", 415),
    ],
)
def test_other_bodies_are_answered_as_everywhere(app, body, content_type, status):
    assert_problem(post(app, "login", data=body, content_type=content_type), status)


def test_whatever_else_has_a_body_takes_no_form(app, alice):
    form = {"data": {"title": "t", "refresh_token": "x"}}

    assert_problem(alice.post(alice.tasks_url, **form), 415)
    assert_problem(post(app, "refresh", **form), 415)
    assert_problem(post(app, "logout", **form), 415)
