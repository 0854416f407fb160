"""GET /health, /health/live and /health/ready"""

import pytest

from taskapp import create_app
from tests.problems import assert_problem


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
