"""Several queries in one round trip over psycopg's libpq: results, errors, lost statements."""

import socket
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta, timezone
from sys import getrefcount
from threading import Thread

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from taskapp import cooperation
from taskapp.database.exchange import Connection, Preparing, Query
from taskapp.database.statements import NUMBERED
from taskapp.database.types import Base

ONE = Query(b"SELECT 1 AS one")
TWO = Query(b"SELECT 2 AS two")
DIVIDED = Query(b"SELECT 1 / $1::int AS ratio", [0])

VALUES = {
    "VARCHAR": ["", "Buy milk", "ü 漢字 🥛", "'; --", None],
    "TEXT": ["x" * 100_000, "\\ \n\t", None],
    "BOOLEAN": [True, False, None],
    "INTEGER": [0, -1, 2**31 - 1, None],
    "BIGINT": [-(2**63), 2**63 - 1, None],
    "BIGINT[]": [[], [1, 2**40], None],
    "TEXT[]": [[], ["home", 'a,"b"', "{}", "NULL", "", "ü"], None],
    "TIMESTAMP WITH TIME ZONE": [
        datetime(2026, 1, 31, 9, 30, 0, 123456, UTC),
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=-5))),
        None,
    ],
}


@pytest.fixture(params=["blocking", "cooperative"])
def connection(request, postgresql_url, monkeypatch):
    monkeypatch.setattr(cooperation, "is_on", lambda: request.param == "cooperative")
    with closing(connect(postgresql_url)) as connection:
        yield connection


@pytest.fixture
def scratch(connection):
    """A table of this session alone."""
    connection.execute("CREATE TEMPORARY TABLE scratch (number int)")
    return connection


def connect(url):
    connection = Connection.connect(url, autocommit=True, prepare_threshold=None)
    connection.preparing = Preparing()
    return connection


def only(connection, *queries):
    """Return the only value of what the last of the queries answers."""
    ((value,),) = connection.rows(connection.ask(*queries), tuple)
    return value


def prepared(connection):
    found = connection.execute("SELECT name, statement FROM pg_prepared_statements")
    return dict(found.fetchall())


def test_every_type_of_our_columns_is_tried_here():
    types = {
        column.type.compile(dialect=NUMBERED).partition("(")[0]
        for table in Base.metadata.tables.values()
        for column in table.columns
    }

    assert types <= VALUES.keys() | {"JSON"}


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, vs in VALUES.items() for v in vs])
def test_a_value_comes_back_as_from_psycopg_itself(connection, kind, value):
    plain = connection.execute(f"SELECT %s::{kind}", [value]).fetchone()[0]

    asked = only(connection, Query(f"SELECT $1::{kind}".encode(), [value]))

    assert asked == plain == value
    assert type(asked) is type(plain)


@pytest.mark.parametrize("value", ["null", '{"a": [1, "ü", null]}'])
def test_json_comes_back_as_from_psycopg_itself(connection, value):
    plain = connection.execute(f"SELECT '{value}'::json").fetchone()[0]

    assert only(connection, Query(f"SELECT '{value}'::json".encode())) == plain


def test_psycopgs_own_cursors_wait_as_we_do(postgresql_url, monkeypatch):
    waits = []
    wait = cooperation.wait
    monkeypatch.setattr(cooperation, "is_on", lambda: True)
    monkeypatch.setattr(cooperation, "wait", lambda *given: waits.append(given) or wait(*given))

    with closing(connect(postgresql_url)) as connection:
        waits.clear()
        assert connection.execute("SELECT 1").fetchone() == (1,)

    assert waits


def test_the_last_result_is_returned_and_the_others_happened(scratch):
    insert = Query(b"INSERT INTO scratch VALUES ($1)", [7])

    assert only(scratch, insert, insert, Query(b"SELECT sum(number)::int FROM scratch")) == 14


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "middle", "last"])
@pytest.mark.parametrize("known", [False, True], ids=["new", "prepared before"])
def test_an_error_anywhere_undoes_all_and_leaves_a_sane_connection(scratch, place, known):
    if known:
        scratch.ask(Query(DIVIDED.text, [1]))
    queries = [Query(b"INSERT INTO scratch VALUES ($1)", [n]) for n in range(2)]
    queries.insert(place, DIVIDED)

    with pytest.raises(psycopg.errors.DivisionByZero):
        scratch.ask(*queries)

    assert only(scratch, Query(b"SELECT count(*)::int FROM scratch")) == 0
    assert only(scratch, Query(DIVIDED.text, [1])) == 1
    assert scratch.preparing.allowed


def test_an_error_in_a_transaction_ends_it_and_nothing_else(scratch):
    scratch.ask(Query(b"BEGIN", lasting=False), Query(b"INSERT INTO scratch VALUES (1)"))

    with pytest.raises(psycopg.errors.DivisionByZero):
        scratch.ask(DIVIDED)
    scratch.rollback()

    assert only(scratch, Query(b"SELECT count(*)::int FROM scratch")) == 0


def test_a_statement_larger_than_any_buffer_of_the_socket(connection):
    text = "ü" * 10_000_000

    assert only(connection, ONE, Query(b"SELECT $1::text", [text])) == text


class Cut:
    """A proxy that cuts the connection in place of a message of the server's, once it is set."""

    def __init__(self, url):
        about = conninfo_to_dict(url)
        self.server = socket.socket(socket.AF_UNIX if about["host"][0] == "/" else socket.AF_INET)
        if about["host"][0] == "/":
            self.server.connect(f"{about['host']}/.s.PGSQL.{about.get('port') or 5432}")
        else:
            self.server.connect((about["host"], int(about.get("port") or 5432)))
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        login = f"{about['user']}:{about.get('password') or ''}"
        self.url = f"postgresql://{login}@127.0.0.1:{port}/{about['dbname']}?sslmode=disable"
        self.before = b""
        Thread(target=self._carry, daemon=True).start()

    def _carry(self):
        client, _ = self.listener.accept()
        with client, self.server, self.listener, suppress(OSError):
            Thread(target=self._upwards, args=(client,), daemon=True).start()
            stream = self.server.makefile("rb")
            while kind := stream.read(1):
                length = stream.read(4)
                body = stream.read(int.from_bytes(length) - 4)
                if kind == self.before:
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(kind + length + body)

    def _upwards(self, client):
        with suppress(OSError):
            while piece := client.recv(65536):
                self.server.sendall(piece)


@pytest.mark.parametrize(
    "before",
    [b"1", b"D", b"2", b"C", b"Z"],
    ids=["the first answer", "a row", "what follows", "the end of a query", "the end of all"],
)
@pytest.mark.parametrize("way", ["blocking", "cooperative"])
def test_a_connection_that_dies_is_an_operational_error_and_closed(
    postgresql_url, monkeypatch, before, way
):
    monkeypatch.setattr(cooperation, "is_on", lambda: way == "cooperative")
    cut = Cut(postgresql_url)
    connection = connect(cut.url)
    assert only(connection, TWO, ONE) == 1
    cut.before = before

    with pytest.raises(psycopg.OperationalError):
        connection.ask(TWO, Query(b"SELECT 3"), ONE)

    assert connection.closed
    with pytest.raises(psycopg.OperationalError):
        connection.ask(ONE)


def test_a_name_means_the_same_statement_on_every_connection(connection, postgresql_url):
    connection.ask(ONE, TWO)
    with closing(connect(postgresql_url)) as other:
        other.ask(TWO)
        other.ask(ONE)

        assert prepared(other) == prepared(connection)
    assert set(prepared(connection).values()) == {"SELECT 1 AS one", "SELECT 2 AS two"}


def test_rows_that_were_read_are_not_kept_with_the_connection(connection):
    many = connection.ask(Query(b"SELECT repeat('x', 1000) FROM generate_series(1, 1000)"))
    before = getrefcount(many)

    assert len(connection.rows(many, tuple)) == 1000

    assert getrefcount(many) == before


def test_what_does_not_last_is_not_prepared(connection):
    assert only(connection, Query(ONE.text, lasting=False)) == 1

    assert prepared(connection) == {}


def forget(connection):
    """As a pooler does that gives another connection to the server."""
    connection.execute("DEALLOCATE ALL")


def occupy(connection):
    """As a pooler does whose connection to the server has another client's statements."""
    connection.ask(ONE)
    ((name, text),) = prepared(connection).items()
    connection.execute("DEALLOCATE ALL")
    connection.execute(f"PREPARE {name} AS {text}")
    connection._names.clear()


@pytest.mark.parametrize("trouble", [forget, occupy])
def test_behind_a_pooler_that_loses_statements_all_goes_on_without_them(scratch, log, trouble):
    insert = Query(b"INSERT INTO scratch VALUES (1)")
    scratch.ask(ONE)
    trouble(scratch)

    assert only(scratch, insert, ONE) == 1
    assert only(scratch, insert, ONE) == 1
    assert only(scratch, Query(b"SELECT sum(number)::int FROM scratch")) == 2
    assert not scratch.preparing.allowed
    (line,) = log
    assert line["level"] == "WARNING"
    assert "PREPARED_STATEMENTS=false" in line["message"]


def test_inside_a_transaction_nothing_depends_on_prepared_statements(scratch):
    begin, insert = Query(b"BEGIN", lasting=False), Query(b"INSERT INTO scratch VALUES (1)")
    scratch.ask(ONE)
    scratch.ask(begin)
    scratch.execute("DEALLOCATE ALL")
    scratch.ask(insert)

    assert only(scratch, ONE) == 1
    scratch.commit()
    assert prepared(scratch) == {}
    assert only(scratch, Query(b"SELECT count(*)::int FROM scratch")) == 1


def test_a_transaction_begins_although_statements_were_lost(scratch):
    begin, insert = Query(b"BEGIN", lasting=False), Query(b"INSERT INTO scratch VALUES (1)")
    scratch.ask(insert)
    forget(scratch)

    scratch.ask(begin, insert)
    scratch.commit()

    assert only(scratch, Query(b"SELECT count(*)::int FROM scratch")) == 2


def test_a_column_that_changes_its_type_meanwhile_changes_it_here(scratch):
    read = Query(b"SELECT number FROM scratch")
    scratch.ask(Query(b"INSERT INTO scratch VALUES (7)"))
    assert only(scratch, read) == 7
    scratch.execute("ALTER TABLE scratch ALTER number TYPE text USING 'n' || number")

    assert only(scratch, read) == "n7"
    assert only(scratch, read) == "n7"
    assert scratch.preparing.allowed
