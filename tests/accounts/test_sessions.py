"""GET and DELETE /api/auth/sessions, and how long sessions and their tokens are kept"""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from taskapp import create_app
from taskapp.accounts import sessions
from taskapp.database import db
from tests.accounts.people import PASSWORD, AccountHolder, post, register
from tests.problems import assert_problem

URL = "/api/auth/sessions"


def another(app, person):
    tokens = post(app, "login", {"email": person.email, "password": PASSWORD}).json
    return AccountHolder(app.test_client(), person.email, tokens)


def listed(person):
    response = person.client.get(URL, headers=person.headers)
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store"
    return response.json


def rows(app, table, condition, **values):
    with app.app_context(), db.engine.connect() as connection:
        count = sa.text(f"SELECT count(*) FROM {table} WHERE {condition}")
        return connection.scalar(count, values)


def test_everybody_sees_their_own_sessions_and_which_one_is_at_hand(app):
    alice, bob = register(app), register(app)
    phone = another(app, alice)

    first, second = listed(alice)

    assert (first["current"], second["current"]) == (True, False)
    assert first.keys() == {"id", "created_at", "expires_at", "current"}
    assert first["id"] not in {session["id"] for session in listed(bob)}
    assert [session["current"] for session in listed(phone)] == [False, True]


def test_one_of_them_can_be_ended(app):
    alice = register(app)
    phone = another(app, alice)
    lost = listed(alice)[1]["id"]

    assert alice.client.delete(f"{URL}/{lost}", headers=alice.headers).status_code == 200

    assert_problem(phone.tasks(), 401, names="session has ended")
    assert_problem(post(app, "refresh", {"refresh_token": phone.tokens["refresh_token"]}), 401)
    assert len(listed(alice)) == 1
    assert_problem(alice.client.delete(f"{URL}/{lost}", headers=alice.headers), 404)


def test_nobody_ends_anothers(app):
    alice, bob = register(app), register(app)
    hers = listed(alice)[0]["id"]

    assert_problem(bob.client.delete(f"{URL}/{hers}", headers=bob.headers), 404)
    bob.client.delete(URL, headers=bob.headers)

    assert alice.tasks().status_code == 200
    assert_problem(bob.tasks(), 401)


@pytest.mark.parametrize(("query", "mine"), [("", 401), ("?others=true", 200)])
def test_all_of_them_can_be_ended_but_for_this_one_if_asked(app, query, mine):
    alice = register(app)
    phone = another(app, alice)

    assert alice.client.delete(URL + query, headers=alice.headers).status_code == 200

    assert alice.tasks().status_code == mine
    assert phone.tasks().status_code == 401


def test_the_token_is_needed(stranger):
    for method, url in (("GET", URL), ("DELETE", URL), ("DELETE", f"{URL}/x")):
        assert_problem(stranger.open(url, method), 401)


def test_a_user_has_so_many_sessions_at_most_and_the_oldest_ends(app, monkeypatch):
    monkeypatch.setattr(sessions, "MOST", 3)
    alice, bob = register(app), register(app)

    others = [another(app, alice) for _ in range(3)]

    assert rows(app, "sessions", "user_id = :id", id=alice.id) == 3
    assert_problem(alice.tasks(), 401, names="session has ended")
    assert [person.tasks().status_code for person in (*others, bob)] == [200] * 4


def test_a_refresh_leaves_no_row_behind(app):
    alice = register(app)
    session = listed(alice)[0]["id"]
    token = alice.tokens["refresh_token"]

    def kept():
        return rows(app, "refresh_tokens", "session_id = :id", id=session)

    before = kept()
    used = []
    for _ in range(20):
        used.append(token)
        token = post(app, "refresh", {"refresh_token": token}).json["refresh_token"]

    assert kept() == before == 2
    # The oldest one, too, is known for having been used.
    assert_problem(post(app, "refresh", {"refresh_token": used[0]}), 401)
    assert_problem(post(app, "refresh", {"refresh_token": token}), 401)
    assert kept() == 0


def test_a_refresh_token_of_an_older_release_is_taken_once(app):
    alice = register(app)
    session = listed(alice)[0]["id"]
    old = [f"refresh_{alice.id}-{number}" for number in range(3)]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM refresh_tokens WHERE session_id = :id"), {"id": session}
        )
        new = sa.text("INSERT INTO refresh_tokens VALUES (:digest, :id, :used)")
        for token in old:
            about = {"digest": sessions._digest(token), "id": session, "used": token != old[-1]}
            connection.execute(new, about)

    answer = post(app, "refresh", {"refresh_token": old[-1]})

    assert answer.status_code == 200
    assert rows(app, "refresh_tokens", "session_id = :id", id=session) == 3
    assert_problem(post(app, "refresh", {"refresh_token": old[-1]}), 401)
    new = answer.json["refresh_token"]
    assert_problem(post(app, "refresh", {"refresh_token": new}), 401)


def test_a_session_gets_so_old_at_most(environ, app):
    app = create_app(environ | {"SESSION_DAYS": "40"})
    alice = register(app)
    begin(app, alice, days_ago=39)

    response = post(app, "refresh", {"refresh_token": alice.tokens["refresh_token"]})

    assert response.status_code == 200
    assert 86300 < response.json["expires_in"] <= 86400
    left = datetime.fromisoformat(listed(alice)[0]["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(days=1)
    begin(app, alice, days_ago=41)
    again = {"refresh_token": response.json["refresh_token"]}
    assert_problem(post(app, "refresh", again), 401)
    assert_problem(alice.tasks(), 401)


def begin(app, person, days_ago):
    moment = f"{datetime.now(UTC) - timedelta(days=days_ago):%Y-%m-%d %H:%M:%S.%f}"
    with app.app_context(), db.engine.begin() as connection:
        moment += "+00:00" if connection.dialect.name == "postgresql" else ""
        began = sa.text("UPDATE sessions SET created_at = :moment WHERE user_id = :id")
        connection.execute(began, {"moment": moment, "id": person.id})
