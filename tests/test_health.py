"""GET /health, /health/live and /health/ready"""

import pytest

from taskapp import create_app, health
from taskapp.database import transaction
from tests.problems import assert_problem
from tests.waiting import PATIENCE


@pytest.mark.parametrize("url", ["/health", "/health/", "/health/live", "/health/ready"])
def test_a_running_service_is_healthy(stranger, url):
    response = stranger.get(url)

    assert response.status_code == 200
    assert response.json == {"status": "healthy"}


def test_without_migrations_it_lives_but_is_not_ready(environ, tmp_path):
    client = create_app(environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"}).test_client()

    assert client.get("/health/live").status_code == 200
    assert_problem(client.get("/health/ready"), 503)


def test_without_a_database_it_answers_503(environ, alice):
    away = create_app(environ | {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}).test_client()

    assert_problem(away.get("/health/ready"), 503)
    assert_problem(away.get(alice.tasks_url, headers=alice.headers), 503, names="try again")
    assert away.get("/health").status_code == 200


def test_the_database_is_looked_at_once_in_a_while_however_often_somebody_asks(
    environ, app, monkeypatch
):
    looks = []
    monkeypatch.setattr(health, "EACH", PATIENCE)
    monkeypatch.setattr(health.schema, "trouble", lambda **kwargs: looks.append(kwargs))
    client = create_app(environ).test_client()

    statuses = {client.get("/health/ready").status_code for _ in range(20)}

    assert statuses == {200}
    assert len(looks) == 1


def test_readiness_waits_for_no_turn(environ, app):
    busy = create_app(environ | {"DATABASE_POOL_SIZE": "1", "WAITING_ROOM": "0"})
    with busy.app_context(), transaction():
        assert busy.test_client().get("/health/ready").status_code == 200
