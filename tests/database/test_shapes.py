"""What nodes of Citus refuse is in no statement of the service: PostgreSQL's own log is read.

Citus can't be had in every place where tests run. So a plain PostgreSQL logs all that comes while
the service takes it for a distributed one, and every way to write is gone once.
"""

import gc
import re
import sys
from collections import defaultdict

import flask_migrate
import psycopg
import pytest

from taskapp import create_app
from taskapp.database import Prepared
from taskapp.users.revisions import RevisedWrite
from tests import servers
from tests.conftest import SECRET, person
from tests.database.test_pairs import WRITES, an_alice
from tests.servers import Postgres

OWNER = {"users": "id", "tasks": "user_id", "idempotency_keys": "user_id"}
# Before each line of the log: which connection, and of whom.
PREFIX = "¶%p %a "
LINE = re.compile(r"(\d+) taskapp LOG:  (?:statement|execute [^:]+): (.*)", re.DOTALL)
READS = [
    "/tasks?count=true&sort_by=title&tags=a&search=b&limit=1",
    "/tasks?status=pending&overdue=true&sort_by=-due_date",
    "/tasks?limit=1&offset=1",
    "/tasks/changes?since=0",
    "/tasks/changes?since=0&copying=1",
    "/tasks/summary",
    "/tokens",
    "/feeds",
    "/export",
]


class Log:
    """What PostgreSQL is asked, by connection, in its order."""

    def __init__(self, postgres):
        self._postgres = postgres
        self._read = 0
        self.asked = []

    def skip(self):
        self._read = len(self._postgres.log())

    def note(self):
        """Keep what has come since the last time."""
        text = self._postgres.log()
        lines = text[self._read :].split("¶")
        self.asked += [(int(m[1]), plain(m[2])) for m in map(LINE.match, lines) if m]
        self._read = len(text)

    def transactions(self):
        """Return the statements of each transaction."""
        done, at_hand = [], defaultdict(list)
        for connection, text in self.asked:
            if text.startswith("BEGIN"):
                at_hand[connection] = []
            elif text in ("COMMIT", "ROLLBACK"):
                done.append(at_hand.pop(connection, []))
            else:
                at_hand[connection].append(text)
        return done + list(at_hand.values())


def plain(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def postgres():
    with Postgres() as postgres:
        servers.pretend_to_be_distributed(postgres.url)
        yield postgres


@pytest.fixture(scope="module")
def app(postgres, tmp_path_factory):
    app = create_app(
        {
            "DATABASE_URL": postgres.url,
            "JWT_SECRET_KEY": SECRET,
            "INSTANCE_PATH": str(tmp_path_factory.mktemp("instance")),
            **servers.NO_LIMITS,
        }
    )
    with app.app_context():
        flask_migrate.upgrade()
    return app


@pytest.fixture(scope="module")
def log(app, postgres):
    """All that the service asks PostgreSQL."""
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        for name, value in (("log_statement", "all"), ("log_line_prefix", PREFIX)):
            admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        admin.execute("SELECT pg_reload_conf()")
    log = Log(postgres)
    for write in WRITES.values():
        alice = an_alice(app)
        log.skip()
        write(alice)
        log.note()
    alice = an_alice(app)
    log.skip()
    for path in READS:
        assert alice.ask("GET", path).status_code == 200
    works(alice.ask, "/tasks")
    outsider = person(app, "outsider")
    works(lambda method, path, **more: outsider.open(of(outsider, path), method, **more), "/tasks")
    log.note()
    return log


def of(person, path):
    return path if path.startswith("/api/") else f"/api/{person.id}{path}"


def works(ask, tasks):
    """Somebody does what else leads to statements of its own."""
    again = {"title": "t", "recurrence": "daily", "due_date": "2026-01-31"}
    several = [{"op": "create", "fields": {"title": f"{number}"}} for number in range(3)]
    assert ask("POST", f"{tasks}/batch", json={"operations": several}).status_code == 200
    plain_one = ask("POST", tasks, json={"title": "t"}).headers["Location"]
    daily = ask("POST", tasks, json=again).headers["Location"]
    called = ask("POST", tasks, json={"title": "t", "external_id": "a"}).headers["Location"]
    assert ask("PUT", called, json={"external_id": "b"}).status_code == 200
    assert ask("PUT", plain_one, json={}).status_code == 200
    for _ in range(2):
        assert ask("PATCH", f"{plain_one}/complete").status_code == 200
        assert ask("PATCH", f"{daily}/complete").status_code == 200
    revision = ask("GET", plain_one).json["revision"]
    waiting = f"{tasks}/changes?since={revision + 1000}&wait=0"
    assert ask("GET", waiting).status_code == 410
    newest = ask("GET", f"{tasks}/changes?since=0").json["revision"]
    assert ask("GET", f"{tasks}/changes?since={newest}&wait=1").status_code == 200
    assert ask("PUT", plain_one, json={"title": "announced"}).status_code == 200
    assert ask("DELETE", plain_one).status_code == 200
    for _ in range(2):
        assert ask("POST", f"{plain_one}/restore").status_code == 200


def tables(text):
    """Return the owned tables that a statement names, each as often as it does."""
    return re.findall(r"(?:FROM|JOIN|UPDATE|INTO) (users|tasks|idempotency_keys)\b", text)


def statements(log):
    return sorted({text for _, text in log.asked if tables(text)})


def test_everything_is_seen(log):
    """A statement that is missing here needs a request in `works`."""
    seen = {text for _, text in log.asked}
    modules = [module for name, module in sys.modules.items() if name.startswith("taskapp.")]
    made = {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Prepared)
    }
    for number, write in enumerate(
        each for each in gc.get_objects() if isinstance(each, RevisedWrite)
    ):
        made[f"a write ({number})"] = write._write
        made[f"its counter ({number})"] = write._counter.next
        if new := write._counter.new:
            made[f"its user ({number})"] = new["postgresql"]

    unseen = {name for name, each in made.items() if plain(each._made[0].decode()) not in seen}
    assert unseen == set()


def test_what_is_returned_calls_nothing_that_may_change(log, postgres):
    with psycopg.connect(postgres.url) as admin:
        found = admin.execute("SELECT DISTINCT proname FROM pg_proc WHERE provolatile <> 'i'")
        changing = {name for (name,) in found}
    for text in statements(log):
        called = re.findall(r"([a-z_]+) ?\(", text.partition(" RETURNING ")[2])
        assert not changing & set(called), text


def test_an_insert_has_no_subquery_and_no_statement_beside_it(log):
    for text in statements(log):
        if text.startswith("INSERT"):
            assert "(SELECT" not in text.partition(" VALUES ")[2], text
        assert not re.search(r"AS \((?:INSERT|UPDATE|DELETE)", text), text


def test_a_statement_names_the_owner_of_each_table(log):
    for text in statements(log):
        if text.startswith("SELECT DISTINCT") and "FOR UPDATE" not in text:
            continue  # whose rows are to be purged: nodes are asked together
        for table in tables(text):
            column = OWNER[table]
            if f"INTO {table}" in text:
                named = text.partition("(")[2].partition(")")[0].split(", ")
                assert column in named, text
            else:
                owned = len(re.findall(rf"\b{table}\.{column} = ", text))
                assert owned >= tables(text).count(table), text


def test_rows_are_locked_in_one_order(log):
    order = list(OWNER)
    for transaction in log.transactions():
        locked = []
        for text in transaction:
            # A new key locks nothing that was there before.
            if re.match("UPDATE|DELETE|WITH|INSERT INTO (?:users|tasks)", text):
                locked += [table for table in tables(text)[:1] if table not in locked]
        assert locked == sorted(locked, key=order.index), transaction
