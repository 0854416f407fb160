"""GET /api/{user_id}/tasks"""

import pytest
from requests.utils import parse_header_links

from tests.problems import assert_problem


def titles(response):
    assert response.status_code == 200, response.text
    return [task["title"] for task in response.json]


def test_without_tasks_the_list_is_empty(alice):
    assert alice.get(alice.tasks_url).json == []


def test_the_newest_task_comes_first(alice):
    for title in ("one", "two", "three"):
        alice.has_task(title)

    assert titles(alice.get(alice.tasks_url)) == ["three", "two", "one"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("all", ["done", "open"]), ("pending", ["open"]), ("completed", ["done"])],
)
def test_the_list_can_be_narrowed_by_status(alice, status, expected):
    alice.has_task("open")
    alice.has_task("done", completed=True)

    assert titles(alice.get(f"{alice.tasks_url}?status={status}")) == expected


@pytest.mark.parametrize(
    "query",
    ["status=open", "status=%00", "limit=0", "limit=1001", "limit=x", "limit=99e9",
     "cursor=0", "cursor=9223372036854775808", "cursor=%00"],
)  # fmt: skip
def test_a_senseless_query_is_refused(alice, query):
    response = alice.get(f"{alice.tasks_url}?{query}")

    assert_problem(response, 422, names=query.partition("=")[0])


def test_unknown_parameters_are_ignored(alice):
    assert alice.get(f"{alice.tasks_url}?page=7").status_code == 200


def test_pages_follow_the_link_header_and_hold_each_task_once(alice):
    for number in range(7):
        alice.has_task(str(number), completed=number == 3)

    seen = []
    url = f"{alice.tasks_url}?limit=2&status=pending"
    while url:
        response = alice.get(url)
        seen += titles(response)
        links = parse_header_links(response.headers.get("Link", ""))
        url = {link["rel"]: link["url"] for link in links}.get("next")

    assert seen == ["6", "5", "4", "2", "1", "0"]


def test_a_list_that_just_fits_is_one_page(alice):
    for number in range(2):
        alice.has_task(str(number))

    response = alice.get(f"{alice.tasks_url}?limit=2")

    assert titles(response) == ["1", "0"]
    assert "Link" not in response.headers


def test_bob_sees_nothing_of_alice(alice, bob):
    alice.has_task()

    assert bob.get(bob.tasks_url).json == []


def test_both_slash_forms_answer_without_a_redirect(alice):
    task = alice.has_task()

    assert alice.get(alice.tasks_url + "/").status_code == 200
    assert alice.get(task["url"] + "/").status_code == 200
    assert alice.post(alice.tasks_url + "/", json={"title": "t"}).status_code == 201
    assert alice.patch(task["url"] + "/complete/").status_code == 200
    assert alice.put(task["url"] + "/", json={"title": "t"}).status_code == 200
    assert alice.delete(task["url"] + "/").status_code == 200
