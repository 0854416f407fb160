"""Prefer: handling=strict (RFC 7240), and what the log says without it."""

import json

import pytest

from taskapp.rest import preferences
from tests.accounts import people
from tests.problems import assert_problem

STRICT = {"Prefer": "handling=strict"}


@pytest.fixture(autouse=True)
def nothing_told_yet(monkeypatch):
    monkeypatch.setattr(preferences, "_told", set())


def told(log):
    return [line["message"] for line in log if "not known" in line["message"]]


def test_an_unknown_query_parameter_is_a_422_that_names_it(alice):
    response = alice.get(f"{alice.tasks_url}?stauts=done&limit=1", headers=STRICT)

    problem = assert_problem(response, 422, names="stauts: This query parameter is not known here.")
    assert problem["errors"].keys() == {"stauts"}
    assert response.headers["Preference-Applied"] == "handling=strict"


def test_an_unknown_field_is_a_422_that_names_it_and_nothing_is_done(alice):
    body = {"title": "t", "titel": "t", "prority": "high"}

    response = alice.post(alice.tasks_url, json=body, headers=STRICT)

    problem = assert_problem(response, 422, names="prority: This field is not known here.")
    assert problem["errors"].keys() == {"titel", "prority"}
    assert alice.get(alice.tasks_url).json == []


def test_whatever_is_known_by_any_name_is_accepted(alice):
    task = alice.has_task()
    queries = "status=all&q=&pageSize=5&sortBy=title&limit=5&count=true"
    whole = {**task, "isCompleted": True, "dueDate": None, "createdAt": "", "userId": ""}
    del whole["url"]

    for response in (
        alice.get(f"{alice.tasks_url}?{queries}", headers=STRICT),
        alice.put(task["url"], json=whole, headers=STRICT),
        alice.patch(f"{task['url']}/complete", json=whole, headers=STRICT),
        alice.delete(f"{task['url']}?permanent=false", headers=STRICT),
        alice.get(f"{alice.tasks_url}/changes?since=0&copying=0&wait=0&limit=1", headers=STRICT),
    ):
        assert response.status_code == 200, response.text
        assert response.headers["Preference-Applied"] == "handling=strict"


def test_signing_in_by_oauth_knows_its_fields(app):
    alice = people.register(app)
    form = {"username": alice.email, "password": people.PASSWORD, "grant_type": "password",
            "scope": "", "client_id": "", "client_secret": ""}  # fmt: skip

    assert people.post(app, "login", data=form, headers=STRICT).status_code == 200
    refused = people.post(app, "login", data={**form, "pasword": ""}, headers=STRICT)
    assert_problem(refused, 422, names="pasword: This field")


@pytest.mark.parametrize(
    "prefer",
    [
        "handling=strict, respond-async",
        'wait=10, Handling="STRICT"; foo=bar',
        "foo; bar,handling = strict",
        "handling=strict, handling=lenient",
        'note="a, handling=lenient", handling=strict',
    ],
)
def test_the_preference_is_read_as_rfc_7240_has_it(alice, prefer):
    response = alice.get(f"{alice.tasks_url}?stauts=done", headers={"Prefer": prefer})

    assert_problem(response, 422, names="stauts")


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("handling=lenient, handling=strict", "handling=lenient"),
        ("handling=careful", None),
        ("handling", None),
        ("return=minimal", None),
        (",;=", None),
        ("", None),
    ],
)
def test_without_it_whatever_is_unknown_is_ignored(alice, prefer, applied):
    response = alice.get(f"{alice.tasks_url}?stauts=done", headers={"Prefer": prefer})

    assert response.status_code == 200
    assert response.headers.get("Preference-Applied") == applied


def test_every_route_of_ours_heeds_it(app, alice):
    for rule in list(app.url_map.iter_rules()):
        if not rule.rule.startswith("/api/") or "auth" in rule.rule:
            continue
        url = rule.rule.replace("<user_id>", alice.id).replace("<row_id:task_id>", "1")
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            response = alice.open(f"{url}?unheard-of=1", method, json={}, headers=STRICT)

            assert_problem(response, 422, names="unheard-of")


def test_whoever_may_not_come_in_hears_that_first(stranger, bob, alice):
    url = f"{alice.tasks_url}?stauts=done"

    assert_problem(stranger.get(url, headers=STRICT), 401)
    assert "Preference-Applied" not in bob.get(url, headers=STRICT).headers
    assert_problem(bob.get(url, headers=STRICT), 403)


def test_the_log_says_once_what_was_ignored(alice, log):
    for _ in range(3):
        alice.get(f"{alice.tasks_url}?stauts=done")
        alice.post(alice.tasks_url, json={"title": "t", "stauts": "done"})

    query, field = told(log)
    assert "the query parameter 'stauts' of GET /api/<user_id>/tasks is not known" in query
    assert "the field 'stauts' of POST /api/<user_id>/tasks is not known" in field


def test_what_is_told_is_bounded_and_no_more_than_a_name(alice, log):
    alice.get(f"{alice.tasks_url}?{alice.token}=&a%0Ab=&{'x' * 41}=")
    assert told(log) == []

    names = {f"name{number}": 0 for number in range(2 * preferences.TOLD_MOST)}
    alice.post(alice.tasks_url, json={"title": "t", **names})

    assert len(told(log)) == len(preferences._told) == preferences.TOLD_MOST


@pytest.mark.parametrize("name", ["\ud800", "\0", "ü" * 1000, ""])
def test_a_name_of_any_kind_can_be_told_back(alice, name):
    body = json.dumps({"title": "t", name: 1})

    response = alice.post(
        alice.tasks_url, data=body, content_type="application/json", headers=STRICT
    )

    assert_problem(response, 422)


def test_a_refusal_names_only_so_many(alice):
    body = {"title": "t", **{f"name{number}": 0 for number in range(1000)}}

    problem = assert_problem(alice.post(alice.tasks_url, json=body, headers=STRICT), 422)

    assert len(problem["errors"]) == preferences.NAMED_MOST


def test_an_operation_of_a_batch_is_looked_into_as_well(alice):
    fine = {"op": "create", "temp_id": "a", "fields": {"title": "t"}, "permanent": False}

    def batch(*operations):
        body = {"operations": operations}
        return alice.post(f"{alice.tasks_url}/batch", json=body, headers=STRICT)

    assert batch(fine).json["results"][0]["status"] == 201
    assert_problem(batch(fine, {**fine, "titel": 1}), 422, names="operations.1.titel: This field")
    (result,) = batch({**fine, "fields": {"title": "t", "titel": 1}}).json["results"]
    assert result["status"] == 422
    assert "titel: This field is not known here." in result["problem"]["detail"]
