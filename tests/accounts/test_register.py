"""POST /api/auth/register"""

from unicodedata import normalize

import pytest
import sqlalchemy as sa

from taskapp import create_app
from taskapp.accounts.models import Account
from taskapp.database import db, execute, transaction
from tests.accounts.people import PASSWORD, new_address, new_email, post, register
from tests.problems import assert_problem


def test_whoever_registers_is_signed_in(app):
    alice = register(app, name="Alice")

    assert alice.tokens["token_type"] == "Bearer"
    assert alice.tokens["expires_in"] == 7 * 86400
    assert alice.tokens["token"] == alice.tokens["access_token"]
    assert alice.tokens["user"]["name"] == "Alice"
    assert alice.tokens["user"]["email"] == alice.email
    assert alice.tasks().json == []


def test_two_accounts_are_kept_apart(app):
    alice, bob = register(app), register(app)
    alice.client.post(f"/api/{alice.id}/tasks", json={"title": "t"}, headers=alice.headers)

    assert bob.tasks().json == []
    answer = bob.client.get(f"/api/{alice.id}/tasks", headers=bob.headers)
    assert_problem(answer, 403)


def test_an_email_has_one_account_whatever_its_case(app):
    alice = register(app, email="Alice-" + new_email())

    body = {"email": alice.email.upper(), "password": PASSWORD}

    assert_problem(post(app, "register", body), 409, names="email: ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no e-mail"),
        ("email", ""),
        ("email", None),
        ("email", "a\0@example.com"),
        ("email", "a" * 250 + "@example.com"),
        ("password", "short"),
        ("password", "x" * 129),
        ("password", "password"),
        ("password", "PASSWORD1"),
        ("password", "12345678"),
        ("password", "with a \0 inside"),
        ("password", 12345678),
        ("password", "e\u0301" * 4),  # four characters, however they are written
        ("email", "alice@exam\u200bple.com"),
        # One letter more in small letters.
        ("email", "İ" * 240 + "@example.com"),
        ("name", "x" * 256),
    ],
)
def test_senseless_fields_are_refused(app, field, value):
    body = {"email": new_email(), "password": PASSWORD, field: value}

    assert_problem(post(app, "register", body), 422, names=f"{field}: ")


@pytest.mark.usefixtures("costly_hashes")
def test_passwords_are_stored_as_argon2id_and_refresh_tokens_as_digests(app):
    alice = register(app)

    with app.app_context(), db.engine.connect() as connection:
        stored = "".join(
            str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            for table in ("users", "accounts", "sessions", "refresh_tokens", "attempts")
        )

    assert "$argon2id$" in stored
    assert PASSWORD not in stored
    assert alice.tokens["refresh_token"] not in stored
    assert alice.tokens["access_token"] not in stored


def test_one_address_can_register_only_so_often(environ):
    app = create_app(environ | {"LOGIN_ATTEMPTS_PER_ADDRESS": "3"})
    body, address = {"email": new_email(), "password": PASSWORD}, new_address()

    answers = [post(app, "register", body, address) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [201, 409, 409, 429]
    assert_problem(answers[3], 429, names="Too many attempts")
    assert_problem(post(app, "register", body, new_address()), 409)


@pytest.mark.parametrize("path", ["register", "login", "refresh", "logout"])
def test_with_an_outside_login_there_are_no_accounts(environ, path):
    app = create_app(environ | {"BETTER_AUTH_URL": "https://login.example.com"})

    assert_problem(post(app, path, {"email": "a@example.com", "password": PASSWORD}), 404)
    assert f"/api/auth/{path}" not in app.test_client().get("/openapi.json").json["paths"]


def test_a_setting_keeps_accounts_beside_an_outside_login(environ):
    app = create_app(environ | {"BETTER_AUTH_URL": "https://login.example.com", "ACCOUNTS": "on"})

    alice = register(app)

    assert alice.tasks().status_code == 200


@pytest.mark.parametrize("name", ["", "  ", "\u200b", None])
def test_an_empty_name_is_none(app, name):
    assert register(app, name=name).tokens["user"]["name"] is None


def test_an_email_may_become_as_long_as_can_be_stored(app):
    email = "İ" * 60 + new_email()

    alice = register(app, email)

    assert alice.tokens["user"]["email"] == email
    body = {"email": email, "password": PASSWORD}
    assert_problem(post(app, "register", body), 409)
    for form in (email, email.lower()):
        assert post(app, "login", {**body, "email": form}).status_code == 200


def test_an_email_has_one_account_however_it_is_composed(app):
    email = f"{new_email().partition('@')[0]}@b\u00fccher.example"
    decomposed = email.replace("\u00fc", "u\u0308")
    register(app, email)

    assert_problem(post(app, "register", {"email": decomposed, "password": PASSWORD}), 409)
    assert post(app, "login", {"email": decomposed, "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("first", ["NFC", "NFD"])
def test_an_email_is_taken_in_either_composition(app, first):
    email = normalize(first, f"\u00e9lodie-{new_email()}")

    register(app, email)

    for form in ("NFC", "NFD"):
        body = {"email": normalize(form, email), "password": PASSWORD}
        assert_problem(post(app, "register", body), 409)
        assert post(app, "login", body).status_code == 200


@pytest.mark.parametrize(
    "forms", [("b\u00fccher", "xn--bcher-kva"), ("xn--bcher-kva", "B\u00dcCHER")]
)
def test_a_domain_is_the_same_in_unicode_and_in_punycode(app, forms):
    name = new_email().partition("@")[0]
    emails = [f"{name}@{form}.example" for form in forms]
    register(app, emails[0])

    for email in emails:
        body = {"email": email, "password": PASSWORD}
        assert_problem(post(app, "register", body), 409)
        assert post(app, "login", body).status_code == 200


@pytest.mark.parametrize(
    "domain", ["xn--bcher-kva.example", "xn--a.example", "under_score.example"]
)
def test_an_account_of_an_older_release_is_found(app, domain):
    email = f"{new_email().partition('@')[0]}@{domain}"
    alice = register(app)
    with app.app_context(), transaction(alice.tokens["user"]["id"]):
        change = sa.update(Account).where(Account.email == alice.email)
        execute(change.values(email=email))

    assert post(app, "login", {"email": email, "password": PASSWORD}).status_code == 200
