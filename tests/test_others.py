"""Whatever somebody does, the rows of everybody else stay as they are, in every table."""

import secrets
from datetime import timedelta

import jwt
import pytest
import sqlalchemy as sa

from taskapp.accounts import queries as accounts
from taskapp.auth import Identity
from taskapp.database import db, maintenance, now
from taskapp.rest.etags import Precondition
from taskapp.tasks import queries as tasks
from taskapp.tasks import trash
from taskapp.users import queries as users
from taskapp.users import revisions
from tests.accounts.people import PASSWORD, post, register
from tests.problems import assert_problem
from tests.test_privacy import stored, works


def session_of(tokens):
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    return str(claims["sid"])


def login(app, person):
    return post(app, "login", {"email": person.email, "password": PASSWORD}).json


def with_a_past(app):
    """An account holder with rows of every kind, a session and a key of which have expired."""
    person = works(register(app))
    old = session_of(login(app, person))
    with app.app_context(), db.engine.begin() as connection:
        past = "'2020-01-01 00:00:00+00:00'"
        ended = sa.text(f"UPDATE sessions SET expires_at = {past} WHERE id = :id")
        expired = sa.text(
            f"UPDATE idempotency_keys SET created_at = {past} WHERE user_id = :id AND key = 'key-0'"
        )
        connection.execute(ended, {"id": old})
        connection.execute(expired, {"id": person.id})
    return person


@pytest.fixture
def alice(app):
    return with_a_past(app)


@pytest.fixture
def bob(app):
    return with_a_past(app)


def test_sessions_begin_go_on_and_end_without_anybody_elses(app, alice, bob):
    before, kept = stored(app, bob.id), session_of(alice.tokens)

    first, second, third = (login(app, alice) for _ in range(3))
    again = post(app, "refresh", {"refresh_token": first["refresh_token"]}).json
    assert_problem(post(app, "refresh", {"refresh_token": first["refresh_token"]}), 401)
    assert post(app, "logout", {"refresh_token": second["refresh_token"]}).status_code == 200
    bearer = {"Authorization": f"Bearer {third['access_token']}"}
    assert post(app, "logout", headers=bearer).status_code == 200

    assert again["access_token"]
    assert [row.id for row in stored(app, alice.id)["sessions"]] == [kept]
    assert stored(app, bob.id) == before


def test_a_refresh_extends_its_own_session_and_uses_its_own_token(app, alice):
    other = login(app, alice)
    before = stored(app, alice.id)

    post(app, "refresh", {"refresh_token": alice.tokens["refresh_token"]})

    after = stored(app, alice.id)
    (changed,) = {row.id for row in after["sessions"]} - {
        row.id for row in after["sessions"] if row in before["sessions"]
    }
    assert changed == session_of(alice.tokens)
    gone = [row for row in before["refresh_tokens"] if row not in after["refresh_tokens"]]
    assert {row.session_id for row in gone} == {changed}
    new = [row for row in after["refresh_tokens"] if row not in before["refresh_tokens"]]
    assert {row.session_id for row in new} == {changed}
    assert post(app, "refresh", {"refresh_token": other["refresh_token"]}).status_code == 200


def test_a_session_is_alive_only_for_its_own_user(app, alice, bob):
    with app.app_context(), maintenance():
        session = session_of(alice.tokens)

        assert accounts.has_session(alice.id, session)
        assert not accounts.has_session(bob.id, session)
        assert not accounts.has_session(alice.id, session[:-1])


def test_each_account_is_found_by_its_own_user_and_email(app, alice, bob):
    with app.app_context(), maintenance():
        for person in (alice, bob):
            assert accounts.get(person.id).email == person.email
            assert accounts.find(person.email).user_id == person.id
            assert users.get(person.id).id == person.id


def test_a_key_of_the_same_name_belongs_to_each_user_alone(app, alice, bob):
    his, hers = stored(app, bob.id), stored(app, alice.id)["idempotency_keys"]

    def create(key):
        headers = alice.headers | {"Idempotency-Key": key}
        url = f"/api/{alice.id}/tasks"
        return alice.client.post(url, json={"title": "t"}, headers=headers)

    replayed = create("key-1")
    begun_anew = create("key-0")
    new = create(secrets.token_hex(8))

    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in begun_anew.headers
    assert new.status_code == 201
    after = stored(app, alice.id)["idempotency_keys"]
    assert [row.key for row in hers if row not in after] == ["key-0"]
    assert len(after) == len(hers) + 1
    assert stored(app, bob.id) == his


def one_of_each(owner, task_id, if_):
    """Every way to change a task."""
    yield lambda: tasks.toggle(owner, task_id, if_)
    yield lambda: tasks.update(owner, task_id, {"title": "new"}, if_)
    yield lambda: tasks.update(owner, task_id, {}, if_)
    yield lambda: trash.hide(owner, task_id, if_)
    yield lambda: trash.restore(owner, task_id, if_)
    yield lambda: trash.wipe(owner, task_id, if_)


def test_a_write_changes_one_task_and_one_counter(app, alice, bob):
    """With the second lock of PostgreSQL open, as on SQLite, which has none."""
    his, others = stored(app, bob.id), stored(app, alice.id)["tasks"]
    me = Identity(alice.id)
    with app.app_context(), maintenance():
        mine = tasks.create(me, {"title": "t"}, 10).id
        for change in one_of_each(me, mine, Precondition()):
            revision = revisions.current(alice.id)
            assert change().id == mine
            assert revisions.current(alice.id) - revision in (0, 1)
        assert tasks.get(alice.id, his["tasks"][0].id) is None
        assert trash.get(alice.id, his["tasks"][0].id) is None
        for task in his["tasks"]:
            for change in one_of_each(me, task.id, Precondition()):
                assert change() is None

    assert [row for row in stored(app, alice.id)["tasks"] if row.id != mine] == others
    assert stored(app, bob.id) == his


def test_a_counter_is_watched_locked_and_moved_alone(app, alice, bob):
    his = stored(app, bob.id)
    until = now() + timedelta(minutes=1)
    with app.app_context(), maintenance():
        before = users.get(alice.id)
        revisions.watch(alice.id, until)
        revisions.lock(alice.id)
        watched = {**before._mapping, "watched_until": until}
        assert users.get(alice.id)._mapping == watched
        revisions.watch(alice.id, until - timedelta(seconds=1))
        assert users.get(alice.id).watched_until == until
        revisions.move_purge_horizon(alice.id, before.revision, 7)
        revisions.move_purge_horizon(alice.id, before.revision - 1, 8)
        moved = users.get(alice.id)
        assert (moved.purge_horizon, moved.revision) == (before.revision, before.revision + 2)
        assert moved.task_count == 8

    assert stored(app, bob.id) == his


def test_a_purge_removes_what_one_user_has_deleted_before_then(app, alice, bob):
    his, hers = stored(app, bob.id), stored(app, alice.id)
    deleted = [row for row in hers["tasks"] if row.deleted_at]
    long_ago, soon = now() - timedelta(days=1), now() + timedelta(days=1)
    with app.app_context(), maintenance():
        assert trash.purge(alice.id, long_ago, 10) == []
        assert users.get(alice.id).revision == hers["users"][0].revision
        assert {alice.id, bob.id}.isdisjoint(trash.users_to_purge(long_ago, "", 10**6))
        assert {alice.id, bob.id} <= set(trash.users_to_purge(soon, "", 10**6))
        assert trash.purge(alice.id, soon, 10) == [deleted[0].id]
        assert users.get(alice.id).purge_horizon == deleted[0].revision

    left = [row for row in hers["tasks"] if row not in deleted]
    assert stored(app, alice.id)["tasks"] == left
    assert stored(app, bob.id) == his


def test_while_a_purge_looks_its_user_can_restore_nothing_and_others_can(app, alice, bob):
    long_ago = now() - timedelta(days=1)
    free = sa.text("SELECT id FROM users WHERE id IN (:alice, :bob) FOR UPDATE SKIP LOCKED")
    with app.app_context(), maintenance(), db.engine.connect() as other:
        if other.dialect.name == "sqlite":
            return  # has one writer at a time
        assert trash.purge(alice.id, long_ago, 10) == []

        found = other.execute(free, {"alice": alice.id, "bob": bob.id})

        assert found.scalars().all() == [bob.id]
