"""What every route promises, seen by walking the URL map."""

import itertools

import pytest

from taskapp.rest.etags import conditional, preconditioned
from tests.problems import assert_problem

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
numbers = itertools.count()


def changing(app):
    """Every way to change a task: (method, the end of its address)."""
    return [
        (method, rule.rule.partition("<row_id:task_id>")[2])
        for rule in app.url_map.iter_rules()
        if "<row_id:task_id>" in rule.rule
        for method in sorted(rule.methods & UNSAFE)
    ]


def thing(alice, end):
    """Return the task to be changed, in the state in which that does something."""
    task = alice.has_task()
    if end == "/restore":
        alice.delete(task["url"])
    (now,) = alice.get(f"{alice.tasks_url}/changes?since={task['revision'] - 1}").json["changes"]
    return {**now, "url": task["url"]}


def test_whatever_changes_a_task_is_found_here(app):
    ends = {end for _, end in changing(app)}

    assert {"", "/complete", "/restore"} <= ends


def test_every_route_that_changes_a_task_honours_a_stale_if_match(app, alice):
    for method, end in changing(app):
        for query in ("", "?permanent=true") if method == "DELETE" else ("",):
            task = thing(alice, end)
            headers = {"If-Match": f'"{task["revision"] - 1}"'}

            answer = alice.open(task["url"] + end + query, method, json={}, headers=headers)

            problem = assert_problem(answer, 412)
            assert problem["current"] == {name: task[name] for name in task if name != "url"}
            headers = {"If-Match": f'"{task["revision"]}"'}
            answer = alice.open(task["url"] + end + query, method, json={}, headers=headers)
            assert answer.status_code == 200, (method, end, answer.text)


def test_every_route_that_changes_a_task_does_it_once_for_each_idempotency_key(app, alice):
    for method, end in [*changing(app), ("POST", None)]:
        url = alice.tasks_url if end is None else thing(alice, end)["url"] + end
        headers = {"Idempotency-Key": f"key-{next(numbers)}"}
        body = {"title": "t"} if end is None else {}

        first, again = (alice.open(url, method, json=body, headers=headers) for _ in range(2))

        assert first.status_code in (200, 201), (method, end, first.text)
        assert again.data == first.data
        assert again.headers["Idempotent-Replayed"] == "true"


def test_a_live_task_is_restored_as_it_is_unless_it_is_not_the_one_meant(alice):
    task = alice.has_task()
    restore = f"{task['url']}/restore"
    fits = {"If-Match": f'"{task["revision"]}"'}

    assert alice.post(restore, headers=fits).json["revision"] == task["revision"]
    assert_problem(alice.post(restore, headers={"If-Match": '"1"'}), 412)
    assert_problem(alice.post(restore, headers={"If-None-Match": fits["If-Match"]}), 412)


def test_a_view_that_ignores_its_precondition_can_not_be_made():
    with pytest.raises(TypeError, match=r"change_thing\(\) takes no precondition"):

        @preconditioned
        def change_thing(user_id):
            """Forgets what the client said."""


def test_a_conditional_view_needs_no_line_of_its_own_for_a_304(app):
    @conditional
    def show():
        return "the thing", {"ETag": '"7"'}

    def asked(**headers):
        with app.test_request_context(headers=headers):
            return show()

    assert asked() == ("the thing", {"ETag": '"7"'})
    assert asked(If_None_Match='"8"') == ("the thing", {"ETag": '"7"'})
    for tag in ('"7"', 'W/"7"', '"6", "7"', "*"):
        assert asked(If_None_Match=tag).status_code == 304
        assert asked(If_None_Match=tag).headers["ETag"] == '"7"'


def test_a_word_in_an_ids_place_belongs_to_the_route_that_has_it(app, alice, stranger):
    words = {
        rule.rule: rule.methods
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/<user_id>/tasks/") and "<row_id" not in rule.rule
    }
    assert "/api/<user_id>/tasks/changes" in words
    for rule, methods in words.items():
        url = rule.replace("<user_id>", alice.id)
        for method in UNSAFE - methods:
            answer = alice.open(url, method)

            assert_problem(answer, 405)
            assert set(answer.headers["Allow"].split(", ")) == methods
            assert_problem(stranger.open(url, method), 401)


@pytest.mark.parametrize(
    "text", ["abc", "0", "-1", "1.0", "٣", "9223372036854775808", "change", "x" * 300]
)
def test_what_is_no_id_is_nobodys_task_and_is_called_as_it_was(alice, text):
    assert_problem(alice.get(f"{alice.tasks_url}/{text}"), 404, names=f"Task {text[:20]} not found")
    assert_problem(alice.patch(f"{alice.tasks_url}/{text}/complete"), 404, names=text[:20])
