"""What docs/operations.md says of backups, done: a dump, and the state of one moment."""

import os
import pwd
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.servers import ForkedService, Postgres, Service, new_user_id
from tests.waiting import until


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A folder that PostgreSQL may write to."""
    with tempfile.TemporaryDirectory(prefix="shelf-", dir="/tmp") as folder:
        yield Path(folder)


def let_write(folder: Path, postgres: Postgres) -> None:
    if user := postgres.server.system_user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)


def has_tasks(service: Service, user_id: str, *titles: str) -> None:
    with service.session(user_id) as session:
        for title in titles:
            key = {"Idempotency-Key": title.replace(" ", "-")}
            url = f"{service.url}/api/{user_id}/tasks"
            assert session.post(url, json={"title": title}, headers=key).status_code == 201


def export(service: Service, user_id: str) -> dict[str, object]:
    with service.session(user_id) as session:
        return session.get(f"{service.url}/api/{user_id}/export").json()


def served(postgres: Postgres, tmp_path: Path, **settings: str) -> Service:
    service = ForkedService(postgres.url, tmp_path, WEB_CONCURRENCY="1", **settings)
    service.secret = settings.get("JWT_SECRET_KEY", service.secret)
    return service


def test_a_dump_restores_everything_into_an_empty_cluster(shelf, tmp_path):
    alice = new_user_id()
    dump = shelf / "taskapp.dump"
    with Postgres() as old:
        let_write(shelf, old)
        with served(old, tmp_path) as service:
            has_tasks(service, alice, "One", "Two")
            before = export(service, alice)
        old.run("pg_dump", "--format=custom", f"--file={dump}", old.url)

    with Postgres(empty=True) as new:
        # The role is not in the dump: `migrate` makes it again.
        restore = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--exit-on-error")
        new.run("pg_restore", *restore, f"--dbname={new.url}", str(dump))
        with served(new, tmp_path, JWT_SECRET_KEY=service.secret) as service:
            assert export(service, alice) == before
            has_tasks(service, alice, "Three")
            with service.session(new_user_id()) as stranger:
                assert stranger.get(f"{service.url}/api/{alice}/tasks").status_code == 403


def test_the_state_of_one_moment_comes_back(shelf, tmp_path):
    """Everything up to a moment after the base backup, and nothing of the accident after it."""
    alice = new_user_id()
    archive, base = shelf / "archive", shelf / "base"
    archive.mkdir()
    with Postgres() as old:
        for folder in (shelf, archive):
            let_write(folder, old)
        with psycopg.connect(old.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET archive_mode = on")
            keep = f"test ! -f {archive}/%f && cp %p {archive}/%f"
            connection.execute(f"ALTER SYSTEM SET archive_command = '{keep}'")
        old.stop()
        old.start()
        with served(old, tmp_path) as service:
            has_tasks(service, alice, "Before the backup")
            old.run("pg_basebackup", "--checkpoint=fast", f"--pgdata={base}", f"--dbname={old.url}")
            has_tasks(service, alice, "After the backup")
            before = export(service, alice)
            moment = datetime.now(UTC)
            with service.session(alice) as session:  # the accident
                assert session.delete(f"{service.url}/api/{alice}").status_code == 200
            has_tasks(service, new_user_id(), "Of somebody else")
        with psycopg.connect(old.url, autocommit=True) as connection:
            connection.execute("SELECT pg_switch_wal()")
            archived = "SELECT last_archived_time > %s FROM pg_stat_archiver"
            until(lambda: connection.execute(archived, (moment,)).fetchone()[0])

    # This cluster has its socket in its folder, where others have it elsewhere.
    (base / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    (base / "recovery.signal").touch()
    with (base / "postgresql.auto.conf").open("a") as file:
        file.write(f"restore_command = 'cp {archive}/%f %p'\n")
        file.write(f"recovery_target_time = '{moment.isoformat()}'\n")
        file.write("recovery_target_action = 'promote'\narchive_mode = off\n")
    let_write(base / "recovery.signal", old)
    secret = service.secret
    with Postgres(str(base)) as new:
        with psycopg.connect(new.url, autocommit=True) as connection:
            promoted = "SELECT NOT pg_is_in_recovery()"
            until(lambda: connection.execute(promoted).fetchone()[0])
        with served(new, tmp_path, JWT_SECRET_KEY=secret) as service:
            assert export(service, alice) == before
            has_tasks(service, alice, "After the restore")
