"""The second lock, on PostgreSQL: what a request reads and writes when the first ones are gone."""

import secrets

import flask_migrate
import psycopg
import pytest
import sqlalchemy as sa

from taskapp import auth, create_app
from taskapp.database import (
    Prepared,
    autocommit,
    execute,
    maintenance,
    transaction,
    transactional,
)
from taskapp.rest.idempotency import IdempotencyKey
from taskapp.tasks import queries
from taskapp.tasks.models import Task
from taskapp.users.models import User
from tests.conftest import SECRET, person

TABLES = [table.__table__ for table in (Task, User, IdempotencyKey)]


pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session")


@pytest.fixture
def alices(alice):
    """A task of Alice's, created with an Idempotency-Key."""
    key = {"Idempotency-Key": secrets.token_hex(8)}
    return alice.post(alice.tasks_url, json={"title": "Hers"}, headers=key).json


def rows(table) -> int:
    return Prepared(sa.select(sa.func.count()).select_from(table)).first({})[0]


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_statement_without_a_where_sees_only_rows_of_the_blocks_user(app, alices, alice, table):
    with app.app_context():
        with autocommit(alice.id):
            assert rows(table) == 1
        with transaction(alice.id):
            assert rows(table) == 1
        for nobody in (f"bob-{alice.id}", "", alice.id[:-1], "%", "none"):
            with autocommit(nobody):
                assert rows(table) == 0
            with transaction(nobody):
                assert rows(table) == 0
        with transaction():
            assert rows(table) == 0
        with maintenance():
            assert rows(table) >= 1


@pytest.mark.parametrize("write", [sa.update(Task).values(title="His"), sa.delete(Task)], ids=str)
def test_a_write_without_a_where_changes_only_rows_of_the_blocks_user(app, alices, alice, write):
    with app.app_context(), transaction("bob"):
        assert execute(write).rowcount == 0

    assert alice.get(f"{alice.tasks_url}/{alices['id']}").json["title"] == "Hers"


def test_nothing_can_be_written_for_another_user(app, alices, alice, bob):
    bob.has_task()
    mine = sa.update(Task).where(Task.user_id == bob.id)

    with app.app_context(), pytest.raises(sa.exc.ProgrammingError), transaction(bob.id):
        execute(mine.values(user_id=alice.id, revision=10**15))


def test_nothing_gets_out_without_the_guards_comparison_and_the_where(
    app, alice, alices, bob, monkeypatch
):
    """The path says Alice, the token says Bob, and nobody compares them."""
    monkeypatch.setattr(auth.guard, "_not_owner", lambda: None)
    weaker = {auth.require_owner: auth.require_token}
    for name, functions in app.before_request_funcs.items():
        weakened = [weaker.get(function, function) for function in functions]
        monkeypatch.setitem(app.before_request_funcs, name, weakened)
    scratch = sa.select(*queries.COLUMNS).where(queries.COLUMNS.id == sa.bindparam("task"))
    monkeypatch.setattr(queries, "_GET", Prepared(scratch))
    url = f"{alice.tasks_url}/{alices['id']}"

    assert alice.get(url).status_code == 200
    assert bob.get(url).status_code == 404
    assert bob.get(alice.tasks_url).json == []
    assert bob.put(url, json={"title": "His"}).status_code == 404
    assert bob.delete(url).status_code == 404
    assert bob.get(f"/api/{alice.id}/export").json["tasks"] == []
    assert bob.get(f"{alice.tasks_url}/changes?since=0").json["changes"] == []
    bob.delete(f"/api/{alice.id}")
    assert alice.get(url).json["title"] == "Hers"


def test_a_block_of_one_user_is_no_part_of_anothers(app):
    with app.app_context(), transaction("alice"):
        with pytest.raises(ValueError, match="another user"), autocommit("bob"):
            pass
        with autocommit("alice"), transaction():
            pass


def test_requests_run_as_a_role_that_owns_nothing_and_passes_no_lock(app, alice):
    with app.app_context(), transaction(alice.id):
        role = execute(sa.text("SELECT current_user")).scalar()
        about = sa.text(
            "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert role == "taskapp_service"
        assert list(execute(about).one()) == [False] * 4
        owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        assert execute(sa.text(owned)).scalar() == 0
        with pytest.raises(sa.exc.ProgrammingError):
            execute(sa.text("DELETE FROM alembic_version"))


def test_nothing_of_it_stays_on_the_connection(app, alice):
    with app.app_context():
        with autocommit(alice.id):
            rows(Task.__table__)
        with transactional().connect() as connection:
            role, user = connection.execute(
                sa.text("SELECT current_user, current_setting('taskapp.user_id', true)")
            ).one()
    assert role != "taskapp_service"
    assert not user


@pytest.fixture
def login(postgresql_url, database_url):
    """A login that owns a database, and is no superuser; and an administrator's connection."""
    name = f"login_{secrets.token_hex(4)}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        admin.execute(f"CREATE DATABASE {name} OWNER {name}")
        host = psycopg.conninfo.conninfo_to_dict(postgresql_url)["host"]
        yield name, f"postgresql://{name}:{name}@/{name}?host={host}", admin
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.execute(f"DROP ROLE {name}")


def migrated(url, tmp_path, **settings):
    settings = {"JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(tmp_path), **settings}
    app = create_app({"DATABASE_URL": url, **settings})
    with app.app_context():
        flask_migrate.upgrade()
    return app


def test_a_plain_login_needs_an_administrator_once(login, tmp_path):
    name, url, admin = login
    role = f"role_of_{name}"

    with pytest.raises(SystemExit, match=f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO {name};"):
        migrated(url, tmp_path, DATABASE_ROLE=role)

    admin.execute(f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO {name}")
    app = migrated(url, tmp_path, DATABASE_ROLE=role)
    alice = person(app, "alice")
    alice.has_task()
    with app.app_context(), autocommit("bob"):
        assert rows(Task.__table__) == 0
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.execute(f"CREATE DATABASE {name} OWNER {name}")
    admin.execute(f"DROP ROLE {role}")


def test_a_login_that_may_make_roles_needs_nobody(login, tmp_path):
    name, url, admin = login
    admin.execute(f"ALTER ROLE {name} CREATEROLE")
    role = f"role_of_{name}"

    app = migrated(url, tmp_path, DATABASE_ROLE=role)

    person(app, "alice").has_task()
    with app.app_context(), autocommit("bob"):
        assert rows(Task.__table__) == 0
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.execute(f"CREATE DATABASE {name}")
    admin.execute(f"DROP OWNED BY {role}")
    admin.execute(f"DROP ROLE {role}")


def test_without_the_role_the_service_still_works(login, tmp_path):
    _, url, _ = login

    app = migrated(url, tmp_path, DATABASE_ROLE="none")

    assert person(app, "alice").has_task()
