"""The way to PostgreSQL: what its URL says holds for requests, migrations and the listener."""

import secrets
from contextlib import contextmanager

import flask_migrate
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from taskapp import create_app
from taskapp.database import db, execute, maintenance
from tests import servers
from tests.conftest import SECRET, person
from tests.waiting import until


@pytest.fixture
def environ(tmp_path):
    return {"JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(tmp_path), **servers.NO_LIMITS}


@contextmanager
def database(postgresql_url, **about):
    """A new database, as `about` says in CREATE DATABASE; its URL, and a connection to it."""
    name = f"new_{secrets.token_hex(6)}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        options = " ".join(f"{key} {value}" for key, value in about.items())
        admin.execute(f"CREATE DATABASE {name} {options}")
        url = make_url(postgresql_url).set(database=name)
        yield url
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def text(url, **query):
    return url.update_query_dict(query).render_as_string(hide_password=False)


def migrated(environ, url, **settings):
    app = create_app(environ | {"DATABASE_URL": url} | settings)
    with app.app_context():
        flask_migrate.upgrade()
    return app


def shown(app, *names):
    with app.app_context(), maintenance():
        return [execute(sa.text(f"SHOW {name}")).scalar() for name in names]


def works(app):
    """Alice's tasks come and go, and whoever waits for them is woken."""
    alice = person(app, "alice")
    alice.has_task()
    answer = alice.get(alice.tasks_url)
    assert answer.status_code == 200, answer.text
    assert len(answer.json) == 1
    return alice


def test_what_the_url_says_goes_first(postgresql_url, environ):
    url = text(
        make_url(postgresql_url),
        options="-c statement_timeout=61000 --lock-timeout=7000 -c timezone=Asia/Tokyo",
        application_name="mine",
    )
    app = create_app(environ | {"DATABASE_URL": url})

    names = ("statement_timeout", "lock_timeout", "timezone", "application_name")
    assert shown(app, *names) == ["61s", "7s", "Asia/Tokyo", "mine"]
    assert shown(app, "idle_in_transaction_session_timeout") == ["10s"]


def test_several_hosts_and_spaces_are_read_the_same_everywhere(postgresql_url, environ):
    url = make_url(postgresql_url)
    folder = url.query["host"]
    hosts = {"host": ("/nonexistent folder:1", f"{folder}:{url.port or 5432}")}
    with database(postgresql_url) as new:
        new = new.set(host=None, port=None, password="a b%+")
        app = migrated(environ, text(new, **hosts, passfile="/nonexistent/a b"))

        works(app)
        listener = app.extensions["taskapp.listener"]
        listener.start()
        until(listener.listening.is_set)
        app.extensions["taskapp.waiters"].close()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_for_a_few_languages_is_refused_in_one_line(postgresql_url, environ, encoding):
    about = {"ENCODING": f"'{encoding}'", "TEMPLATE": "template0", "LOCALE": "'C'"}
    with database(postgresql_url, **about) as url:
        app = create_app(environ | {"DATABASE_URL": text(url)})

        ready = app.test_client().get("/health/ready")
        checked = app.test_cli_runner().invoke(args=["check"])
        migrated = app.test_cli_runner().invoke(args=["migrate"])

        with app.app_context():
            db.engine.dispose()
    sentence = f"The database's encoding is {encoding}"
    assert ready.status_code == 503
    assert sentence in ready.json["detail"]
    assert (checked.exit_code, migrated.exit_code) == (1, 1)
    assert sentence in checked.output
    assert sentence in migrated.output
    assert "Traceback" not in checked.output + migrated.output


def test_whatever_encoding_an_environment_prefers_any_language_arrives(
    postgresql_url, environ, monkeypatch
):
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with database(postgresql_url) as url:
        app = migrated(environ, text(url))
        alice = person(app, "alice")

        assert alice.has_task("漢字 🥛")["title"] == "漢字 🥛"


@pytest.mark.parametrize("way", ["of the login's name", "by ALTER ROLE", "by options"])
def test_tables_may_be_in_another_schema(postgresql_url, environ, way):
    login = f"login_{secrets.token_hex(4)}"
    schema = login if way == "of the login's name" else f"{login}_tables"
    with database(postgresql_url) as url:
        with psycopg.connect(text(url), autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {login} LOGIN CREATEROLE")
            admin.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {login}")
            admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            if way == "by ALTER ROLE":
                admin.execute(f"ALTER ROLE {login} SET search_path = {schema}")
        query = {"options": f"-csearch_path={schema}"} if way == "by options" else {}
        role = f"{login}_service"
        app = migrated(environ, text(url.set(username=login), **query), DATABASE_ROLE=role)

        assert app.test_client().get("/health/ready").status_code == 200
        works(app)
        with psycopg.connect(text(url)) as admin:
            found = admin.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'tasks'")
            assert found.fetchall() == [(schema,)]
            admin.execute(f"REVOKE ALL ON SCHEMA {schema} FROM {role}")
        # It is looked at once a second.
        until(lambda: app.test_client().get("/health/ready").status_code == 503)
        ready = app.test_client().get("/health/ready")
        assert "does not find the tables" in ready.json["detail"]
        with app.app_context():
            db.engine.dispose()
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"DROP ROLE {role}; DROP ROLE {login}")
