"""The schema as nodes of Citus need it, and the service that takes it for theirs: a whole story."""

import secrets

import psycopg
import pytest
import requests

from taskapp.database.distribution import KEYS, OWNER
from tests.servers import ForkedService, Postgres, pretend_to_be_distributed
from tests.waiting import PATIENCE


@pytest.fixture
def service(tmp_path):
    on = {"ACCOUNTS": "on", "WEB_CONCURRENCY": "1"}
    with Postgres() as postgres, ForkedService(postgres.url, tmp_path, **on) as service:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            for table, key in connection.execute(KEYS, {"tables": list(OWNER)}).fetchall():
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
        pretend_to_be_distributed(postgres.url)
        service.stop()
        service.start()
        service.postgres = postgres
        yield service


def test_a_user_comes_works_and_leaves(service):
    auth = f"{service.url}/api/auth"
    credentials = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_hex(8)}
    signed_in = requests.post(f"{auth}/register", json=credentials, timeout=PATIENCE).json()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        tasks = f"{service.url}/api/{signed_in['user']['id']}/tasks"
        key = {"Idempotency-Key": secrets.token_hex(8)}
        first = session.post(tasks, json={"title": "One"}, headers=key)
        again = session.post(tasks, json={"title": "One"}, headers=key)
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        one = f"{tasks}/{first.json()['id']}"
        assert session.patch(f"{one}/complete").json()["completed"] is True
        changed = session.put(one, json={"title": "Two"}, headers={"If-Match": '"1"'})
        assert changed.status_code == 412
        assert session.delete(one).status_code == 200
        assert session.post(f"{one}/restore").json()["title"] == "One"
        assert len(session.get(f"{tasks}/changes?since=0").json()["changes"]) == 1
        user = f"{service.url}/api/{signed_in['user']['id']}"
        program = session.post(f"{user}/tokens", json={"name": "n", "scopes": ["tasks:read"]})
        assert program.status_code == session.post(f"{user}/feeds", json={}).status_code == 201
        body = {"password": credentials["password"]}
        assert session.delete(f"{auth}/me", json=body).status_code == 200

    with psycopg.connect(service.postgres.url) as connection:
        gone = (
            "users",
            "tasks",
            "accounts",
            "sessions",
            "refresh_tokens",
            "program_tokens",
            "feeds",
        )
        for table in gone:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
