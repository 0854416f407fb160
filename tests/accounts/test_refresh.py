"""POST /api/auth/refresh, with the token in the body or in a cookie"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from taskapp import create_app
from taskapp.database import db
from tests.accounts.people import PASSWORD, post, register
from tests.problems import assert_problem

COOKIE = "__Secure-taskapp-refresh"
FRONTEND = {"X-CSRF-Protection": "1", "Origin": "http://localhost:3000"}


def refresh(app, token):
    return post(app, "refresh", {"refresh_token": token})


def test_a_refresh_token_brings_new_tokens(app):
    alice = register(app)

    response = refresh(app, alice.tokens["refresh_token"])

    assert response.status_code == 200
    assert response.json["refresh_token"] != alice.tokens["refresh_token"]
    headers = {"Authorization": f"Bearer {response.json['access_token']}"}
    assert alice.client.get(f"/api/{alice.id}/tasks", headers=headers).status_code == 200


def test_a_session_lives_on_for_30_days_after_its_last_refresh(app):
    alice = register(app)

    def days_left():
        url = f"/api/{alice.id}/export"
        (session,) = alice.client.get(url, headers=alice.headers).json["sessions"]
        left = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
        return left.total_seconds() / 86400

    assert 29.99 < days_left() <= 30
    with app.app_context(), db.engine.begin() as connection:
        soon = sa.text("UPDATE sessions SET expires_at = :soon WHERE user_id = :id")
        moment = f"{datetime.now(UTC) + timedelta(minutes=10):%Y-%m-%d %H:%M:%S.%f}"
        moment += "+00:00" if connection.dialect.name == "postgresql" else ""
        connection.execute(soon, {"soon": moment, "id": alice.id})
    assert days_left() < 1

    assert refresh(app, alice.tokens["refresh_token"]).status_code == 200

    assert 29.99 < days_left() <= 30


def test_using_a_refresh_token_twice_ends_its_whole_session(app):
    alice = register(app)
    first = alice.tokens["refresh_token"]
    second = refresh(app, first).json

    assert_problem(refresh(app, first), 401, names="sign in again")

    assert_problem(refresh(app, second["refresh_token"]), 401)
    assert_problem(alice.tasks(), 401, names="session has ended")
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    assert_problem(alice.client.get(f"/api/{alice.id}/tasks", headers=headers), 401)


def test_other_sessions_live_on(app):
    alice = register(app)
    other = post(app, "login", {"email": alice.email, "password": PASSWORD}).json
    for _ in range(2):
        refresh(app, alice.tokens["refresh_token"])

    assert refresh(app, other["refresh_token"]).status_code == 200


def test_of_two_uses_at_once_at_most_one_succeeds(app):
    alice = register(app)

    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(
            lambda _: refresh(app, alice.tokens["refresh_token"]).status_code, range(4)
        )

    assert sorted(answers)[1:] == [401] * 3


def test_an_expired_session_cannot_be_refreshed(app):
    alice = register(app)
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE sessions SET expires_at = '2020-01-01 00:00:00+00:00'"
            f" WHERE user_id = '{alice.id}'"
        )

    assert_problem(refresh(app, alice.tokens["refresh_token"]), 401)
    assert_problem(alice.tasks(), 401, names="session has ended")


@pytest.mark.parametrize("token", ["refresh_unknown", "x", "é", "a.b.c"])
def test_an_unknown_token_is_refused(app, token):
    assert_problem(refresh(app, token), 401)


def test_no_token_is_refused(app):
    assert_problem(post(app, "refresh"), 401, names="refresh token")


def test_an_access_token_is_no_refresh_token_and_the_other_way_round(app):
    alice = register(app)

    assert_problem(refresh(app, alice.tokens["access_token"]), 422)
    headers = {"Authorization": f"Bearer {alice.tokens['refresh_token']}"}
    answer = alice.client.get(f"/api/{alice.id}/tasks", headers=headers)
    assert_problem(answer, 401, names="This is a refresh token")


@pytest.fixture
def browser(app):
    """A browser that has signed in with the refresh token in a cookie."""
    alice = register(app)
    client = app.test_client()
    body = {"email": alice.email, "password": PASSWORD, "cookie": True}
    response = post(app, "login", body, client=client, base_url="https://localhost")
    assert "refresh_token" not in response.json
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}=refresh_")
    for attribute in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/api/auth", "Max-Age=2592000"):
        assert attribute in cookie
    return client


def by_cookie(app, browser, path="refresh", **headers):
    return post(app, path, client=browser, base_url="https://localhost", headers=headers)


def test_the_cookie_rotates_as_the_token_does(app, browser):
    for _ in range(2):
        response = by_cookie(app, browser, **FRONTEND)
        assert response.status_code == 200
        assert "refresh_token" not in response.json
        assert response.json["access_token"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:3000"},
        {"X-CSRF-Protection": "1", "Origin": "https://evil.example"},
        {"X-CSRF-Protection": "1", "Origin": "null"},
    ],
)
def test_another_site_cannot_use_the_cookie(app, browser, headers):
    for path in ("refresh", "logout"):
        assert_problem(by_cookie(app, browser, path, **headers), 403, names="X-CSRF-Protection")

    assert by_cookie(app, browser, **FRONTEND).status_code == 200


def test_signing_out_by_cookie_forgets_it(app, browser):
    response = by_cookie(app, browser, "logout", **FRONTEND)

    assert response.status_code == 200
    assert browser.get_cookie(COOKIE, path="/api/auth") is None


def test_the_cookie_can_be_sent_across_sites_if_a_setting_says_so(environ, app):
    app = create_app(environ | {"REFRESH_COOKIE_SAMESITE": "None"})
    alice = register(app)

    body = {"email": alice.email, "password": PASSWORD, "cookie": True}
    response = post(app, "login", body)

    assert "SameSite=None" in response.headers["Set-Cookie"]


def test_two_cookies_are_one_too_many(app, browser):
    mine = browser.get_cookie(COOKIE, path="/api/auth").value
    headers = {"Cookie": f"{COOKIE}=refresh_of_somebody_else; {COOKIE}={mine}", **FRONTEND}

    for path in ("refresh", "logout"):
        bare = app.test_client(use_cookies=False)
        answer = post(app, path, client=bare, base_url="https://localhost", headers=headers)
        assert_problem(answer, 403, names="more than once")

    assert by_cookie(app, browser, **FRONTEND).status_code == 200
