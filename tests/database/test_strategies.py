"""Two ways to PostgreSQL: one server, and nodes of Citus; a plain one runs both."""

import secrets
from contextlib import closing

import flask_migrate
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskapp import config, create_app
from taskapp.database import connections, db
from taskapp.database.distribution import Distribution
from taskapp.database.exchange import ROLLBACK, Connection, Query
from taskapp.database.strategies import BEGIN, literal
from tests import servers
from tests.conftest import SECRET, person
from tests.problems import assert_problem

CURRENT = Query(b"SELECT current_setting('taskapp.user_id') AS user_id")
AT_ONCE = 20_000  # characters
SURROGATES = range(0xD800, 0xE000)
INTERNAL = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'failure on connection marked as essential' USING ERRCODE = 'XX000'; END $$;
CREATE TRIGGER fail BEFORE INSERT ON tasks FOR EACH ROW WHEN (NEW.title = 'fails')
EXECUTE FUNCTION fail();
"""


@pytest.fixture(scope="module", params=["on", "off"])
def connection(request, postgresql_url):
    """A connection where backslashes mean nothing in a plain literal, or something."""
    options = f"-c standard_conforming_strings={request.param} -c escape_string_warning=off"
    with closing(Connection.connect(postgresql_url, autocommit=True, options=options)) as held:
        yield held


def told(connection, text):
    """Return what PostgreSQL takes for the user where the text is said to be."""
    user = Query(b"SET LOCAL taskapp.user_id = " + literal(text), lasting=False)
    result = connection.results(BEGIN, user, CURRENT, ROLLBACK)[-2]
    ((user_id,),) = connection.rows(result, tuple)
    return user_id


def test_every_character_arrives_as_it_is(connection):
    characters = [chr(code) for code in range(1, 0x110000) if code not in SURROGATES]
    for first in range(0, len(characters), AT_ONCE):
        text = "".join(characters[first : first + AT_ONCE])
        assert told(connection, text) == text


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0", codec="utf-8") | st.sampled_from("'\\$;-")))
def test_any_text_is_one_literal(connection, text):
    assert told(connection, text) == text


@pytest.mark.parametrize("text", ["\0", "alice\0", "\0'; DROP TABLE tasks; --"])
def test_a_nul_is_refused(text):
    with pytest.raises(ValueError, match="NUL"):
        literal(text)


@pytest.fixture
def database(postgresql_url):
    """The URL of a database of its own."""
    name = f"strategy_{secrets.token_hex(6)}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        about = psycopg.conninfo.conninfo_to_dict(postgresql_url)
        yield f"postgresql://{about['user']}@/{name}?host={about['host']}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def app(database, tmp_path):
    app = create_app(
        {
            "DATABASE_URL": database,
            "JWT_SECRET_KEY": SECRET,
            "INSTANCE_PATH": str(tmp_path),
            "DATABASE_POOL_SIZE": "2",
            **servers.NO_LIMITS,
        }
    )
    with app.app_context():
        flask_migrate.upgrade()
        yield app
        db.engine.dispose()


def is_distributed(app):
    with app.app_context(), db.engine.connect() as connection:
        return connection.connection.driver_connection.distributed


def test_a_connection_from_before_citus_shows_no_empty_list(app, database):
    """As behind a pooler, which keeps its clients' connections whatever becomes of the server's."""
    alice = person(app, "alice")
    alice.has_task()
    assert not is_distributed(app)
    servers.pretend_to_be_distributed(database)

    assert_problem(alice.get(alice.tasks_url), 503, names="try again")

    assert len(alice.get(alice.tasks_url).json) == 1
    assert is_distributed(app)


def test_connections_that_are_renewed_before_fail_no_request(app, database):
    """As `taskapp distribute` does once Citus is there."""
    alice = person(app, "alice")
    alice.has_task()
    servers.pretend_to_be_distributed(database)
    with app.app_context(), closing(connections.direct(config.of(app), "admin").connect()) as admin:
        admin.autocommit = True
        distribution = Distribution(config.of(app), 1)
        distribution._connection = admin
        distribution._renew()

    assert len(alice.get(alice.tasks_url).json) == 1
    assert is_distributed(app)


@pytest.mark.parametrize(("distributed", "status"), [(True, 503), (False, 500)])
def test_what_nodes_call_an_internal_error_is_that_they_are_away(
    app, database, distributed, status
):
    if distributed:
        servers.pretend_to_be_distributed(database)
        with app.app_context():
            db.engine.dispose()
    alice = person(app, "alice")
    kept = alice.has_task("before")
    with psycopg.connect(database) as admin:
        admin.execute(INTERNAL)

    failed = alice.post(alice.tasks_url, json={"title": "fails"})

    assert_problem(failed, status)
    assert ("Retry-After" in failed.headers) is distributed
    assert alice.patch(f"{kept['url']}/complete").status_code == 200
    assert [task["title"] for task in alice.get(alice.tasks_url).json] == ["before"]


def test_what_is_written_for_nodes_begins_at_its_user_and_ends(app, database):
    """A write that finds nothing leaves no transaction open, and no revision taken."""
    servers.pretend_to_be_distributed(database)
    alice = person(app, "alice")
    task = alice.has_task()

    assert alice.put(f"{alice.tasks_url}/999", json={"title": "x"}).status_code == 404
    assert (
        alice.put(task["url"], json={"title": "x"}, headers={"If-Match": '"1"'}).status_code == 412
    )

    with psycopg.connect(database) as admin:
        open_ones = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        assert admin.execute(open_ones).fetchone() == (0,)
        assert admin.execute("SELECT revision FROM users").fetchone() == (task["revision"],)


def test_a_plain_database_is_not_distributed(app, database):
    assert not is_distributed(app)
    tried = app.test_cli_runner().invoke(args=["distribute", "--apply"])

    assert tried.exit_code == 1
    assert "CREATE EXTENSION citus" in tried.output
    with psycopg.connect(database) as admin:
        keys = "SELECT count(*) FROM pg_constraint WHERE conname = 'fk_accounts_user_id_users'"
        assert admin.execute(keys).fetchone() == (1,)
