"""One line for each request, and an id that joins it with the answer."""

import json
import logging

import pytest

from taskapp import create_app
from taskapp.telemetry import logs


def test_a_request_is_one_line_that_says_who_and_what_but_no_content(alice, log):
    task = alice.has_task("A secret title")
    response = alice.get(f"{task['url']}?status=hidden")

    _, line = [each for each in log if each["logger"] == "taskapp.requests"]
    assert line["method"] == "GET"
    assert line["route"] == "/api/<user_id>/tasks/<row_id:task_id>"
    assert line["status"] == 200
    assert line["milliseconds"] > 0
    assert line["user_id"] == alice.id
    assert line["request_id"] == response.headers["X-Request-ID"]
    text = json.dumps(log)
    assert alice.token not in text
    assert "secret title" not in text
    assert "hidden" not in text


@pytest.mark.parametrize("sent", ["abc-123", "0af7651916cd43dd8448eb211c80319c"])
def test_a_sane_request_id_is_kept(stranger, sent):
    assert stranger.get("/health", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "é", '"', "<script>"])
def test_another_one_is_replaced(stranger, sent):
    response = stranger.get("/health", headers={"X-Request-ID": sent})

    assert response.headers["X-Request-ID"] not in ("", sent)


def test_no_line_looks_for_the_code_that_wrote_it(log, monkeypatch):
    monkeypatch.setattr(logging.Logger, "findCaller", None)

    logs.logger.warning("found without looking")

    (line,) = log
    assert line["message"] == "found without looking"


def test_what_a_row_holds_is_left_out_whole_however_many_lines_it_has():
    text = (
        "psycopg.errors.UniqueViolation: duplicate key\n"
        "DETAIL:  Key (title)=(first secret\nsecond secret\n\nthird secret) already exists.\n"
        "HINT:  a secret, too\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        "Traceback (most recent call last):\nDETAIL: fourth secret"
    )

    left = logs.without_rows(text)

    assert "secret" not in left
    assert "duplicate key" in left
    assert "The above exception" in left


@pytest.fixture(params=["console", "json"])
def written(request, environ):
    """How lines are written, and an application that does; made before the log is read."""
    return request.param, create_app(environ | {"LOG_FORMAT": request.param})


def test_a_path_that_no_route_has_is_shown_to_developers_alone(written, log):
    form, app = written

    app.test_client().get("/no/such%0Apath")

    shown = {"console": "/no/such%0Apath (no route)", "json": None}
    assert log[-1]["route"] == shown[form]
    assert log[-1]["status"] == 404
