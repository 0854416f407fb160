"""A pooler in transaction mode that does not keep prepared statements (PgBouncer before 1.21)."""

import contextlib
import subprocess
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from taskapp.config import ROOT
from tests.replicas.conftest import pooled
from tests.servers import BIN, Postgres, Service, new_user_id


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """Two instances with a connection each, which share the pooler's one to PostgreSQL.

    The pooler does not pass on what a session asks for, and nobody has set it on the role.
    """
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(Postgres())
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} SET timezone = 'America/New_York'")
        folder = tmp_path_factory.mktemp("pgbouncer")
        url = stack.enter_context(pooled(postgres.url, folder, settled=False, size=1))
        settings = {"DATABASE_DIRECT_URL": postgres.url, "THREADS": "1", "WEB_CONCURRENCY": "1"}
        settings["ACCOUNTS"] = "on"
        services = [
            stack.enter_context(Service(url, tmp_path_factory.mktemp(name), **settings))
            for name in ("a", "b")
        ]
        yield postgres, services


def recycle(postgres):
    """Let the pooler open a new connection to PostgreSQL."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid != pg_backend_pid() AND backend_type = 'client backend'"
        )


def until_ok(ask, *arguments, **more):
    """Ask again while the answer is a 503, as a client does."""
    for _ in range(100):
        answer = ask(*arguments, timeout=10, **more)
        if answer.status_code != 503:
            return answer
        time.sleep(0.05)
    raise AssertionError(answer.text)


def test_no_statement_is_ever_taken_for_another(behind):
    postgres, (a, b) = behind
    alice = new_user_id()
    with a.session(alice) as at_a, b.session(alice) as at_b:
        tasks = f"/api/{alice}/tasks"
        ids = [
            until_ok(at_a.post, a.url + tasks, json={"title": "t"}).json()["id"] for _ in range(3)
        ]
        toggle = f"{a.url}{tasks}/{{}}/complete"
        assert until_ok(at_a.patch, toggle.format(ids[0])).json()["completed"]
        recycle(postgres)
        gone = until_ok(at_b.delete, f"{b.url}{tasks}/{ids[1]}")
        assert gone.status_code == 200, gone.text

        toggled = until_ok(at_a.patch, toggle.format(ids[2]))

        assert toggled.json()["completed"] is True
        left = until_ok(at_b.get, b.url + tasks).json()
    assert {task["id"]: task["completed"] for task in left} == {ids[0]: True, ids[2]: True}


def test_soon_nothing_fails_any_more_and_the_log_says_what_to_set(behind):
    postgres, services = behind
    alice = new_user_id()
    for _ in range(3):
        for service in services:
            with service.session(alice) as session:
                tasks = f"{service.url}/api/{alice}/tasks"
                key = {"Idempotency-Key": new_user_id()}
                until_ok(session.post, tasks, json={"title": "t"}, headers=key)
                until_ok(session.get, tasks)
        recycle(postgres)
    for service in services:
        with service.session(alice) as session:
            tasks = f"{service.url}/api/{alice}/tasks"
            until_ok(session.get, tasks)
            for _ in range(20):
                made = session.post(tasks, json={"title": "t"}, timeout=10)
                assert made.status_code == 201, made.text
                assert session.get(tasks, timeout=10).status_code == 200
        assert "PREPARED_STATEMENTS=false" in service.log.read_text()


def test_times_are_utc_although_the_session_is_not(behind):
    _, (a, _) = behind
    alice = new_user_id()
    with a.session(alice) as session:
        tasks = f"{a.url}/api/{alice}/tasks"
        made = until_ok(session.post, tasks, json={"title": "t"}).json()
        listed = until_ok(session.get, tasks).json()
        exported = until_ok(session.get, f"{a.url}/api/{alice}/export").json()

    assert listed == exported["tasks"] == [made]
    assert made["created_at"].endswith("Z")
    came = datetime.fromisoformat(exported["user"]["created_at"])
    assert abs(datetime.now(UTC) - came) < timedelta(minutes=10)


def checked(service):
    return subprocess.run(
        [BIN / "flask", "check"], cwd=ROOT, env=service.environ, capture_output=True, text=True
    )


def test_check_names_the_statements_and_finds_the_session_as_it_should_be(behind):
    _, (a, _) = behind

    done = checked(a)

    assert done.returncode == 1
    assert "ok    session" in done.stdout
    assert "FAIL  statements" in done.stdout
    assert "PREPARED_STATEMENTS=false" in done.stdout


@pytest.fixture(scope="module", params=["options,extra_float_digits", "extra_float_digits"])
def unsettled(request, tmp_path_factory):
    """An instance behind a pooler that ignores options, or refuses them; nothing is on the role."""
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(Postgres())
        folder = tmp_path_factory.mktemp("pgbouncer")
        url = pooled(postgres.url, folder, settled=False, size=2, ignored=request.param)
        settings = {"PREPARED_STATEMENTS": "false", "DATABASE_TIMEOUT": "1"}
        # Without a way past it: migrations and the listener come through the pooler, too.
        service = Service(stack.enter_context(url), folder, **settings)
        yield postgres, stack.enter_context(service)


def test_limits_hold_although_no_session_can_ask_for_them(unsettled):
    postgres, service = unsettled
    alice = new_user_id()
    with service.session(alice) as session, psycopg.connect(postgres.url) as other:
        tasks = f"{service.url}/api/{alice}/tasks"
        task = session.post(tasks, json={"title": "t"}, timeout=30).json()["id"]
        key = {"Idempotency-Key": new_user_id()}
        other.execute("SELECT FROM tasks WHERE user_id = %s FOR UPDATE", [alice])

        # Each statement a transaction of its own, and several in one: a lock ends both waits.
        alone = session.patch(f"{tasks}/{task}/complete", timeout=30)
        together = session.patch(f"{tasks}/{task}/complete", headers=key, timeout=30)

        assert (alone.status_code, together.status_code) == (503, 503)
        other.rollback()
        done = session.patch(f"{tasks}/{task}/complete", headers=key, timeout=30)
        assert done.json()["completed"] is True


def test_check_is_content_although_no_session_can_ask(unsettled):
    _, service = unsettled

    done = checked(service)

    assert done.returncode == 0, done.stdout
    assert "ok    session" in done.stdout
