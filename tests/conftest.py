"""People and databases for every test: real tokens, real commits, SQLite and PostgreSQL."""

import gc
import json
import logging
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from xdist.scheduler import LoadScopeScheduling

from taskapp import create_app
from taskapp.accounts import passwords
from taskapp.auth import tokens
from taskapp.telemetry import logs
from tests import chance, prepared, servers

SECRET = secrets.token_urlsafe(48)
KEY = tokens.Key("HS256", SECRET)
HASHER = passwords._hasher
# Most of what is imported and collected stays: to look for garbage in it again and again took an
# eighth of the time.
gc.set_threshold(50_000, 10, 10)


# Each test of these has servers of its own and takes long: it may run on any worker of xdist.
ALONE = {"backup", "database_away", "database_faults", "migrating", "replica"}
# What takes a worker of xdist longest comes first, and what takes seconds last.
LONG = ("/test_starting.py", "/test_pairs.py", "/flows/", "/transfer/", "/auth/", "/dialects/")


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps together on one worker what shares servers: the tests of a file, for each database.

    Those of `flows` share the running service, also between files. The mark `xdist_group` would
    say so where it belongs, but does nothing with pytest 9.2 (pytest-xdist's issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        folder, _, name = path.removesuffix(".py").rpartition("/test_")
        database = re.search(r"[\[-](sqlite|postgresql)[]-]", test)
        if name in ALONE:
            return nodeid
        if folder.endswith("flows") and database:
            return f"{folder} {database[1]}"
        return f"{path} {database[1] if database else ''}"


def pytest_configure(config: pytest.Config) -> None:
    prepared.begin(config)
    chance.begin()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, or one worker would be at it while the others are done."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _turn(item.nodeid))


def _turn(nodeid: str) -> int:
    return next((turn for turn, part in enumerate(LONG) if part in nodeid), len(LONG))


def pytest_collection_finish() -> None:
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    return Scheduler(config, log)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords at a thousandth of the cost, except where `costly_hashes` are asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(1, 8, 1))
        yield


@pytest.fixture
def costly_hashes(cheap_hashes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords as the service does."""
    monkeypatch.setattr(passwords, "_hasher", HASHER)
    passwords._stand_in.cache_clear()
    yield
    passwords._stand_in.cache_clear()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL of our own, or yours in `TEST_DATABASE_URL`."""
    if "TEST_DATABASE_URL" not in os.environ:
        with servers.Postgres() as postgres:
            yield postgres.url
            logs.logger.setLevel(logging.ERROR)  # those who listen to it will miss it
    elif "PYTEST_XDIST_WORKER" not in os.environ:
        yield os.environ["TEST_DATABASE_URL"]
    else:
        with _database_of_this_worker(os.environ["TEST_DATABASE_URL"]) as url:
            yield url


@contextmanager
def _database_of_this_worker(url: str) -> Iterator[str]:
    """A database beside yours: the workers may not be in each other's way."""
    with psycopg.connect(url, autocommit=True) as admin:
        name = f"{admin.info.dbname}_{os.environ['PYTEST_XDIST_WORKER']}"
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
        yield sa.make_url(url).set(database=name).render_as_string(hide_password=False)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def sqlite_url() -> Iterator[str]:
    """An SQLite file, for all tests of this process."""
    with tempfile.TemporaryDirectory(prefix="sqlite-", dir=_where_nobody_waits()) as folder:
        yield f"sqlite:///{folder}/tasks.db"


def _where_nobody_waits() -> str | None:
    """Return a folder in memory: a commit waits for a disk, and no test looks at one."""
    memory = Path("/dev/shm")  # noqa: S108
    if memory.is_dir() and shutil.disk_usage(memory).free > 2**30:
        return str(memory)
    return None


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def instance_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("instance"))


@pytest.fixture(scope="session")
def environ(database_url: str, instance_path: str) -> dict[str, str]:
    """The settings of the application under test."""
    return {
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": SECRET,
        "INSTANCE_PATH": instance_path,
        "LOG_FORMAT": "json",
        **servers.NO_LIMITS,
    }


@pytest.fixture(scope="session")
def app(environ: dict[str, str]) -> Flask:
    """The same for all tests of this process on one database, which take turns."""
    servers.migrate(environ)
    return app_with(environ)


def app_with(environ: dict[str, str], **settings: str) -> Flask:
    """Return the application of these settings, the same for all who ask: it takes time to make.

    Whoever changes it makes one of their own.
    """
    return _made(frozenset({**environ, **settings}.items()))


@lru_cache(30)
def _made(settings: frozenset[tuple[str, str]]) -> Flask:
    return create_app(dict(settings))


@dataclass
class Person:
    """Somebody with a browser and, unless a stranger, a token."""

    id: str
    client: FlaskClient
    token: str | None

    @property
    def tasks_url(self) -> str:
        return f"/api/{self.id}/tasks"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def open(self, url: str, method: str, headers: Any = None, **kwargs: Any) -> Any:
        if "json" in kwargs:  # the service's own writer knows better than to write all that we send
            kwargs["data"] = json.dumps(kwargs.pop("json"))
            kwargs.setdefault("content_type", "application/json")
        headers = self.headers | (headers or {})
        # As a whole: an answer that streams holds the request's context until it is read.
        return self.client.open(url, method=method, headers=headers, buffered=True, **kwargs)

    def get(self, url: str, **kwargs: Any) -> Any:
        return self.open(url, "GET", **kwargs)

    def post(self, url: str, **kwargs: Any) -> Any:
        return self.open(url, "POST", **kwargs)

    def put(self, url: str, **kwargs: Any) -> Any:
        return self.open(url, "PUT", **kwargs)

    def patch(self, url: str, **kwargs: Any) -> Any:
        return self.open(url, "PATCH", **kwargs)

    def delete(self, url: str, **kwargs: Any) -> Any:
        return self.open(url, "DELETE", **kwargs)

    def has_task(self, title: str = "Buy milk", **fields: Any) -> dict[str, Any]:
        """Create a task and return it, its address in `url`."""
        response = self.post(self.tasks_url, json={"title": title, **fields})
        assert response.status_code == 201, response.text
        return {**response.json, "url": response.headers["Location"]}


def person(app: Flask, name: str) -> Person:
    user_id = f"{name}-{secrets.token_hex(6)}"
    return Person(user_id, app.test_client(), tokens.issue(user_id, KEY, "sub"))


@pytest.fixture
def alice(app: Flask) -> Person:
    return person(app, "alice")


@pytest.fixture
def bob(app: Flask) -> Person:
    return person(app, "bob")


@pytest.fixture
def stranger(app: Flask) -> Person:
    return Person("stranger", app.test_client(), None)


class Lines(logging.Handler):
    """What the service logs, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.formatter = logs.formatter("json")
        self.all: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.all.append(json.loads(self.format(record)))


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    """The lines that the service logs from now on."""
    handler = Lines()
    logs.logger.addHandler(handler)
    yield handler.all
    logs.logger.removeHandler(handler)
