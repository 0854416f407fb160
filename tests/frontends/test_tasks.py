"""What pages with tasks call, and what they read of the answers."""

import pytest


def test_a_page_that_knows_the_user_id(page):
    alice = page()
    tasks = f"/api/{alice.user_id}/tasks"

    made = alice.read("POST", tasks, json={"title": "Buy milk", "description": ""})
    toggled = alice.read("PATCH", f"{tasks}/{made['id']}/complete")
    listed = alice.read("GET", f"{tasks}?status=completed")

    assert [task["id"] for task in listed] == [made["id"]]
    assert toggled["completed"] is True
    assert alice.read("DELETE", f"{tasks}/{made['id']}")["message"]
    assert alice.read("GET", tasks) == []


def test_a_page_that_leaves_the_user_id_to_the_token(page):
    alice, bob = page(), page()

    made = alice.read("POST", "/api/tasks/", json={"title": "Buy milk"})
    one = f"/api/tasks/{made['id']}"

    assert alice.read("GET", one + "/") == made
    assert alice.read("PUT", one, json={"title": "Buy oats"})["title"] == "Buy oats"
    assert alice.read("PATCH", f"{one}/complete", json={"completed": True})["completed"] is True
    assert alice.read("PATCH", f"{one}/complete", json={"completed": True})["completed"] is True
    assert bob.ask("GET", one).status_code == 404
    assert alice.read("DELETE", one)["message"]


def test_a_page_that_puts_the_whole_task_back_with_one_field_changed(page):
    alice = page()
    made = alice.read("POST", "/api/tasks", json={"title": "Buy milk", "due_date": "2026-12-24"})

    put = alice.read("PUT", f"/api/tasks/{made['id']}", json={**made, "completed": True})

    changed = {name for name in made if put[name] != made[name]}
    assert changed == {"completed", "completed_at", "updated_at", "revision"}


def test_a_page_that_calls_it_is_completed(page):
    alice = page("aliases")
    made = alice.read("POST", "/api/tasks", json={"title": "Buy milk", "is_completed": False})
    one = f"/api/tasks/{made['id']}"

    assert made["is_completed"] is False
    put = alice.read("PUT", one, json={**made, "is_completed": not made["is_completed"]})
    assert put["is_completed"] is True
    for wanted in (True, False, False):
        body = {"is_completed": wanted}
        assert alice.read("PATCH", f"{one}/complete", json=body)["is_completed"] is wanted


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-12-24", "2026-12-24"),
        ("2026-12-24T10:00:00.000Z", "2026-12-24T10:00:00.000Z"),
        ("2026-12-24T10:00", "2026-12-24T10:00"),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("name", ["due_date", "dueDate"])
def test_a_form_sends_whatever_its_date_field_holds(page, name, sent, stored):
    alice = page()
    form = {"title": "Buy milk", "description": "", "priority": "high", "tags": "", name: sent}

    made = alice.read("POST", "/api/tasks", json=form)

    assert (made["due_date"], made["priority"], made["tags"]) == (stored, "high", [])


def test_a_page_that_maps_over_tasks(page):
    alice = page("tasks")
    assert alice.read("GET", "/api/tasks?skip=0&limit=10")["tasks"] == []
    made = alice.read("POST", "/api/tasks", json={"title": "Buy milk"})
    alice.read("POST", "/api/tasks", json={"title": "Call Bob", "completed": True})

    listed = alice.read("GET", "/api/tasks?skip=0&limit=10")

    assert [task["title"] for task in listed["tasks"]] == ["Call Bob", "Buy milk"]
    shown = {name: listed[name] for name in ("total", "skip", "limit", "page", "pages")}
    assert shown == {"total": 2, "skip": 0, "limit": 10, "page": 1, "pages": 1}
    assert (listed["completed_count"], listed["pending_count"]) == (1, 1)
    assert alice.read("GET", f"/api/tasks/{made['id']}")["title"] == "Buy milk"


def test_a_page_with_items_and_a_count_and_ids_from_its_own_address_bar(page):
    alice = page("wrapped")

    made = alice.read("POST", "/api/tasks", json={"title": "Buy milk"})["task"]

    listed = alice.read("GET", "/api/tasks")
    assert listed["count"] == 1
    assert next(task for task in listed["items"] if task["id"] == made["id"]) == made
    assert isinstance(made["id"], str)
    assert alice.read("GET", f"/api/tasks/{made['id']}")["task"] == made
    assert alice.read("PUT", f"/api/tasks/{made['id']}", json=made)["task"]["title"] == "Buy milk"


def test_a_page_in_camel_case_with_data_everywhere(page):
    alice = page("camel")
    form = {"title": "Buy milk", "dueDate": "2026-12-24", "isCompleted": False}

    made = alice.read("POST", "/api/tasks", json=form)["data"]
    one = f"/api/tasks/{made['_id']}"
    put = alice.read("PUT", one, json={**made, "isCompleted": True, "dueDate": ""})["data"]

    assert (made["dueDate"], made["isCompleted"]) == ("2026-12-24", False)
    assert (put["dueDate"], put["isCompleted"]) == (None, True)
    assert put["completedAt"] >= put["createdAt"]
    listed = alice.read("GET", "/api/tasks")
    assert listed["data"] == [put]
    assert (listed["total"], listed["completedCount"]) == (1, 1)


@pytest.mark.parametrize("form", ["ours", "tasks", "wrapped", "camel"])
@pytest.mark.parametrize("member", ["detail", "message"])
def test_a_page_shows_what_an_error_says(page, form, member):
    alice = page(form)

    refused = alice.ask("POST", "/api/tasks", json={"title": ""})
    absent = alice.ask("GET", "/api/tasks/999999999")

    assert (refused.status_code, absent.status_code) == (422, 404)
    assert refused.json()[member].startswith("title: ")
    assert absent.json()[member] == "Task 999999999 not found"


def test_a_page_that_caches_asks_again_in_every_form(page):
    for form in ("ours", "camel"):
        alice = page(form)
        alice.read("POST", "/api/tasks", json={"title": "Buy milk"})
        known = {"If-None-Match": alice.ask("GET", "/api/tasks").headers["ETag"]}

        assert alice.ask("GET", "/api/tasks", headers=known).status_code == 304
        alice.read("POST", "/api/tasks", json={"title": "Call Bob"})
        assert alice.ask("GET", "/api/tasks", headers=known).status_code == 200


@pytest.mark.parametrize("path", ["/api/tasks", "/api/tasks/", "/api/tasks/7/complete"])
def test_a_browser_asks_first(guest, path):
    headers = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    answer = guest().ask("OPTIONS", path, headers=headers)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]


def test_a_page_whose_boxes_stay_ticked_though_the_task_comes_again(page):
    alice = page()
    form = {"title": "Water the plants", "dueDate": "2031-01-31", "recurrence": "monthly"}
    made = alice.read("POST", "/api/tasks", json=form)
    one = f"/api/tasks/{made['id']}"

    ticked = alice.read("PUT", one, json={**made, "completed": True})

    assert ticked["completed"] is True
    assert alice.read("GET", "/api/tasks?status=completed") == [ticked]
    (new,) = alice.read("GET", "/api/tasks?status=pending")
    assert (new["id"], new["due_date"]) == (ticked["next_task_id"], "2031-02-28")
    # A second click on the box that a slow page has not ticked yet, and a change of mind.
    alice.read("PUT", one, json={**made, "completed": True})
    assert len(alice.read("GET", "/api/tasks")) == 2
    alice.read("PATCH", f"{one}/complete")
    assert [task["id"] for task in alice.read("GET", "/api/tasks")] == [made["id"]]
