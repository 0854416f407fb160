"""An error that nobody foresaw: a clear answer, one log entry, nothing of the inside."""

import pytest

from taskapp import create_app
from tests.conftest import SECRET, person
from tests.problems import assert_problem
from tests.servers import free_port


@pytest.fixture
def client(environ):
    app = create_app(environ)
    app.add_url_rule("/boom", view_func=lambda: {}["a secret of the inside"])
    return app.test_client()


def test_it_is_a_500_that_the_frontend_may_read(client):
    response = client.get("/boom", headers={"Origin": "http://localhost:3000"})

    assert_problem(response, 500)
    assert "secret" not in response.text
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_it_is_logged_once_with_its_stack_and_the_request_id(client, log):
    response = client.get("/boom")

    (error,) = [line for line in log if line["level"] == "ERROR"]
    assert "KeyError" in error["exc_info"]
    assert response.headers["X-Request-ID"] in error["message"]


@pytest.fixture
def without_database(tmp_path):
    nowhere = f"postgresql://taskapp:pa55word@127.0.0.1:{free_port()}/tasks"
    settings = {"DATABASE_URL": nowhere, "JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(tmp_path)}
    return create_app(settings)


def test_a_database_that_is_away_is_one_line_with_the_cause_and_the_request_id(
    without_database, log
):
    alice = person(without_database, "alice")

    response = alice.get(alice.tasks_url)

    assert_problem(response, 503, names="try again")
    (error,) = [line for line in log if line["level"] == "ERROR"]
    assert "refused" in error["message"]
    assert "\n" not in error["message"]
    assert "exc_info" not in error
    assert response.headers["X-Request-ID"] in error["message"]
    assert "refused" not in response.text
    assert "pa55word" not in str(log)
