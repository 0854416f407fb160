"""Every pair of writes, run against each other on PostgreSQL: nobody waits for nobody."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Barrier
from typing import Any
from uuid import uuid4

import jwt
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from taskapp import cli, create_app
from taskapp.accounts import attempts, sessions
from taskapp.accounts import queries as accounts
from taskapp.accounts.models import Account, Attempts, RefreshToken, Session
from taskapp.auth import tokens
from taskapp.database import db
from taskapp.feeds.models import Feed
from taskapp.programs.models import ProgramToken
from taskapp.rest import idempotency
from taskapp.tasks.models import Task
from taskapp.transfer import routes as transfers
from taskapp.users.models import User
from tests.accounts.people import PASSWORD, AccountHolder, new_address, new_email, post, register
from tests.chance import some
from tests.conftest import SECRET
from tests.servers import NO_LIMITS, Postgres, migrate

ADDRESS = new_address()
DEADLOCK = "deadlock detected"
TASKS, OLD_KEYS = 3, 20
AT_ONCE = 2  # requests of each of the two
ROUNDS = some(4)


@dataclass
class Alice:
    """Somebody with an account, tasks, some of them deleted, and keys that have expired."""

    app: Flask
    holder: AccountHolder
    tasks: list[str]
    token: int = 0  # for programs
    feed: int = 0

    def ask(self, method: str, path: str = "", **kwargs: Any) -> Any:
        headers = self.holder.headers | kwargs.pop("headers", {})
        url = path if path.startswith("/api/") else f"/api/{self.holder.id}{path}"
        environ = {"REMOTE_ADDR": ADDRESS}
        client = self.app.test_client()
        return client.open(url, method=method, headers=headers, environ_overrides=environ, **kwargs)

    @property
    def session(self) -> str:
        """The id of the session that she signed up with."""
        token = self.holder.tokens["access_token"]
        return str(jwt.decode(token, options={"verify_signature": False})["sid"])

    def task(self) -> str:
        return secrets.choice(self.tasks)

    def sign_in(self, path: str, **body: Any) -> Any:
        return post(self.app, path, body, address=ADDRESS)


def old_key() -> dict[str, str]:
    return {"Idempotency-Key": f"key-{secrets.randbelow(OLD_KEYS)}"}


NEW = {"json": {"title": "t"}}
TOKEN = {"name": "a", "scopes": ["tasks:read"]}
PASSWORD_GIVEN = {"json": {"password": PASSWORD}}


def several(alice: Alice) -> Any:
    ids = [int(task.rpartition("/")[2]) for task in alice.tasks]
    changes = [{"op": "update", "id": each, "fields": {"title": "t"}} for each in ids]
    secrets.SystemRandom().shuffle(changes)
    return {"operations": [*changes, {"op": "delete", "id": ids[0], "permanent": True}]}


def file() -> str:
    """Return a file, some of whose tasks may be there already."""
    rows = [f"t,{secrets.randbelow(9)}" for _ in range(5)]
    return "\r\n".join(["title,external_id", *rows])


def purge(alice: Alice) -> None:
    with alice.app.app_context():
        sum(cli._purge_tasks())
        for part in (accounts.purge_sessions, idempotency.purge, attempts.purge):
            sum(cli._portions(part))


WRITES: dict[str, Callable[[Alice], Any]] = {
    "create": lambda alice: alice.ask("POST", "/tasks", **NEW),
    "create with a key": lambda alice: alice.ask("POST", "/tasks", headers=old_key(), **NEW),
    "change": lambda alice: alice.ask("PUT", alice.task(), **NEW),
    "change with a key": lambda alice: alice.ask("PUT", alice.task(), headers=old_key(), **NEW),
    "complete": lambda alice: alice.ask("PATCH", f"{alice.task()}/complete"),
    "delete": lambda alice: alice.ask("DELETE", alice.task()),
    "delete for good": lambda alice: alice.ask("DELETE", f"{alice.task()}?permanent=true"),
    "several at once": lambda alice: alice.ask("POST", "/tasks/batch", json=several(alice)),
    "import": lambda alice: alice.ask("POST", "/tasks/import", data=file()),
    "restore": lambda alice: alice.ask("POST", f"{alice.task()}/restore"),
    "sign in": lambda alice: alice.sign_in("login", email=alice.holder.email, password=PASSWORD),
    "fail to": lambda alice: alice.sign_in("login", email=alice.holder.email, password="wrong"),
    "register": lambda alice: alice.sign_in("register", email=new_email(), password=PASSWORD),
    "refresh": lambda alice: alice.sign_in(
        "refresh", refresh_token=alice.holder.tokens["refresh_token"]
    ),
    "sign out": lambda alice: alice.ask("POST", "/api/auth/logout"),
    "end sessions": lambda alice: alice.ask("DELETE", "/api/auth/sessions?others=true"),
    "change the password": lambda alice: alice.ask(
        "POST", "/api/auth/password", json={"password": PASSWORD, "new_password": PASSWORD + "!"}
    ),
    "rename": lambda alice: alice.ask("PATCH", "/api/auth/me", json={"name": "A"}),
    "make a token": lambda alice: alice.ask("POST", "/tokens", json=TOKEN),
    "revoke it": lambda alice: alice.ask("DELETE", f"/tokens/{alice.token}"),
    "make a feed": lambda alice: alice.ask("POST", "/feeds", json={"name": "a"}),
    "end it": lambda alice: alice.ask("DELETE", f"/feeds/{alice.feed}"),
    "erase": lambda alice: alice.ask("DELETE", **PASSWORD_GIVEN),
    "purge": purge,
}


@pytest.fixture(scope="module")
def postgres():
    with Postgres() as postgres:
        with psycopg.connect(postgres.url, autocommit=True) as admin:
            # Else a deadlock costs a second before PostgreSQL looks for it.
            admin.execute("ALTER SYSTEM SET deadlock_timeout = '20ms'")
            admin.execute("SELECT pg_reload_conf()")
        yield postgres


@pytest.fixture(scope="module")
def app(postgres, tmp_path_factory):
    often = {f"LOGIN_ATTEMPTS_{name}": "100000" for name in ("PER_ADDRESS", "ALTOGETHER")}
    environ = {
        "DATABASE_URL": postgres.url,
        "DATABASE_POOL_SIZE": "8",
        "JWT_SECRET_KEY": SECRET,
        "INSTANCE_PATH": str(tmp_path_factory.mktemp("instance")),
        "LOGIN_ATTEMPTS_PER_ACCOUNT": "1000",
        **often,
        **NO_LIMITS,
    }
    migrate(environ)
    return create_app(environ)


@pytest.fixture(scope="module")
def model(app):
    """Whose rows the others have copies of."""
    return signed_up(app)


def an_alice(app: Flask) -> Alice:
    alice = signed_up(app)
    grow_old(app, alice)
    return alice


def late_email() -> str:
    email = new_email()
    # Where attempts were counted in the order of digests, this one comes after its address.
    while attempts.digest("account", email) < attempts.digest("address", ADDRESS):
        email = new_email()
    return email


def signed_up(app: Flask) -> Alice:
    email = late_email()
    alice = Alice(app, register(app, email), [])
    new = [{"op": "create", "fields": {"title": "t"}}] * TASKS
    made = alice.ask("POST", "/tasks/batch", json={"operations": new}).json["results"]
    alice.tasks = [f"/api/{alice.holder.id}/tasks/{each['task']['id']}" for each in made]
    alice.token = alice.ask("POST", "/tokens", json=TOKEN).json["id"]
    alice.feed = alice.ask("POST", "/feeds", json={"name": "a"}).json["id"]
    post(app, "login", {"email": email, "password": PASSWORD})
    return alice


def grow_old(app: Flask, alice: Alice) -> None:
    with app.app_context(), db.engine.begin() as connection:
        owner = {"user_id": alice.holder.id}
        for statement in (
            "INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at)"
            " SELECT %(user_id)s, 'key-' || n, '', '2020-01-01Z'"
            f" FROM generate_series(0, {OLD_KEYS}) AS n",
            "UPDATE tasks SET deleted_at = '2020-01-01Z' WHERE id ="
            " (SELECT min(id) FROM tasks WHERE user_id = %(user_id)s)",
            "INSERT INTO sessions (id, user_id, created_at, expires_at)"
            " SELECT left(gen_random_uuid()::text, 32), %(user_id)s, '2020-01-01Z', '2020-01-01Z'"
            " FROM generate_series(1, 5)",
        ):
            connection.exec_driver_sql(statement, owner)


class Copies:
    """Copies of the rows of a user, as another user's."""

    def __init__(self, connection: sa.Connection, original: str) -> None:
        self._connection, self._original = connection, original
        self.owner = str(uuid4())

    def of(self, model: Any, rows: Any = None, **changed: Any) -> list[Any]:
        """Copy the user's rows, or these, with what is changed; return the copies' keys."""
        table = model.__table__
        if "user_id" in table.c:
            rows = table.c.user_id == self._original
            changed["user_id"] = sa.literal(self.owner)
        columns = [each for each in table.c if each.name != "id" or "id" in changed]
        copies = sa.select(*(changed.get(each.name, each) for each in columns)).where(rows)
        new = sa.insert(table).from_select(columns, copies).returning(*table.primary_key)
        return list(self._connection.execute(new).scalars())

    def name(self, column: Any) -> Any:
        """Return the column's random text, made another's."""
        return sa.func.md5(column + self.owner)


def like(model: Alice) -> Alice:
    """Return another one, with copies of her rows: to sign up takes ten times as long."""
    app, email, known = model.app, late_email(), model.holder.tokens["refresh_token"]
    refresh_token = f"{tokens.REFRESH_PREFIX}{secrets.token_hex(16)}.{secrets.token_hex(32)}"
    families = known.rpartition(".")[0], refresh_token.rpartition(".")[0]
    digests = {
        sessions._digest(old): sessions._digest(new)
        for old, new in ((known, refresh_token), families)
    }
    with app.app_context(), db.engine.begin() as connection:
        copies = Copies(connection, model.holder.id)
        copies.of(User, User.id == model.holder.id, id=sa.literal(copies.owner))
        copies.of(Account, email=sa.literal(email))
        of_her = sa.select(Session.id).where(Session.user_id == model.holder.id)
        copies.of(Session, id=copies.name(Session.id))
        copies.of(
            RefreshToken,
            RefreshToken.session_id.in_(of_her),
            session_id=copies.name(RefreshToken.session_id),
            digest=sa.case(
                digests, value=RefreshToken.digest, else_=copies.name(RefreshToken.digest)
            ),
        )
        counted, digest = (attempts.digest("account", each) for each in (model.holder.email, email))
        copies.of(Attempts, Attempts.digest == counted, digest=sa.literal(digest))
        tasks = copies.of(Task)
        (program,) = copies.of(ProgramToken, digest=copies.name(ProgramToken.digest))
        (feed,) = copies.of(Feed, digest=copies.name(Feed.digest))
        session = connection.scalar(sa.select(copies.name(sa.literal(model.session))))
    access_token = tokens.issue(copies.owner, tokens.accounts_key(SECRET), "sub", sid=session)
    answer = {"access_token": access_token, "refresh_token": refresh_token}
    holder = AccountHolder(app.test_client(), email, answer | {"user": {"id": copies.owner}})
    alice = Alice(app, holder, [], program, feed)
    alice.tasks = [f"/api/{holder.id}/tasks/{task}" for task in tasks]
    grow_old(app, alice)
    return alice


def at_once(alice: Alice, names: tuple[str, ...], pool: ThreadPoolExecutor) -> list[Any]:
    barrier = Barrier(len(names))

    def run(name: str) -> Any:
        barrier.wait()
        return WRITES[name](alice)

    return list(pool.map(run, names))


@pytest.mark.parametrize("first", WRITES)
def test_no_two_writes_wait_for_each_other(model, postgres, monkeypatch, first):
    monkeypatch.setattr(transfers, "_one_at_a_time", nullcontext)  # those of two processes
    names = list(WRITES)[list(WRITES).index(first) :]
    before = postgres.log().count(DEADLOCK)
    with ThreadPoolExecutor(2 * AT_ONCE) as pool:
        for second in names:
            for _ in range(ROUNDS):
                answers = at_once(like(model), (first, second) * AT_ONCE, pool)
                statuses = {answer.status_code for answer in answers if answer}
                assert not statuses & {500, 503}, (first, second, statuses)

    assert postgres.log().count(DEADLOCK) == before


def test_a_copy_may_do_whatever_its_model_may(app, model):
    """Requests that are refused would prove nothing."""
    for name, write in WRITES.items():
        both = an_alice(app), like(model)
        for alice in both:
            alice.tasks = alice.tasks[-1:]  # not the one that is deleted
        one, other = map(write, both)
        if name != "purge":
            assert one.status_code == other.status_code, (name, one.text, other.text)


def test_every_route_that_writes_is_among_them(app):
    """A new one belongs in `WRITES`."""
    methods = {"POST", "PUT", "PATCH", "DELETE"}
    routes = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods and rule.methods & methods
    }
    assert routes == {
        "tasks.create_task",
        "tasks.update_task",
        "tasks.patch_task",  # as update_task
        "tasks.delete_task",
        "tasks.restore_task",
        "tasks.complete_task",
        "bulk.change_tasks",
        "transfer.import_tasks",
        "accounts.register",
        "accounts.login",
        "accounts.refresh",
        "accounts.logout",
        "account.patch_me",
        "account.delete_me",  # as erase
        "holder.change_password",
        "holder.end_sessions",
        "holder.end_session",  # as logout
        "privacy.erase",
        "programs.create_token",
        "programs.revoke_token",
        "feeds.create_feed",
        "feeds.revoke_feed",
    }
