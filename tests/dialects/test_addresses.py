"""/api/tasks… for /api/{user_id}/tasks…, and other words for signing in."""

import re

import pytest

from taskapp import create_app
from taskapp.auth import tokens
from tests.accounts.people import PASSWORD, new_email, post
from tests.conftest import KEY, Person, person
from tests.problems import assert_problem
from tests.rest.test_contract import UNSAFE

LONG, SHORT = "/api/<user_id>/tasks", "/api/tasks"


def rules(app, beginning):
    return {
        (rule.rule.removeprefix(beginning), method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(beginning)
        for method in rule.methods
    }


def called(app, user_id):
    """Return somebody whose user id is this."""
    return Person(user_id, app.test_client(), tokens.issue(user_id, KEY, "sub"))


def test_every_route_of_tasks_has_a_short_form(app):
    # That of the export is the address of what is stored about the user called `tasks`.
    export = {each for each in rules(app, LONG) if each[0] == "/export"}
    assert len(export) == 3
    assert rules(app, SHORT) == rules(app, LONG) - export


def test_the_short_form_needs_a_token_everywhere(app, stranger):
    for path, method, _ in rules(app, SHORT):
        if method not in ("OPTIONS", "HEAD"):
            url = SHORT + re.sub("<.*?>", "7", path)
            assert_problem(stranger.open(url, method), 401)


def test_the_short_form_shows_and_changes_what_the_long_form_does(alice, bob):
    bob.has_task("Bob's")
    milk = alice.post("/api/tasks/", json={"title": "Buy milk"})

    assert milk.status_code == 201
    assert milk.headers["Location"] == f"/api/tasks/{milk.json['id']}"
    assert alice.get("/api/tasks").json == alice.get(alice.tasks_url).json == [milk.json]
    url = milk.headers["Location"]
    assert alice.patch(f"{url}/complete/").json["completed"]
    assert alice.put(url, json={"title": "Buy oats"}).json["title"] == "Buy oats"
    assert alice.delete(url).status_code == 200
    assert alice.post(f"{url}/restore").json["title"] == "Buy oats"
    assert alice.get(f"{alice.tasks_url}/{milk.json['id']}").json["title"] == "Buy oats"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_users_task_is_not_there(alice, bob, method):
    theirs = bob.has_task()

    assert_problem(alice.open(f"/api/tasks/{theirs['id']}", method, json={"title": "t"}), 404)
    assert bob.get(theirs["url"]).json["title"] == "Buy milk"


def test_addresses_in_answers_stay_in_the_form_that_was_called(alice):
    for _ in range(2):
        alice.has_task()

    for base in ("/api/tasks", alice.tasks_url):
        assert alice.get(f"{base}?limit=1").headers["Link"].startswith(f"<{base}?")
        changes = alice.get(f"{base}/changes?since=0&limit=1").json
        assert changes["next"].startswith(f"{base}/changes?since=")
        assert alice.get(changes["next"]).json["changes"][0]["title"] == "Buy milk"
        gone = alice.get(f"{base}/changes?since=1")
        assert_problem(gone, 410, names=f"{base}/changes?since=0")


def test_an_idempotency_key_belongs_to_the_address_that_was_called(alice):
    headers = {"Idempotency-Key": "k"}
    first, again = (
        alice.post("/api/tasks", json={"title": "t"}, headers=headers) for _ in range(2)
    )

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert_problem(alice.post(alice.tasks_url, json={"title": "t"}, headers=headers), 422)
    assert len(alice.get("/api/tasks").json) == 1


def test_etags_hold_in_either_form(alice):
    task = alice.has_task()
    etag = alice.get(task["url"]).headers["ETag"]

    assert alice.get(f"/api/tasks/{task['id']}", headers={"If-None-Match": etag}).status_code == 304
    stale = alice.patch(f"/api/tasks/{task['id']}", json={}, headers={"If-Match": '"1"'})
    assert assert_problem(stale, 412)["current"]["id"] == task["id"]


def test_what_no_route_answers_under_the_short_form(alice, stranger):
    for method, url, status in [
        ("PUT", "/api/tasks", 405),
        ("POST", "/api/tasks/7", 405),
        ("POST", "/api/tasks/changes", 405),
        ("GET", "/api/tasks/7/none", 404),
        ("GET", "/api/tasks/abc", 404),
        ("GET", "/api/tasks/7/..", 403),
        ("GET", "/api/tasks//", 403),
        ("GET", "/api//tasks", 403),
    ]:
        assert_problem(alice.open(url, method), status)
        assert_problem(stranger.open(url, method), 401)


@pytest.mark.parametrize("method", sorted(UNSAFE | {"GET"}))
def test_a_preflight_of_the_short_form_needs_no_token(stranger, method):
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": method}

    response = stranger.open("/api/tasks/7/complete", "OPTIONS", headers=headers)

    assert response.status_code == 204
    assert method in response.headers["Access-Control-Allow-Methods"]


def test_options_without_a_preflights_headers_change_nothing(alice, stranger):
    assert stranger.open("/api/tasks/7", "OPTIONS").status_code == 200
    assert {"GET", "PUT"} <= set(alice.open("/api/tasks/7", "OPTIONS").headers["Allow"].split(", "))


@pytest.mark.parametrize("user_id", ["tasks", "auth", "v1", "changes", "export", "complete"])
def test_whoever_is_called_like_a_part_of_the_address_has_both_forms(app, alice, user_id):
    they = called(app, user_id)

    created = they.post(they.tasks_url, json={"title": "t"})

    url = f"/api/{user_id}/tasks/{created.json['id']}"
    assert created.headers["Location"] == url
    assert they.get(url).json == they.get(f"/api/tasks/{created.json['id']}").json == created.json
    assert they.patch(f"{url}/complete").json["completed"]
    assert created.json["id"] in [task["id"] for task in they.get(they.tasks_url).json]
    assert they.get(f"{they.tasks_url}/changes?since=0").json["changes"]
    assert they.get(f"/api/{user_id}/export").json["tasks"]
    for path in ("", "/7", "/changes?since=0"):
        assert_problem(alice.get(they.tasks_url + path), 403)
    assert_problem(alice.delete(f"/api/{user_id}"), 403)
    assert they.delete(f"/api/{user_id}").json == {"message": "User erased"}


def test_both_forms_are_counted_together(environ, app):
    alice = person(create_app(environ | {"RATE_LIMIT_READS": "3/minute"}), "alice")

    for url in ("/api/tasks", alice.tasks_url, "/api/tasks/"):
        assert alice.get(url).status_code == 200
    for url in ("/api/tasks", alice.tasks_url):
        assert_problem(alice.get(url), 429)


def test_the_short_form_is_logged_by_its_own_template(app, alice, log):
    alice.get("/api/tasks/7")

    line = next(line for line in log if line.get("route"))
    assert (line["route"], line["user_id"]) == ("/api/tasks/<row_id:task_id>", alice.id)


@pytest.mark.parametrize("prefix", ["/api/auth", "/auth"])
def test_signing_up_and_in_and_out_has_other_words(app, prefix):
    client, email = app.test_client(), new_email()
    credentials = {"email": email, "password": PASSWORD}

    created = post(app, "signup", credentials, prefix=prefix)
    again = post(app, "signin", credentials, prefix=prefix)

    assert (created.status_code, again.status_code) == (201, 200)
    headers = {"Authorization": f"Bearer {again.json['token']}"}
    assert client.get(f"{prefix}/me", headers=headers).json["user"] == created.json["user"]
    sent = {"refresh_token": again.json["refresh_token"]}
    assert post(app, "refresh", sent, prefix=prefix).status_code == 200
    assert post(app, "login", credentials, prefix=prefix).status_code == 200
    assert_problem(post(app, "register", credentials, prefix=prefix), 409)
    assert post(app, "logout", headers=headers, prefix=prefix).status_code == 200
    assert_problem(client.get(f"{prefix}/me", headers=headers), 401)


@pytest.mark.parametrize("path", ["/auth", "/auth/", "/auth/none", "/auth/me/tasks", "/api/auth/x"])
def test_what_is_not_there_is_a_plain_404(stranger, path):
    assert_problem(stranger.get(path), 404)


def test_the_cookie_is_for_one_of_the_two_addresses(app):
    credentials = {"email": new_email(), "password": PASSWORD, "cookie": True}

    response = post(app, "signup", credentials, prefix="/auth")

    assert "Path=/api/auth;" in response.headers["Set-Cookie"]
