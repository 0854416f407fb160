"""POST /api/auth/password"""

import pytest
import sqlalchemy as sa

from taskapp.accounts import credentials, passwords
from taskapp.database import db
from tests.accounts.people import PASSWORD, post, register
from tests.problems import assert_problem

NEW = "another battery staple horse"


def change(person, password=PASSWORD, new_password=NEW, headers=None):
    body = {"password": password, "new_password": new_password}
    url = "/api/auth/password"
    return person.client.post(url, json=body, headers=headers or person.headers)


def login(app, person, password):
    return post(app, "login", {"email": person.email, "password": password})


def test_the_new_password_holds_and_the_old_one_does_not(app):
    alice, bob = register(app), register(app)

    assert change(alice).json == {"message": "Password changed successfully"}

    assert_problem(login(app, alice, PASSWORD), 401)
    assert login(app, alice, NEW).status_code == 200
    assert login(app, bob, PASSWORD).status_code == 200


def test_whoever_knew_the_old_password_is_signed_out(app):
    alice, bob = register(app), register(app)
    thief = login(app, alice, PASSWORD).json

    change(alice)

    bearer = {"Authorization": f"Bearer {thief['access_token']}"}
    assert_problem(alice.client.get(f"/api/{alice.id}/tasks", headers=bearer), 401)
    assert_problem(post(app, "refresh", {"refresh_token": thief["refresh_token"]}), 401)
    assert alice.tasks().status_code == bob.tasks().status_code == 200
    assert post(app, "refresh", {"refresh_token": alice.tokens["refresh_token"]}).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "name"),
    [
        ({"password": "wrong"}, 403, "password: "),
        ({"password": None}, 422, "password: "),
        ({"new_password": "short"}, 422, "new_password: "),
        ({"new_password": "x" * 129}, 422, "new_password: "),
        ({"new_password": "password123"}, 422, "new_password: "),
        ({"new_password": None}, 422, "new_password: "),
    ],
)
def test_what_is_refused_changes_nothing(app, fields, status, name):
    alice = register(app)
    other = login(app, alice, PASSWORD).json

    assert_problem(change(alice, **fields), status, names=name)

    assert login(app, alice, PASSWORD).status_code == 200
    assert post(app, "refresh", {"refresh_token": other["refresh_token"]}).status_code == 200


def test_a_stolen_token_does_not_help_to_guess_the_password(app):
    alice = register(app)

    statuses = [change(alice, "wrong").status_code for _ in range(11)]

    assert statuses == [403] * 10 + [429]
    # Nor does it keep Alice out.
    assert login(app, alice, PASSWORD).status_code == 200


def test_a_user_without_an_account_here_has_no_password(alice, stranger):
    body = {"password": PASSWORD, "new_password": NEW}
    assert_problem(alice.post("/api/auth/password", json=body), 404)
    assert_problem(stranger.post("/api/auth/password", json=body), 401)


def test_a_login_that_was_verified_before_the_change_opens_no_session(app, monkeypatch):
    alice = register(app)

    def verified_but_late(email, password):
        account = original(email, password)
        if account:
            assert change(alice).status_code == 200
        return account

    original = credentials.check
    monkeypatch.setattr(credentials, "check", verified_but_late)

    assert_problem(login(app, alice, PASSWORD), 401, names="E-mail or password is wrong")
    assert sessions(app, alice) == 1


def test_a_login_beside_an_erasure_is_refused(app, monkeypatch):
    alice = register(app)

    def verified_but_late(email, password):
        account = original(email, password)
        if account:
            body = {"password": PASSWORD}
            erased = alice.client.delete(f"/api/{alice.id}", json=body, headers=alice.headers)
            assert erased.status_code == 200
        return account

    original = credentials.check
    monkeypatch.setattr(credentials, "check", verified_but_late)

    assert_problem(login(app, alice, PASSWORD), 401, names="E-mail or password is wrong")
    assert sessions(app, alice) == 0


def sessions(app, person):
    with app.app_context(), db.engine.connect() as connection:
        count = sa.text("SELECT count(*) FROM sessions WHERE user_id = :id")
        return connection.scalar(count, {"id": person.id})


def test_passwords_that_wait_to_be_hashed_are_bounded(app, monkeypatch):
    alice = register(app)
    places = passwords.AT_ONCE + passwords.WAITING
    taken = [passwords._room.acquire(blocking=False) for _ in range(places)]
    assert all(taken)

    try:
        response = login(app, alice, PASSWORD)
    finally:
        for _ in taken:
            passwords._room.release()

    assert_problem(response, 503, names="Too many sign in")
    assert response.headers["Retry-After"]
    assert login(app, alice, PASSWORD).status_code == 200
