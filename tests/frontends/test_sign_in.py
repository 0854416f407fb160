"""How pages sign up, in and out, and what they keep of the answers."""

import time

import jwt
import pytest

from tests.accounts.people import PASSWORD, new_email


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("form", ["ours", "camel"])
@pytest.mark.parametrize(
    ("sign_up", "sign_in", "me"),
    [
        ("/api/auth/signup", "/api/auth/signin", "/api/auth/me"),
        ("/api/auth/register", "/api/auth/login", "/api/auth/me"),
        ("/auth/signup", "/auth/signin", "/auth/me"),
        ("/auth/register", "/auth/login", "/auth/me/"),
    ],
)
def test_a_page_that_keeps_the_token_and_the_user(guest, form, sign_up, sign_in, me):
    alice = guest(form)
    credentials = {"email": new_email(), "password": PASSWORD, "name": "Alice"}

    made = alice.read("POST", sign_up, json=credentials)
    signed_in = alice.read("POST", sign_in, json=credentials)

    assert signed_in["user"] == made["user"]
    assert signed_in["token"] == signed_in["access_token"]
    alice.session.headers.update(bearer(signed_in["token"]))
    assert alice.read("GET", me)["user"]["name"] == alice.read("GET", me)["name"] == "Alice"
    assert alice.ask("POST", "/api/tasks", json={"title": "Buy milk"}).status_code == 201


@pytest.mark.parametrize("path", ["/auth/login", "/api/auth/login", "/api/auth/signin"])
def test_a_page_that_signs_in_as_oauth_says(guest, path):
    alice, email = guest(), new_email()
    alice.read("POST", "/auth/register", json={"username": email, "password": PASSWORD})
    form = {"grant_type": "password", "username": email, "password": PASSWORD, "scope": ""}

    urlencoded = alice.read("POST", path, data=form)
    multipart = alice.read("POST", path, files={name: (None, text) for name, text in form.items()})

    for signed_in in (urlencoded, multipart):
        assert signed_in["token_type"] == "Bearer"
        headers = bearer(signed_in["access_token"])
        assert alice.read("GET", "/auth/me", headers=headers)["email"] == email


def test_a_page_that_never_refreshes_stays_signed_in_until_it_signs_out(guest):
    alice = guest()
    credentials = {"email": new_email(), "password": PASSWORD}
    token = alice.read("POST", "/api/auth/signup", json=credentials)["token"]

    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] > time.time() + 6 * 86400
    alice.session.headers.update(bearer(token))
    assert alice.read("GET", "/api/tasks") == []
    assert alice.read("POST", "/auth/logout")["message"]
    assert alice.ask("GET", "/api/tasks").status_code == 401
    assert alice.read("POST", "/auth/logout")["message"]


@pytest.mark.parametrize("token", [None, "undefined", "null", ""])
def test_a_page_that_has_thrown_its_token_away_before_it_signs_out(guest, token):
    headers = {} if token is None else bearer(token)

    assert guest().read("POST", "/api/auth/logout", headers=headers, json={})["message"]


@pytest.mark.parametrize("member", ["detail", "message"])
def test_a_page_shows_why_nobody_was_let_in(guest, member):
    wrong = {"email": new_email(), "password": PASSWORD}

    answer = guest().ask("POST", "/auth/login", json=wrong)

    assert answer.status_code == 401
    assert answer.json()[member] == "E-mail or password is wrong."
