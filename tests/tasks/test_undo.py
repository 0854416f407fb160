"""DELETE and POST …/restore, ?status=deleted, and `flask purge`"""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from taskapp.database import db, execute, transaction
from taskapp.tasks import queries
from tests.problems import assert_problem
from tests.tasks.fields import examples


def age(app, person, days=31):
    """Let the person's deletions be that old."""
    moment = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d %H:%M:%S.%f}"
    with app.app_context(), db.engine.begin() as connection:
        old = sa.text(
            "UPDATE tasks SET deleted_at = :moment WHERE user_id = :id AND deleted_at IS NOT NULL"
        )
        connection.execute(old, {"moment": moment, "id": person.id})


def purge(app):
    result = app.test_cli_runner().invoke(args=["purge"])
    assert result.exit_code == 0, result.output
    return result.output


def listed(person, status="all"):
    return [task["id"] for task in person.get(f"{person.tasks_url}?status={status}").json]


def test_a_deleted_task_is_hidden_and_can_be_restored(alice):
    task = alice.has_task(description="d", completed=True)
    kept = alice.has_task()

    assert alice.delete(task["url"]).json == {"message": "Task deleted successfully"}

    assert_problem(alice.get(task["url"]), 404)
    assert listed(alice) == [kept["id"]]
    assert listed(alice, "completed") == []
    (deleted,) = alice.get(f"{alice.tasks_url}?status=deleted").json
    assert deleted["id"] == task["id"]
    assert deleted["deleted_at"].endswith("Z")

    restored = alice.post(f"{task['url']}/restore")
    assert restored.status_code == 200
    same = ("id", "title", "description", "completed", "created_at", "deleted_at")
    assert all(restored.json[name] == task[name] for name in same)
    assert listed(alice) == [kept["id"], task["id"]]
    assert listed(alice, "deleted") == []


def test_restoring_what_is_not_deleted_is_a_safe_retry(alice):
    task = alice.has_task()

    before = alice.get(alice.tasks_url).headers["ETag"]

    response = alice.post(f"{task['url']}/restore")

    assert response.status_code == 200
    assert response.json["revision"] == task["revision"]
    assert alice.get(alice.tasks_url).headers["ETag"] == before


def test_a_hidden_task_can_be_neither_changed_nor_deleted_again(alice):
    task = alice.has_task()
    alice.delete(task["url"])

    assert_problem(alice.delete(task["url"]), 404)
    assert_problem(alice.put(task["url"], json={"title": "t"}), 404)
    assert_problem(alice.patch(f"{task['url']}/complete"), 404)


@pytest.mark.parametrize("hidden", [True, False])
def test_deleting_for_good_leaves_nothing_to_restore(alice, hidden):
    task = alice.has_task("a secret title", description="a secret description")
    if hidden:
        alice.delete(task["url"])

    assert alice.delete(f"{task['url']}?permanent=true").status_code == 200

    assert_problem(alice.post(f"{task['url']}/restore"), 404)
    assert_problem(alice.delete(f"{task['url']}?permanent=true"), 404)
    assert listed(alice, "deleted") == []
    assert "secret" not in alice.get(f"/api/{alice.id}/export").text


def test_deleting_for_good_leaves_nothing_of_any_field(app, alice):
    """Whatever was written, the rows are alike afterwards, except for their stamps."""
    tasks = [alice.has_task(**examples()), alice.has_task("Another", description="D" * 999)]
    for task in tasks:
        assert alice.delete(f"{task['url']}?permanent=true").status_code == 200

    with app.app_context(), transaction(alice.id):
        one, other = execute(
            sa.select(*queries.COLUMNS).where(queries.COLUMNS.user_id == alice.id)
        ).mappings()
    differ = {name for name in one if one[name] != other[name]}
    assert differ <= {"id", "created_at", "updated_at", "revision", "deleted_at", "purged_at"}
    assert all(one[name] != value for name, value in examples().items())


@pytest.mark.parametrize("value", ["maybe", "", "2"])
def test_permanent_must_be_true_or_false(alice, value):
    task = alice.has_task()

    response = alice.delete(f"{task['url']}?permanent={value}")

    assert_problem(response, 422, names="permanent: ")


def test_purge_removes_what_is_old_and_nothing_else(app, alice, bob):
    old, fresh, kept = (alice.has_task(name) for name in ("old", "fresh", "kept"))
    alice.delete(old["url"])
    age(app, alice)
    alice.delete(fresh["url"])
    hers = bob.has_task()
    bob.delete(hers["url"])
    before = alice.get(f"{alice.tasks_url}?status=deleted")

    assert "1 deleted tasks" in purge(app)
    assert "0 deleted tasks" in purge(app)

    assert_problem(alice.post(f"{old['url']}/restore"), 404)
    assert listed(alice) == [kept["id"]]
    assert listed(alice, "deleted") == [fresh["id"]]
    assert listed(bob, "deleted") == [hers["id"]]
    etag = {"If-None-Match": before.headers["ETag"]}
    assert alice.get(f"{alice.tasks_url}?status=deleted", headers=etag).status_code == 200


def test_bob_can_restore_nothing_of_hers(alice, bob):
    task = alice.has_task()
    alice.delete(task["url"])

    assert_problem(bob.post(f"{task['url']}/restore"), 403)
    assert_problem(bob.post(f"{bob.tasks_url}/{task['id']}/restore"), 404)
    assert_problem(bob.delete(f"{bob.tasks_url}/{task['id']}?permanent=true"), 404)
    assert listed(alice, "deleted") == [task["id"]]


def test_erasing_the_user_takes_the_deleted_ones_along(alice):
    task = alice.has_task()
    alice.delete(task["url"])

    alice.delete(f"/api/{alice.id}")

    assert_problem(alice.post(f"{task['url']}/restore"), 404)
    assert listed(alice, "deleted") == []
