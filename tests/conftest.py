"""People and databases for every test: real tokens, real commits, SQLite and PostgreSQL."""

import json
import logging
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from taskapp import create_app
from taskapp.auth import tokens
from taskapp.telemetry import logs
from tests import servers

SECRET = secrets.token_urlsafe(48)
KEY = tokens.Key("HS256", SECRET)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL of our own, or yours in `TEST_DATABASE_URL`."""
    if "TEST_DATABASE_URL" in os.environ:
        yield os.environ["TEST_DATABASE_URL"]
    else:
        with servers.Postgres() as postgres:
            yield postgres.url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/tasks.db"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture(scope="session")
def environ(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of the application under test."""
    return {
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": SECRET,
        "INSTANCE_PATH": str(tmp_path_factory.mktemp("instance")),
        "LOG_FORMAT": "json",
        **servers.NO_LIMITS,
    }


@pytest.fixture(scope="session")
def app(environ: dict[str, str]) -> Flask:
    app = create_app(environ)
    with app.app_context():
        flask_migrate.upgrade()
    return app


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
        return self.client.open(
            url, method=method, headers=self.headers | (headers or {}), **kwargs
        )

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
