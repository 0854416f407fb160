"""/api/{user_id}/feeds and /feeds/{secret}.ics"""

import hashlib
import logging

import pytest
import sqlalchemy as sa
from opentelemetry.util.http import parse_excluded_urls

from taskapp import create_app
from taskapp.database import execute, transaction
from taskapp.feeds.models import Feed
from taskapp.telemetry import logs, tracing
from tests.accounts.people import new_address
from tests.conftest import person
from tests.feeds.calendars import make, parts
from tests.problems import assert_problem
from tests.programs.people import program


def secret_of(feed):
    return feed["url"].rpartition("/")[2].removesuffix(".ics")


def test_an_address_is_shown_once_and_stored_as_a_digest(app, alice):
    answer = alice.post(f"/api/{alice.id}/feeds", json={"name": "Phone"})

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    made = answer.json
    assert made["url"].startswith("http://localhost/feeds/")
    shown = {name: value for name, value in made.items() if name != "url"}
    assert alice.get(f"/api/{alice.id}/feeds").json == [shown]
    assert (shown["name"], shown["last_used_at"]) == ("Phone", None)
    with app.app_context(), transaction(alice.id):
        row = execute(sa.select(*Feed.__table__.c).where(Feed.id == made["id"])).one()
    assert row.digest == hashlib.sha256(secret_of(made).encode()).hexdigest()
    assert secret_of(made) not in str(row)


def test_whoever_has_the_address_sees_what_is_due_and_nothing_else(alice, bob, stranger):
    alice.has_task("Hers", due_date="2026-02-01")
    alice.has_task("Without a date")
    bob.has_task("His", due_date="2026-02-01")
    feed = make(alice)

    (event,) = parts(stranger.get(feed["url"]))

    assert event["SUMMARY"] == "Hers"
    assert alice.get(f"/api/{alice.id}/feeds").json[0]["last_used_at"] is not None
    assert_problem(stranger.get(f"/api/{alice.id}/feeds"), 401)
    secret = secret_of(feed)
    for sent in (secret, f"tk_{secret}"):
        headers = {"Authorization": f"Bearer {sent}"}
        assert_problem(stranger.get(alice.tasks_url, headers=headers), 401)
    assert_problem(stranger.post(feed["url"]), 405)


def test_todos_are_all_tasks(alice, stranger):
    alice.has_task("Dated", due_date="2026-02-01")
    alice.has_task("Without a date")
    gone = alice.has_task("Deleted")
    alice.delete(gone["url"])

    todos = parts(stranger.get(make(alice)["url"] + "?as=todos"), "VTODO")

    assert [str(todo["SUMMARY"]) for todo in todos] == ["Without a date", "Dated"]
    assert_problem(stranger.get(make(alice)["url"] + "?as=none"), 422, names="as")


def test_a_revoked_feed_is_gone_at_once_in_every_process(environ, alice, bob):
    feed = make(alice)
    elsewhere = create_app(environ).test_client()
    assert elsewhere.get(feed["url"]).status_code == 200
    assert_problem(bob.delete(f"/api/{bob.id}/feeds/{feed['id']}"), 404)

    assert alice.delete(f"/api/{alice.id}/feeds/{feed['id']}").json == {"message": "Feed revoked"}

    assert_problem(elsewhere.get(feed["url"]), 404, names="revoked")
    assert_problem(alice.delete(f"/api/{alice.id}/feeds/{feed['id']}"), 404)
    assert alice.get(f"/api/{alice.id}/feeds").json == []


def test_a_calendar_that_has_it_gets_a_304_until_something_changes(alice, stranger):
    task = alice.has_task(due_date="2026-02-01")
    url = make(alice)["url"]
    first = stranger.get(url)
    etag = {"If-None-Match": first.headers["ETag"]}

    same = stranger.get(url, headers=etag)

    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert same.headers["Cache-Control"] == first.headers["Cache-Control"] == "private, max-age=300"
    assert stranger.get(f"{url}?as=todos", headers=etag).status_code == 200
    assert (
        stranger.get(url, headers={"If-None-Match": f"W/{first.headers['ETag']}"}).status_code
        == 304
    )
    assert stranger.get(url).data == first.data
    assert stranger.open(url, "HEAD").headers["ETag"] == first.headers["ETag"]
    alice.put(task["url"], json={"title": "Buy oats"})
    assert stranger.get(url, headers=etag).status_code == 200


@pytest.mark.parametrize("secret", ["x", "a" * 43, "a" * 44, "%00", "..%2f", "tk_" + "a" * 43, "é"])
def test_what_is_no_secret_opens_nothing(stranger, secret):
    assert_problem(stranger.get(f"/feeds/{secret}.ics"), 404)


def test_guessing_is_limited_by_address_and_a_calendar_by_its_user(environ, alice):
    settings = {"RATE_LIMIT_ADDRESS": "2/minute", "RATE_LIMIT_READS": "3/minute"}
    few = create_app(environ | settings).test_client()
    url, elsewhere = make(alice)["url"], {"REMOTE_ADDR": new_address()}

    guesses = [
        few.get(f"/feeds/{'a' * 43}.ics", environ_overrides=elsewhere).status_code for _ in range(3)
    ]
    asked = [few.get(url, environ_overrides=elsewhere).status_code for _ in range(4)]

    assert guesses == [404, 404, 429]
    assert asked == [200, 200, 200, 429]


@pytest.fixture
def measured(environ):
    return create_app(environ | {"METRICS_TOKEN": "metrics"})


def test_the_secret_is_in_no_log_and_no_metric(measured, log):
    alice, nobody = person(measured, "alice"), measured.test_client()
    feed = make(alice)
    secret = secret_of(feed)
    nobody.get(feed["url"])
    nobody.get(f"{feed['url']}?as=none")
    nobody.get(f"/feeds/{secret}")
    nobody.post(feed["url"])
    alice.delete(f"/api/{alice.id}/feeds/{feed['id']}")
    nobody.get(feed["url"])

    routes = [line.get("route") for line in log if line.get("logger") == "taskapp.requests"]
    assert "/feeds/<secret>.ics" in routes
    assert secret not in str(log)
    metrics = nobody.get("/metrics", headers={"Authorization": "Bearer metrics"})
    assert metrics.status_code == 200
    assert secret not in metrics.text
    events = [line["event"] for line in log if line.get("logger") == "taskapp.audit"]
    assert events == ["feed.created", "feed.revoked", "feed.refused"]
    assert nobody.get(feed["url"]).headers["Referrer-Policy"] == "no-referrer"


def test_the_secret_is_not_in_a_path_that_no_route_has_either(environ):
    client = create_app(environ | {"LOG_FORMAT": "console"}).test_client()
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logs.logger.addHandler(handler)
    client.get("/feeds/4Jx0secret")
    client.post("/feeds/4Jx0secret.ics")
    client.get("/none")
    logs.logger.removeHandler(handler)

    assert any("/feeds/(left out) (no route)" in line for line in lines)
    assert any("/none (no route)" in line for line in lines)
    assert "4Jx0secret" not in str(lines)


def test_sentry_is_told_no_secret_address():
    event = {"request": {"url": "https://tasks.example.com/feeds/4Jx0.ics", "query_string": "a=b"}}

    assert tracing._without_rows(event, None)["request"] == {
        "url": "https://tasks.example.com/feeds/(left out)"
    }


@pytest.mark.parametrize(
    ("url", "traced"),
    [
        ("http://localhost:8000/feeds/secret.ics?as=todos", False),
        ("https://tasks.example.com/feeds/secret", False),
        ("https://tasks.example.com/api/alice/feeds/7", True),
        ("https://tasks.example.com/api/alice/tasks", True),
    ],
)
def test_a_request_for_a_calendar_is_not_traced(url, traced):
    assert parse_excluded_urls(tracing.UNTRACED).url_disabled(url) is not traced


def test_a_program_makes_no_feed(alice):
    assert_problem(program(alice).post(f"/api/{alice.id}/feeds"), 403)


@pytest.mark.parametrize("name", ["", "x" * 101, 7, None])
def test_a_senseless_name_is_refused(alice, name):
    assert_problem(alice.post(f"/api/{alice.id}/feeds", json={"name": name}), 422, names="name")


def test_each_user_may_have_fifty(alice):
    for _ in range(50):
        make(alice)

    assert_problem(alice.post(f"/api/{alice.id}/feeds"), 409, names="50")


def test_with_its_user_a_feed_is_gone(alice, stranger):
    feed = make(alice)

    alice.delete(f"/api/{alice.id}")

    assert_problem(stranger.get(feed["url"]), 404)
