"""Migrating while others do, while people work, and starting on what fits."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from taskapp.config import ROOT, command
from taskapp.database import schema
from tests import forks
from tests.history import code_before
from tests.servers import BIN, ForkedService, Postgres, Service, new_user_id
from tests.waiting import PATIENCE, until


def test_replicas_that_start_together_migrate_once(tmp_path):
    with Postgres(empty=True) as postgres, ThreadPoolExecutor(10) as pool:
        service = Service(postgres.url, tmp_path, DATABASE_ROLE="replicas")
        done = list(pool.map(lambda _: forks.run(service.environ, "flask", "migrate"), range(10)))

    assert [each.returncode for each in done] == [0] * 10, done[0].stderr
    ran = [line for each in done for line in each.stderr.splitlines() if "Running upgrade" in line]
    assert len(ran) == int(schema.of_code())


LATER = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade():
    {change}
"""


def release_with(folder, change):
    """Return where a release is that has one more migration than this one."""
    later = folder / "later"
    for part in ("taskapp", "migrations"):
        shutil.copytree(ROOT / part, later / part)
    shutil.copy(ROOT / "wsgi.py", later)
    text = LATER.format(newest=schema.of_code(), change=change)
    (later / "migrations/versions/9999_later.py").write_text(text)
    return later


def test_a_migration_waits_for_a_table_in_use_without_holding_up_requests(postgres, tmp_path):
    alice = new_user_id()
    # A request that is held up for as long as the table is in use gets a 503.
    settings = {"DATABASE_TIMEOUT": "20", "WEB_CONCURRENCY": "1"}
    log = tmp_path / "migrating.log"
    with (
        ForkedService(postgres.url, tmp_path, **settings) as service,
        service.session(alice) as session,
    ):
        tasks = f"{service.url}/api/{alice}/tasks"
        assert session.post(tasks, json={"title": "t"}, timeout=PATIENCE).status_code == 201
        later = release_with(
            tmp_path, "op.add_column('tasks', sa.Column('later', sa.Text, nullable=True))"
        )
        with psycopg.connect(postgres.url) as long, log.open("w") as written:
            long.execute("SELECT count(*) FROM tasks")  # and its transaction goes on
            migrating = subprocess.Popen(
                [BIN / "flask", "migrate"],
                cwd=later,
                env=service.environ | {"FLASK_APP": str(later / "wsgi.py")},
                stderr=written,
            )

            def asks_again() -> bool:
                assert session.get(tasks, timeout=PATIENCE).status_code == 200
                return log.read_text().count("A table is in use; trying again.") >= 2

            try:
                until(asks_again)
                assert migrating.poll() is None
            finally:
                long.rollback()
                code = migrating.wait(PATIENCE)
        assert code == 0, log.read_text()


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (
            "0001",
            f"at migration 0001, this release needs {schema.of_code()}: run `{command('migrate')}`",
        ),
        ("9999", "run a newer release"),
    ],
)
def test_it_does_not_start_on_another_schema(postgres, tmp_path, number, says):
    service = Service(postgres.url, tmp_path)
    service.migrate()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", (number,))

    done = subprocess.run(
        [BIN / "gunicorn"],
        cwd=ROOT,
        env=service.environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def stopped_in_the_end(service: Service) -> Iterator[None]:
    try:
        service.start()
        yield
    finally:
        service.stop()


def test_the_code_before_the_newest_migration_works_with_it(postgres, tmp_path):
    """What is deployed goes on serving while a new release is rolled out."""
    newest = max((ROOT / "migrations/versions").glob("[0-9]*.py"))
    old = code_before(newest, tmp_path)
    Service(postgres.url, tmp_path).migrate()

    service = Service(postgres.url, tmp_path, ALLOW_NEWER_DATABASE="true", WEB_CONCURRENCY="1")
    service.code = old
    service.health = "/health"  # the first release was ready on its own schema only
    service.environ["FLASK_APP"] = str(old / "wsgi.py")
    alice = new_user_id()
    with stopped_in_the_end(service), service.session(alice) as session:
        tasks = f"{service.url}/api/{alice}/tasks"
        made = session.post(tasks, json={"title": "Old"}, headers={"Idempotency-Key": "k"})
        assert made.status_code == 201, made.text
        one = service.url + made.headers["Location"]
        assert session.patch(f"{one}/complete").json()["completed"] is True
        assert session.put(one, json={"title": "New"}).json()["title"] == "New"
        assert session.get(tasks).json()[0]["title"] == "New"
        assert session.delete(one).status_code == 200
        assert session.post(f"{one}/restore").status_code == 200
        assert len(session.get(f"{tasks}/changes?since=0").json()["changes"]) == 1
        assert session.get(f"{service.url}/api/{alice}/export").json()["tasks"]
        assert session.delete(f"{service.url}/api/{alice}").status_code == 200
