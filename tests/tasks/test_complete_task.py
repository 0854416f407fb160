"""PATCH /api/{user_id}/tasks/{id}/complete"""

import pytest

from tests.problems import assert_problem


@pytest.mark.parametrize("body", [{}, {"json": {}}, {"json": {"other": 1}}, {"data": ""}])
def test_without_completed_it_flips(alice, body):
    task = alice.has_task()

    answers = [alice.patch(f"{task['url']}/complete", **body) for _ in range(3)]

    assert [answer.json["completed"] for answer in answers] == [True, False, True]


def test_an_empty_json_body_flips(alice):
    task = alice.has_task()

    response = alice.patch(f"{task['url']}/complete", content_type="application/json")

    assert response.json["completed"] is True


@pytest.mark.parametrize("completed", [True, False])
def test_with_completed_it_sets_so_that_a_retry_is_safe(alice, completed):
    task = alice.has_task()

    answers = [
        alice.patch(f"{task['url']}/complete", json={"completed": completed}) for _ in range(2)
    ]

    assert [answer.json["completed"] for answer in answers] == [completed, completed]


@pytest.mark.parametrize("completed", ["yes", 1, None])
def test_completed_must_be_true_or_false(alice, completed):
    task = alice.has_task()

    response = alice.patch(f"{task['url']}/complete", json={"completed": completed})

    assert_problem(response, 422, names="completed: ")


@pytest.mark.parametrize("task_id", ["999999999", "0", "abc", "9" * 30])
def test_a_task_that_does_not_exist_is_a_404(alice, task_id):
    assert_problem(alice.patch(f"{alice.tasks_url}/{task_id}/complete"), 404, names="Task ")


def test_bob_cannot_complete_a_task_of_alice(alice, bob):
    task = alice.has_task()

    assert_problem(bob.patch(f"{task['url']}/complete"), 403)
    assert_problem(bob.patch(f"{bob.tasks_url}/{task['id']}/complete"), 404)
    assert alice.get(task["url"]).json["completed"] is False
