"""Every pair of writes, run against each other on PostgreSQL: nobody waits for nobody."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask

from taskapp import cli, create_app
from taskapp.accounts import attempts
from taskapp.accounts import queries as accounts
from taskapp.database import db
from taskapp.rest import idempotency
from taskapp.transfer import routes as transfers
from tests.accounts.people import PASSWORD, AccountHolder, new_address, new_email, post, register
from tests.conftest import SECRET
from tests.servers import NO_LIMITS, Postgres

ADDRESS = new_address()
DEADLOCK = "deadlock detected"
TASKS, OLD_KEYS = 3, 20
AT_ONCE = 2  # requests of each of the two
ROUNDS = 2


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
    app = create_app(
        {
            "DATABASE_URL": postgres.url,
            "DATABASE_POOL_SIZE": "8",
            "JWT_SECRET_KEY": SECRET,
            "INSTANCE_PATH": str(tmp_path_factory.mktemp("instance")),
            "LOGIN_ATTEMPTS_PER_ACCOUNT": "1000",
            **often,
            **NO_LIMITS,
        }
    )
    with app.app_context():
        flask_migrate.upgrade()
    return app


def an_alice(app: Flask) -> Alice:
    email = new_email()
    # Where attempts were counted in the order of digests, this one comes after its address.
    while attempts.digest("account", email) < attempts.digest("address", ADDRESS):
        email = new_email()
    alice = Alice(app, register(app, email), [])
    new = [{"op": "create", "fields": {"title": "t"}}] * TASKS
    made = alice.ask("POST", "/tasks/batch", json={"operations": new}).json["results"]
    alice.tasks = [f"/api/{alice.holder.id}/tasks/{each['task']['id']}" for each in made]
    alice.token = alice.ask("POST", "/tokens", json=TOKEN).json["id"]
    alice.feed = alice.ask("POST", "/feeds", json={"name": "a"}).json["id"]
    post(app, "login", {"email": email, "password": PASSWORD})
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
    return alice


def at_once(alice: Alice, names: tuple[str, ...], pool: ThreadPoolExecutor) -> list[Any]:
    barrier = Barrier(len(names))

    def run(name: str) -> Any:
        barrier.wait()
        return WRITES[name](alice)

    return list(pool.map(run, names))


@pytest.mark.parametrize("first", WRITES)
def test_no_two_writes_wait_for_each_other(app, postgres, monkeypatch, first):
    monkeypatch.setattr(transfers, "_one_at_a_time", nullcontext)  # those of two processes
    names = list(WRITES)[list(WRITES).index(first) :]
    before = postgres.log().count(DEADLOCK)
    with ThreadPoolExecutor(2 * AT_ONCE) as pool:
        for second in names:
            for _ in range(ROUNDS):
                answers = at_once(an_alice(app), (first, second) * AT_ONCE, pool)
                statuses = {answer.status_code for answer in answers if answer}
                assert not statuses & {500, 503}, (first, second, statuses)

    assert postgres.log().count(DEADLOCK) == before


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
