"""GET, PUT, PATCH and DELETE /api/{user_id}/tasks/{id}"""

import marshmallow as ma
import pytest
from openapi_schema_validator import OAS31Validator

from taskapp.database import transaction
from taskapp.tasks import listing
from taskapp.tasks.schemas import TaskSchema
from tests.problems import assert_problem

NO_IDS = ["0", "-1", "9223372036854775808", "9" * 400, "abc", "1.0", "007", "١", "%00", "%201"]


def change(task, **fields):
    return {name: fields.get(name, task[name]) for name in ("title", "description", "completed")}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("task_id", NO_IDS)
def test_an_id_that_no_task_can_have_is_a_404(alice, method, task_id):
    body = {} if method == "GET" else {"json": {"title": "t"}}

    response = alice.open(f"{alice.tasks_url}/{task_id}", method, **body)

    assert_problem(response, 404, names="Task ")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_the_task_of_somebody_else_is_not_found_under_ones_own_path(alice, bob, method):
    task = alice.has_task()

    response = bob.open(f"{bob.tasks_url}/{task['id']}", method, json={"title": "mine now"})

    assert_problem(response, 404, names=f"Task {task['id']} not found")
    assert alice.get(task["url"]).json["title"] == task["title"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_fields_sent_change_and_the_others_stay(alice, method):
    task = alice.has_task("old", description="kept", completed=True)

    changed = alice.open(task["url"], method, json={"title": " new "}).json

    assert change(changed) == {"title": "new", "description": "kept", "completed": True}
    assert changed["created_at"] == task["created_at"]
    assert changed["updated_at"] > task["updated_at"]
    assert alice.get(task["url"]).json == changed


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_whole_task_can_be_sent_back(alice, method):
    task = alice.has_task()

    response = alice.open(task["url"], method, json={**task, "completed": True, "user_id": "bob"})

    assert change(response.json) == change(task, completed=True)
    assert response.json["user_id"] == alice.id


def test_a_merge_patch_removes_what_is_null(alice):
    task = alice.has_task(description="gone soon")

    response = alice.patch(
        task["url"], data='{"description": null}', content_type="application/merge-patch+json"
    )

    assert change(response.json) == change(task, description=None)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("field", "value"),
    [("title", None), ("title", " "), ("completed", None), ("description", "\0")],
)
def test_a_senseless_change_is_refused_and_changes_nothing(alice, method, field, value):
    task = alice.has_task()

    response = alice.open(task["url"], method, json={"title": "new", field: value})

    assert_problem(response, 422, names=f"{field}: ")
    assert change(alice.get(task["url"]).json) == change(task)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_of_nothing_leaves_the_task_as_it_is(alice, method):
    task = alice.has_task()

    response = alice.open(task["url"], method, json={})

    assert response.status_code == 200
    assert response.json["updated_at"] == task["updated_at"]


def test_a_deleted_task_is_gone(alice):
    task = alice.has_task()

    response = alice.delete(task["url"])

    assert response.status_code == 200
    assert response.json == {"message": "Task deleted successfully"}
    assert_problem(alice.get(task["url"]), 404)
    assert_problem(alice.delete(task["url"]), 404, names=f"Task {task['id']} not found")


def test_the_id_of_a_deleted_task_is_not_used_again(alice):
    task = alice.has_task()
    alice.delete(task["url"])

    assert alice.has_task()["id"] > task["id"]


def test_a_method_that_is_not_offered_is_a_405_that_says_what_is(alice):
    task = alice.has_task()

    response = alice.post(task["url"], json={})

    assert_problem(response, 405)
    assert {"GET", "PUT", "PATCH", "DELETE"} <= set(response.headers["Allow"].split(", "))


def test_what_is_sent_is_what_the_schema_says(app, alice):
    """The fast dump of rows equals marshmallow's own, and the document's schema."""
    task = alice.has_task("Buy milk", description="Zwei Liter \u2615", completed=True)
    alice.delete(task["url"])
    (sent,) = alice.get(f"{alice.tasks_url}?status=deleted").json
    with app.app_context(), transaction(alice.id):
        (row,) = listing.page(alice.id, listing.Question(status="deleted")).rows

    assert sent == ma.Schema.dump(TaskSchema(), row)
    schemas = alice.client.get("/openapi.json").json["components"]["schemas"]
    OAS31Validator(schemas["Task"]).validate(sent)
