"""Erasure is final: what was asked for before it and is carried out after it brings nothing back"""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from taskapp.tasks import queries
from tests.accounts.people import PASSWORD, register
from tests.problems import assert_problem
from tests.test_privacy import stored, works


def erase(app, alice, path):
    """Erase Alice as another request does: on a connection of its own."""

    def run():
        client = app.test_client()
        return client.delete(path, json={"password": PASSWORD}, headers=alice.headers)

    with ThreadPoolExecutor(1) as other:
        assert other.submit(run).result().status_code == 200


@pytest.fixture(params=["/api/{}", "/api/auth/me"])
def late(app, monkeypatch, request):
    """Alice, who is erased when the guard has let her request pass, and before it writes."""
    alice = works(register(app))

    def before(name):
        query = getattr(queries, name)

        def run(*arguments, **more):
            erase(app, alice, request.param.format(alice.id))
            return query(*arguments, **more)

        monkeypatch.setattr(queries, name, run)

    for name in ("create", "update", "toggle"):
        before(name)
    return alice


def test_a_new_task_brings_nobody_back(app, late):
    answer = late.client.post(f"/api/{late.id}/tasks", json={"title": "t"}, headers=late.headers)

    assert_problem(answer, 401, names="does not exist any more")
    assert not any(stored(app, late.id).values())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session")
def test_nor_does_one_with_a_key(app, late):
    # SQLite has one writer at a time: the erasure would wait for the end of the other request.
    key = {"Idempotency-Key": secrets.token_hex(8)}
    answer = late.client.post(
        f"/api/{late.id}/tasks", json={"title": "t"}, headers=late.headers | key
    )

    assert_problem(answer, 401)
    assert not any(stored(app, late.id).values())


@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("PATCH", "/complete")])
def test_a_change_finds_nothing(app, late, method, path):
    url = f"/api/{late.id}/tasks"
    task = late.client.get(url, headers=late.headers).json[0]["id"]
    body = {"title": "t"} if method == "PUT" else None

    answer = late.client.open(f"{url}/{task}{path}", method=method, json=body, headers=late.headers)

    assert_problem(answer, 404)
    assert not any(stored(app, late.id).values())


def test_whoever_has_an_outside_login_begins_anew(alice):
    alice.has_task()
    alice.delete(f"/api/{alice.id}")

    assert alice.has_task()
