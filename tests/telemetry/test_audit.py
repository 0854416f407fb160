"""The audit trail: what concerns security has an event with a stable name."""

import re

import pytest

from taskapp import create_app
from taskapp.config import ROOT
from taskapp.telemetry import audit
from tests.accounts import people


def events(log):
    return [line for line in log if line.get("logger") == "taskapp.audit"]


def test_a_refused_token_tells_why_and_nothing_of_itself(alice, log):
    alice.get(alice.tasks_url, headers={"Authorization": "Bearer not-a-jwt"})

    (event,) = events(log)
    assert event["event"] == "token.refused"
    assert "not a JWT" in event["reason"]
    assert event["address"] == "127.0.0.1"
    assert "not-a-jwt" not in str(log)


@pytest.mark.parametrize("path", ["/tasks", "/no/such"])
def test_a_look_at_anothers_path_tells_who_looked(alice, bob, log, path):
    response = alice.get(f"/api/{bob.id}{path}")

    (event,) = events(log)
    assert event["event"] == "access.denied"
    assert event["user_id"] == alice.id
    assert event["request_id"] == response.headers["X-Request-ID"]


def test_an_erased_user_is_noted(alice, log):
    alice.delete(f"/api/{alice.id}")

    (event,) = events(log)
    assert (event["event"], event["user_id"]) == ("user.erased", alice.id)


def test_signing_in_is_noted_and_no_password_or_email(app, log):
    somebody = people.register(app)
    body = {"email": somebody.email, "password": people.PASSWORD}
    people.post(app, "login", body)
    people.post(app, "login", body | {"password": "a wrong one"})

    names = [event["event"] for event in events(log)]
    assert names == ["account.registered", "login.succeeded", "login.failed"]
    assert somebody.email not in str(log)
    assert people.PASSWORD not in str(log)


def test_the_end_of_a_session_and_of_an_account_is_noted(app, log):
    alice = people.register(app)
    used = {"refresh_token": alice.tokens["refresh_token"]}
    people.post(app, "refresh", used)
    people.post(app, "refresh", used)
    again = people.post(app, "login", {"email": alice.email, "password": people.PASSWORD}).json
    headers = {"Authorization": f"Bearer {again['access_token']}"}
    body = {"password": people.PASSWORD}
    alice.client.delete("/api/auth/me", json=body, headers=headers)
    bob = people.register(app)
    people.post(app, "logout", headers=bob.headers)

    names = [event["event"] for event in events(log)]
    expected = ["account.registered", "session.refused", "login.succeeded", "user.erased"]
    assert names == [*expected, "account.registered", "session.ended"]


@pytest.fixture
def strict_app(environ):
    return create_app(environ | {"LOGIN_ATTEMPTS_ALTOGETHER": "1"})


def test_too_many_attempts_are_noted(strict_app, log):
    body = {"email": people.new_email(), "password": "a wrong one"}
    for _ in range(2):
        people.post(strict_app, "login", body)

    assert events(log)[-1]["event"] == "rate_limit.exceeded"


def test_every_event_is_documented():
    documented = re.findall(
        r"^\| `([a-z_]+\.[a-z_]+)`", (ROOT / "docs/operations.md").read_text(), re.M
    )

    assert sorted(documented) == sorted(audit.EVENTS)


def test_a_name_that_is_not_documented_is_refused(app):
    with app.test_request_context(), pytest.raises(ValueError, match="not an audit event"):
        audit.event("no.such")
