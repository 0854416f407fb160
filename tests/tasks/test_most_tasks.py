"""How many tasks a user may have: MAX_TASKS_PER_USER"""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from taskapp import create_app
from taskapp.database import db
from tests.accounts.people import register
from tests.conftest import Person, person
from tests.problems import assert_problem
from tests.tasks.test_undo import age, purge

MOST = 3


@pytest.fixture(scope="module")
def strict(environ, app):
    return create_app(environ | {"MAX_TASKS_PER_USER": str(MOST)})


@pytest.fixture(params=["an outside login", "an account here"])
def alice(strict, request):
    if request.param == "an outside login":
        return person(strict, "alice")
    holder = register(strict)
    return Person(holder.id, holder.client, holder.tokens["access_token"])


def create(alice, **kwargs):
    return alice.post(alice.tasks_url, json={"title": "t"}, **kwargs)


def test_more_are_refused_and_nobody_else_is(app, alice, bob):
    urls = [alice.has_task()["url"] for _ in range(MOST)]

    refused = create(alice)

    assert_problem(refused, 403, names="More than 3 tasks")
    assert len(alice.get(alice.tasks_url).json) == MOST
    assert alice.put(urls[0], json={"title": "changed"}).status_code == 200
    for _ in range(MOST + 1):
        bob.has_task()


def test_those_in_the_trash_count_until_they_are_purged(app, alice):
    first, *_ = (alice.has_task()["url"] for _ in range(MOST))
    alice.delete(first)
    assert_problem(create(alice), 403)
    alice.post(f"{first}/restore")
    assert_problem(create(alice), 403)
    alice.delete(f"{first}?permanent=true")
    assert_problem(create(alice), 403)

    age(app, alice)
    purge(app)

    assert create(alice).status_code == 201
    assert_problem(create(alice), 403)


def test_of_many_at_once_as_many_are_created_as_there_is_room_for(alice):
    def one(_):
        client = alice.client.application.test_client()
        return create(Person(alice.id, client, alice.token)).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, range(12)))

    assert sorted(statuses) == [201] * MOST + [403] * (12 - MOST)


def test_tasks_that_an_older_release_has_made_are_counted(app, alice):
    for _ in range(MOST - 1):
        alice.has_task()
    with app.app_context(), db.engine.begin() as connection:
        uncounted = sa.text("UPDATE users SET task_count = NULL WHERE id = :id")
        connection.execute(uncounted, {"id": alice.id})

    assert [create(alice).status_code for _ in range(3)] == [201, 403, 403]


def test_whoever_is_erased_begins_at_none(strict, bob):
    bob = Person(bob.id, strict.test_client(), bob.token)
    for _ in range(MOST):
        bob.has_task()

    bob.delete(f"/api/{bob.id}")

    assert [create(bob).status_code for _ in range(MOST + 1)] == [201] * MOST + [403]


def test_a_refusal_is_not_kept_for_a_retry(app, alice):
    key = {"Idempotency-Key": secrets.token_hex(8)}
    for _ in range(MOST):
        alice.has_task()
    assert_problem(create(alice, headers=key), 403)
    alice.delete(f"{alice.tasks_url}/{alice.get(alice.tasks_url).json[0]['id']}")
    age(app, alice)
    purge(app)

    assert create(alice, headers=key).status_code == 201


def batch(alice, *operations, **more):
    body = {"operations": list(operations), **more}
    return alice.post(f"{alice.tasks_url}/batch", json=body).json


def test_several_are_created_only_where_there_is_room_for_all_of_them(alice):
    one = {"op": "create", "fields": {"title": "t"}}

    assert [each["status"] for each in batch(alice, *[one] * (MOST + 1))["results"]] == [403] * 4
    assert [each["status"] for each in batch(alice, one, one)["results"]] == [201] * 2
    assert [each["status"] for each in batch(alice, one, one)["results"]] == [403] * 2
    assert len(alice.get(alice.tasks_url).json) == 2
    assert [each["status"] for each in batch(alice, one)["results"]] == [201]
    assert_problem(create(alice), 403)


def test_one_that_comes_again_needs_room_for_the_next(alice):
    first = alice.has_task(due_date="2026-01-31", recurrence="daily")
    for _ in range(MOST - 1):
        alice.has_task()

    assert_problem(alice.patch(f"{first['url']}/complete"), 403, names="More than 3 tasks")

    assert alice.get(first["url"]).json["completed"] is False
