"""LIST_FORM, TASK_FORM, FIELD_NAMES, TASK_ID_FORM and FIELD_ALIASES: the form of answers."""

import re
from functools import cache

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from taskapp import config, create_app
from taskapp.dialects.forms import Form, Totals
from tests.accounts.people import register
from tests.conftest import SECRET, Person, person
from tests.problems import assert_problem

FORMS = [
    {},
    {"LIST_FORM": "tasks"},
    {"LIST_FORM": "items", "TASK_FORM": "data", "TASK_ID_FORM": "string"},
    {"FIELD_NAMES": "camel", "TASK_FORM": "task"},
    {
        "LIST_FORM": "data",
        "TASK_FORM": "task",
        "FIELD_NAMES": "camel",
        "TASK_ID_FORM": "string",
        "FIELD_ALIASES": "_id:id,is_completed:completed,isCompleted:completed",
    },
    {"FIELD_ALIASES": "isDone:completed,dueDate:due_date"},
]


@pytest.fixture(scope="module")
def formed(environ, app):
    """Return what gives the application of a form, the same for all who ask for that form."""

    @cache
    def formed(**settings):
        return create_app(environ | settings)

    return formed


@pytest.fixture
def user(formed):
    """Return what makes somebody whose frontend reads the form that is set."""

    def user(**settings):
        return person(formed(**settings), "alice")

    return user


class Frontend:
    """Asks, and holds the answer against the document that the service publishes."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.document = person.get("/openapi.json").json

    def ask(self, method: str, path: str, template: str, **kwargs):
        answer = self.person.open(path, method, **kwargs)
        assert answer.status_code < 300, answer.text
        said = self.document["paths"][template][method.lower()]["responses"]
        schema = said[str(answer.status_code)]["content"]["application/json"]["schema"]
        whole = {"$ref": "#/here", "here": schema, "components": self.document["components"]}
        Draft202012Validator(whole).validate(answer.json)
        return answer


@pytest.mark.parametrize("settings", FORMS, ids=str)
def test_the_document_is_one_of_openapi(settings, tmp_path):
    """Whatever the database."""
    app = create_app({"JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(tmp_path), **settings})

    validate(app.test_client().get("/openapi.json").json)


@pytest.mark.parametrize("settings", FORMS, ids=str)
def test_every_answer_is_as_the_document_says(user, settings):
    alice = user(**settings)
    frontend = Frontend(alice)
    tasks, task = "/api/{user_id}/tasks", "/api/{user_id}/tasks/{task_id}"

    frontend.ask("GET", alice.tasks_url, tasks)
    url = frontend.ask("POST", alice.tasks_url, tasks, json={"title": "t"}).headers["Location"]
    frontend.ask("GET", alice.tasks_url, tasks)
    frontend.ask("GET", url, task)
    frontend.ask("PUT", url, task, json={"dueDate": "2026-12-24"})
    frontend.ask("PATCH", url, task, json={"tags": ["a"]})
    frontend.ask("PATCH", f"{url}/complete", f"{task}/complete")
    body = {"recurrence": "daily", "completed": False}
    frontend.ask("PUT", url, task, json=body)
    frontend.ask("PATCH", f"{url}/complete", f"{task}/complete")
    frontend.ask("GET", f"{alice.tasks_url}/changes?since=0", f"{tasks}/changes")
    frontend.ask("DELETE", url, task)
    frontend.ask("POST", f"{url}/restore", f"{task}/restore")
    frontend.ask("GET", f"/api/{alice.id}/export", "/api/{user_id}/export")


@pytest.mark.parametrize("settings", [FORMS[0], FORMS[-2]], ids=str)
def test_every_answer_of_sign_in_is_as_the_document_says(environ, app, settings):
    formed = create_app(environ | settings)
    alice = register(formed)
    frontend = Frontend(Person(alice.id, formed.test_client(), alice.tokens["token"]))
    credentials = {"email": alice.email, "password": "correct horse battery staple"}

    signed_in = frontend.ask("POST", "/api/auth/login", "/api/auth/login", json=credentials).json

    assert signed_in["access_token"] == signed_in["token"]  # as RFC 6749 calls it, in any form
    sent = {"refresh_token": signed_in["refresh_token"]}
    frontend.ask("POST", "/api/auth/refresh", "/api/auth/refresh", json=sent)
    me = frontend.ask("GET", "/api/auth/me", "/api/auth/me").json
    assert ("createdAt" if settings else "created_at") in me["user"]


def test_a_list_says_how_many_there_are(user):
    alice = user(LIST_FORM="tasks")
    nothing = alice.get(alice.tasks_url).json
    for title in "abc":
        alice.has_task(title, completed=title == "a")

    assert nothing["tasks"] == []
    assert (nothing["total"], nothing["pages"], nothing["page"]) == (0, 1, 1)
    found = alice.get(f"{alice.tasks_url}?limit=2").json
    assert [task["title"] for task in found.pop("tasks")] == ["c", "b"]
    assert found == {
        "total": 3, "count": 3, "limit": 2, "skip": 0, "offset": 0, "page": 1, "pages": 2,
        "completed_count": 1, "pending_count": 2,
    }  # fmt: skip
    pending = alice.get("/api/tasks?status=pending").json
    assert (pending["total"], pending["completed_count"]) == (2, 0)
    assert "Link" in alice.get(f"{alice.tasks_url}?limit=2").headers


@pytest.mark.parametrize(
    ("total", "limit", "offset", "page", "pages"),
    [(0, 10, 0, 1, 1), (10, 10, 0, 1, 1), (11, 10, 0, 1, 2), (25, 10, 20, 3, 3), (5, 10, 15, 2, 1)],
)
def test_pages_are_counted_from_one(total, limit, offset, page, pages):
    members = Totals(total, 0, limit, offset).members()

    assert (members["page"], members["pages"], members["skip"]) == (page, pages, offset)


def test_all_answers_with_a_task_have_its_form(user):
    alice = user(**FORMS[-2])
    created = alice.post("/api/tasks", json={"title": "t", "dueDate": "2026-12-24"})
    task = created.json["task"]
    url = created.headers["Location"]

    assert task["id"] == task["_id"] == url.rpartition("/")[2]
    assert (task["completed"], task["is_completed"], task["isCompleted"]) == (False,) * 3
    assert task["dueDate"] == "2026-12-24"
    assert not {"due_date", "user_id"} & task.keys()
    listed = alice.get("/api/tasks").json
    assert (listed["data"], listed["pendingCount"]) == ([task], 1)
    assert alice.get(url).json == {"task": task}
    assert alice.get("/api/tasks/changes?since=0").json["changes"] == [task]
    stale = alice.put(url, json={"title": "u"}, headers={"If-Match": '"1"'})
    assert assert_problem(stale, 412)["current"] == task
    assert alice.patch(f"{url}/complete").json["task"]["isCompleted"] is True


def test_the_id_of_the_next_task_has_the_form_of_ids(user):
    alice = user(**FORMS[-2])
    body = {"title": "t", "recurrence": "weekly", "recurrenceFrom": "completion"}
    created = alice.post("/api/tasks", json={**body, "timeZone": "Asia/Tokyo"})
    task = created.json["task"]
    assert (task["nextTaskId"], task["occurrence"]) == (None, 1)
    assert (task["recurrenceFrom"], task["timeZone"]) == ("completion", "Asia/Tokyo")

    done = alice.put(created.headers["Location"], json={**task, "isCompleted": True}).json["task"]

    new = alice.get(f"/api/tasks/{done['nextTaskId']}").json["task"]
    assert (new["id"], new["seriesId"]) == (done["nextTaskId"], task["seriesId"])


def test_an_export_is_in_our_own_form(user):
    alice = user(**FORMS[-2])
    task = alice.post("/api/tasks", json={"title": "t"}).json["task"]

    (exported,) = alice.get(f"/api/{alice.id}/export").json["tasks"]

    assert exported["id"] == int(task["id"])
    assert {"user_id", "due_date"} <= exported.keys()
    assert "_id" not in exported


def test_a_retry_gets_the_answer_as_it_was_stored(environ, user):
    alice = user(TASK_FORM="task")
    retry = {"json": {"title": "t"}, "headers": {"Idempotency-Key": "k"}}
    first = alice.post("/api/tasks", **retry)

    assert alice.post("/api/tasks", **retry).data == first.data
    alice.client = create_app(environ).test_client()
    assert alice.post("/api/tasks", **retry).data == first.data


@pytest.mark.parametrize("settings", FORMS, ids=str)
def test_a_copy_is_current_only_in_its_own_form(environ, user, settings):
    alice = user(**settings)
    location = alice.post("/api/tasks", json={"title": "t"}).headers["Location"]
    other = create_app(environ | {"TASK_ID_FORM": "string", "LIST_FORM": "tasks"})
    for url in (location, "/api/tasks", alice.tasks_url):
        known = alice.get(url).headers["ETag"]
        assert alice.get(url, headers={"If-None-Match": known}).status_code == 304
        assert alice.get(url, headers={"If-None-Match": f"W/{known}"}).status_code == 304

        answer = other.test_client().get(url, headers=alice.headers | {"If-None-Match": known})

        assert answer.status_code == 200


@pytest.mark.parametrize("settings", [FORMS[0], FORMS[-2]], ids=str)
def test_if_match_is_about_the_task_and_not_about_its_form(user, settings):
    alice = user(**settings)
    url = alice.post("/api/tasks", json={"title": "t"}).headers["Location"]
    tag = alice.get(url).headers["ETag"].strip('"')
    revision = tag.partition(".")[0]

    for sent in (f'"{tag}"', f'"{revision}"', f'"{revision}.abcdef"'):
        assert alice.put(url, json={}, headers={"If-Match": sent}).status_code == 200
    for sent in (f'"{revision}."', f'"{revision}.x"', f'"{revision}.abcdef0"', '"1.abcdef"'):
        assert_problem(alice.put(url, json={}, headers={"If-Match": sent}), 412)


def test_a_whole_task_is_put_back_in_any_form(user):
    for settings in FORMS:
        alice = user(**settings)
        made = alice.post("/api/tasks", json={"title": "t", "due_date": "2026-12-24"}).json
        task = made[settings["TASK_FORM"]] if "TASK_FORM" in settings else made
        due = next(name for name in ("dueDate", "due_date") if name in task)

        put = alice.put(f"/api/tasks/{task['id']}", json={**task, due: ""})

        assert put.status_code == 200
        assert re.search(rf'"{due}":null', put.text)


@pytest.mark.parametrize(
    "aliases",
    ["completed", "x:", ":x", "a b:title", "x-y:title", "x:nothing", "title:completed", "id:id",
     "dueDate:title", "a:title,a:id", "x:purged_at", "x:due_at"],
)  # fmt: skip
def test_a_senseless_alias_stops_the_start(environ, aliases):
    with pytest.raises(config.BadSetting, match="FIELD_ALIASES: "):
        create_app(environ | {"FIELD_ALIASES": aliases})


def test_an_alias_may_be_what_the_other_names_would_be(user):
    alice = user(FIELD_NAMES="camel", FIELD_ALIASES="due_date:due_date")

    task = alice.post("/api/tasks", json={"title": "t", "due_date": "2026-12-24"}).json

    assert task["due_date"] == task["dueDate"] == "2026-12-24"


def test_our_own_form_runs_none_of_this(app, monkeypatch):
    monkeypatch.setattr(Form, "inside", None)
    monkeypatch.setattr(Form, "answer", None)
    alice = person(app, "alice")

    assert alice.get(alice.has_task()["url"]).headers["ETag"].count(".") == 0
    assert len(alice.get(alice.tasks_url).json) == 1


@pytest.mark.parametrize("settings", FORMS, ids=str)
def test_whoever_asks_for_our_own_form_gets_it(user, settings):
    alice = user(**settings)
    own = {"Taskapp-Form": "own"}
    tasks = alice.tasks_url

    task = alice.post(tasks, json={"title": "t"}, headers=own).json
    assert {"id", "title", "due_date", "completed"} <= task.keys()
    listed = alice.get(tasks, headers=own)
    assert listed.json == [task]
    read = alice.get(f"{tasks}/{task['id']}", headers=own)
    assert read.json == task
    assert read.headers["ETag"] == f'"{task["revision"]}"'
    stale = alice.patch(
        f"{tasks}/{task['id']}", json={"title": "u"}, headers=own | {"If-Match": '"1"'}
    )
    assert_problem(stale, 412)
    assert stale.json["current"] == task
