"""GET and DELETE /api/auth/me"""

import pytest

from tests.accounts.people import PASSWORD, post, register
from tests.problems import assert_problem

URL = "/api/auth/me"


def test_everybody_sees_themselves(app):
    alice = register(app, name="Alice")

    response = alice.client.get(URL, headers=alice.headers)

    assert response.json == alice.tokens["user"] | {"user": alice.tokens["user"]}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_token_is_checked_before_the_request(stranger, method):
    broken = {"data": b"{", "content_type": "application/json"}

    assert_problem(stranger.open(URL, method, **broken), 401)


def test_a_user_without_an_account_here_has_none_to_delete(alice):
    assert_problem(alice.get(URL), 404)
    assert_problem(alice.delete(URL, json={"password": PASSWORD}), 404)


def test_deleting_the_account_takes_the_tasks_and_the_sessions_along(app):
    alice = register(app)
    alice.client.post(f"/api/{alice.id}/tasks", json={"title": "t"}, headers=alice.headers)

    response = alice.client.delete(URL, json={"password": PASSWORD}, headers=alice.headers)

    assert response.json == {"message": "Account deleted successfully"}
    assert_problem(alice.tasks(), 401, names="session has ended")
    assert_problem(post(app, "refresh", {"refresh_token": alice.tokens["refresh_token"]}), 401)
    assert_problem(post(app, "login", {"email": alice.email, "password": PASSWORD}), 401)
    assert register(app, email=alice.email).tasks().json == []


@pytest.mark.parametrize(
    ("body", "status"), [({"password": "wrong"}, 403), ({}, 422), ({"password": 1}, 422)]
)
def test_the_password_is_needed(app, body, status):
    alice = register(app)

    response = alice.client.delete(URL, json=body, headers=alice.headers)

    assert_problem(response, status, names="password: ")
    assert alice.tasks().status_code == 200


def test_the_password_cannot_be_guessed_here_either(app):
    alice = register(app)

    statuses = [
        alice.client.delete(URL, json={"password": "wrong"}, headers=alice.headers).status_code
        for _ in range(11)
    ]

    assert statuses == [403] * 10 + [429]


def test_the_name_can_be_changed_and_taken_away(app):
    alice, bob = register(app, name="Alice"), register(app, name="Bob")

    renamed = alice.client.patch(URL, json={"name": " Alice Liddell "}, headers=alice.headers)

    assert renamed.status_code == 200
    assert renamed.json == alice.client.get(URL, headers=alice.headers).json
    assert renamed.json["name"] == renamed.json["user"]["name"] == "Alice Liddell"
    assert bob.client.get(URL, headers=bob.headers).json["name"] == "Bob"
    unnamed = alice.client.patch(URL, json={"name": None}, headers=alice.headers)
    assert unnamed.json["name"] is None
    left_alone = alice.client.patch(URL, json={"email": "b@example.com"}, headers=alice.headers)
    assert left_alone.json == unnamed.json


@pytest.mark.parametrize("name", ["x" * 256, 7])
def test_a_senseless_name_is_refused(app, name):
    alice = register(app)

    response = alice.client.patch(URL, json={"name": name}, headers=alice.headers)

    assert_problem(response, 422, names="name: ")


def test_the_name_of_an_outside_login_is_what_that_says(alice):
    alice.has_task()

    assert_problem(alice.patch(URL, json={"name": "Alice"}), 404)


def test_who_somebody_is_is_for_no_cache(app):
    alice = register(app)

    assert alice.client.get(URL, headers=alice.headers).headers["Cache-Control"] == "no-store"
