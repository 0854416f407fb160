"""How often a request waits for PostgreSQL: once."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import flask_migrate
import psycopg
import pytest
import sqlalchemy as sa

from taskapp import create_app
from taskapp.auth import tokens
from tests.conftest import Person
from tests.feeds.calendars import make
from tests.programs.people import program
from tests.servers import RoundTrips, pretend_to_be_distributed


@pytest.fixture(scope="module")
def counter(postgresql_url):
    with RoundTrips(postgresql_url) as counter:
        yield counter


@pytest.fixture(scope="module")
def distributed(postgresql_url):
    """A counter in front of a database that is taken for one of Citus."""
    name = f"distributed_{secrets.token_hex(6)}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        url = sa.make_url(postgresql_url).set(database=name)
        pretend_to_be_distributed(url.render_as_string(hide_password=False))
        with RoundTrips(url.render_as_string(hide_password=False)) as counter:
            yield counter
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def alice(counter, tmp_path_factory):
    return someone(counter, tmp_path_factory)


def someone(counter, tmp_path_factory):
    """Return somebody whose service reaches the database through the counter."""
    secret = secrets.token_urlsafe(48)
    folder = str(tmp_path_factory.mktemp("instance"))
    settings = {"DATABASE_URL": counter.url, "JWT_SECRET_KEY": secret, "INSTANCE_PATH": folder}
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
    user_id = f"alice-{secrets.token_hex(6)}"
    token = tokens.issue(user_id, tokens.Key("HS256", secret), "sub")
    return Person(user_id, app.test_client(), token)


@contextmanager
def round_trips(counter, count: int) -> Iterator[None]:
    before = counter.count
    yield
    assert counter.count - before == count


def test_reads_and_simple_writes_take_one_round_trip(counter, alice):
    task = alice.has_task()
    etag = alice.get(alice.tasks_url).headers["ETag"]

    with round_trips(counter, 1):
        assert alice.get(task["url"]).status_code == 200
    with round_trips(counter, 1):
        assert alice.get(alice.tasks_url).status_code == 200
    with round_trips(counter, 1):
        unchanged = alice.get(alice.tasks_url, headers={"If-None-Match": etag})
        assert unchanged.status_code == 304
    with round_trips(counter, 1):
        alice.has_task("Another")
    with round_trips(counter, 1):
        assert alice.put(task["url"], json={"title": "Changed"}).status_code == 200
    with round_trips(counter, 1):
        assert alice.patch(f"{task['url']}/complete").status_code == 200
    # What frontends do that put a whole task back with its box ticked.
    for completed in (True, False):
        whole = {**alice.get(task["url"]).json, "completed": completed}
        for method in ("PUT", "PATCH"):
            with round_trips(counter, 1):
                assert alice.open(task["url"], method, json=whole).status_code == 200
    with round_trips(counter, 1):
        body = {"completed": True}
        assert alice.patch(f"{task['url']}/complete", json=body).status_code == 200
    with round_trips(counter, 1):
        assert alice.delete(task["url"]).status_code == 200


def test_a_rule_costs_round_trips_only_where_more_than_one_task_is_written(counter, alice):
    with round_trips(counter, 1):
        task = alice.has_task(recurrence="daily", due_date="2026-01-31", time_zone="Europe/Berlin")
    with round_trips(counter, 1):
        assert alice.put(task["url"], json={"title": "Changed"}).status_code == 200
    # In vain; what is there; BEGIN with the user; the lock; the task; the next one, which is not
    # there yet, and is made; the task again; COMMIT.
    with round_trips(counter, 9):
        assert alice.patch(f"{task['url']}/complete").json["next_task_id"]
    with round_trips(counter, 8):
        assert alice.patch(f"{task['url']}/complete").json["next_task_id"] is None


def test_a_program_takes_one_more_and_so_does_a_calendar(counter, alice):
    script = program(alice)
    url = make(alice)["url"]
    task = script.has_task()  # the first use is noted
    etag = {"If-None-Match": alice.client.get(url).headers["ETag"]}

    with round_trips(counter, 2):
        assert script.get(task["url"]).status_code == 200
    with round_trips(counter, 2):
        assert alice.client.get(url, headers=etag).status_code == 304
    with round_trips(counter, 1):
        assert alice.get(f"{alice.tasks_url}/summary?today=2026-02-01").status_code == 200


def test_on_nodes_of_citus_a_read_takes_one_and_a_write_two(distributed, tmp_path_factory):
    alice = someone(distributed, tmp_path_factory)
    task = alice.has_task()

    for url in (task["url"], alice.tasks_url, f"{alice.tasks_url}/summary"):
        with round_trips(distributed, 1):
            assert alice.get(url).status_code == 200
    with round_trips(distributed, 2):
        alice.has_task("Another")
    with round_trips(distributed, 2):
        assert alice.patch(f"{task['url']}/complete").status_code == 200
    with round_trips(distributed, 2):
        assert alice.delete(task["url"]).status_code == 200
