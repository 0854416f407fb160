"""Import: a file becomes tasks; what is there stays, and what can't be read is told by its line."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from taskapp import create_app
from taskapp.database import Unavailable
from taskapp.transfer import imports, routes
from tests.conftest import Person, person
from tests.problems import assert_problem
from tests.transfer.files import counts, csv, exported, imported, send, titles


def test_each_row_becomes_a_task_with_all_that_the_file_says(alice):
    result = imported(
        alice,
        "title,description,priority,due_date,tags,category,completed\r\n"
        'Buy milk,"Two, litres",High,2026-02-01,"home,errands",Shopping,true\r\n',
    )

    assert result == {
        "format": "csv",
        "dry_run": False,
        "created": 1,
        "unchanged": 0,
        "failed": 0,
        "problems": [],
        "ignored": [],
    }
    [task] = alice.get(alice.tasks_url).json
    said = {"title": "Buy milk", "description": "Two, litres", "priority": "high"}
    said |= {"due_date": "2026-02-01", "tags": ["home", "errands"], "category": "Shopping"}
    assert task | said | {"completed": True} == task
    assert task["completed_at"]


def test_the_order_of_the_file_is_that_of_the_ids(alice):
    imported(alice, csv(*(f"task {number}" for number in range(600))))

    newest_first = [f"task {number}" for number in reversed(range(600))]
    assert titles(alice) == newest_first


def test_every_task_has_a_revision_of_its_own_and_is_among_the_changes(alice):
    imported(alice, csv("a", "b", "c"))

    changes = alice.get(f"{alice.tasks_url}/changes?since=0").json
    assert [task["title"] for task in changes["changes"]] == ["a", "b", "c"]
    revisions = [task["revision"] for task in changes["changes"]]
    assert len(set(revisions)) == 3
    assert changes["revision"] == max(revisions)


def test_the_same_file_a_second_time_changes_nothing(alice):
    file = csv("a", "b", "b", "c")
    assert counts(imported(alice, file)) == (4, 0, 0)
    before = alice.get(alice.tasks_url).json

    assert counts(imported(alice, file)) == (0, 4, 0)
    assert alice.get(alice.tasks_url).json == before


def test_ten_thousand_rows_twice_make_ten_thousand_tasks(alice):
    file = csv(*(f"task {number}" for number in range(10_000)))

    assert counts(imported(alice, file)) == (10_000, 0, 0)
    assert counts(imported(alice, file)) == (0, 10_000, 0)
    answer = alice.get(f"{alice.tasks_url}?count=true&limit=1")
    assert answer.headers["X-Total-Count"] == "10000"


def test_what_was_changed_or_is_in_the_trash_stays_as_it_is(alice):
    file = csv("a", "b")
    imported(alice, file)
    b, a = alice.get(alice.tasks_url).json
    alice.patch(f"{alice.tasks_url}/{a['id']}", json={"title": "changed"})
    alice.delete(f"{alice.tasks_url}/{b['id']}")

    assert counts(imported(alice, file)) == (0, 2, 0)
    assert titles(alice) == ["changed"]


def test_what_was_deleted_for_good_comes_again(alice):
    imported(alice, csv("a"))
    [task] = alice.get(alice.tasks_url).json
    alice.delete(f"{alice.tasks_url}/{task['id']}?permanent=true")

    assert counts(imported(alice, csv("a"))) == (1, 0, 0)


def test_external_ids_of_the_file_are_kept_and_say_which_task_it_is(alice):
    alice.has_task("there", external_id="x:1")
    result = imported(alice, "title,external_id\r\nother,x:1\r\nnew,x:2\r\nagain,x:2\r\n")

    assert counts(result) == (1, 2, 0)
    found = {task["title"]: task["external_id"] for task in alice.get(alice.tasks_url).json}
    assert found == {"there": "x:1", "new": "x:2"}


def test_two_people_may_import_the_same_file(alice, bob):
    for someone in (alice, bob):
        assert counts(imported(someone, csv("a", "b"))) == (2, 0, 0)


def test_an_own_export_into_the_same_account_changes_nothing(alice):
    alice.has_task("plain")
    task = alice.has_task("again", recurrence="daily", due_date="2026-02-01")
    alice.patch(f"{task['url']}/complete", json={"completed": True})
    before = alice.get(alice.tasks_url).json

    for form in ("json", "csv", "ics"):
        assert counts(imported(alice, exported(alice, f"?format={form}"))) == (0, 3, 0)
    assert alice.get(alice.tasks_url).json == before


def test_what_can_not_be_read_has_its_line_and_the_others_go_in(alice):
    result = imported(
        alice,
        "title,due_date\r\n"
        "good,2026-02-01\r\n"
        'bad,2026-02-30\r\n"two\nlines",\r\n'
        ",2026-02-01\r\n"
        "last,\r\n",
    )

    assert counts(result) == (3, 0, 2)
    assert [each["line"] for each in result["problems"]] == [3, 6]
    bad, nameless = result["problems"]
    assert list(bad["errors"]) == ["due_date"]
    assert bad["detail"].startswith("due_date: ")
    assert list(nameless["errors"]) == ["title"]
    assert titles(alice) == ["last", "two\nlines", "good"]


def test_a_dry_run_says_the_same_and_does_nothing(alice):
    file = "title,external_id,due_date\r\na,1,\r\nb,2,\r\nc,2,\r\nd,3,nonsense\r\n"
    would = imported(alice, file, "?dry_run=true")
    assert counts(would) == (2, 1, 1)
    assert titles(alice) == []
    assert alice.get(f"{alice.tasks_url}/changes?since=0").json["revision"] == 0

    assert imported(alice, file) == {**would, "dry_run": False}


def test_what_nothing_is_made_of_is_named(alice):
    result = imported(alice, json.dumps([{"title": "a", "colour": "red", "revision": 7}]))

    assert result["ignored"] == ["colour"]


def test_names_that_are_in_use_are_understood(alice):
    sent = [{"title": "a", "dueDate": "2026-02-01", "isCompleted": True}]
    assert counts(imported(alice, json.dumps(sent))) == (1, 0, 0)

    [task] = alice.get(alice.tasks_url).json
    assert (task["due_date"], task["completed"]) == ("2026-02-01", True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("created_at", "yesterday"),
        ("created_at", "0001-01-01T00:00:00+14:00"),
        ("completed_at", 7),
        ("series_id", "mine"),
        ("occurrence", 0),
        ("occurrence", 2**31),
        ("anchor", "2026-02-01T09:00Z"),
        ("anchor", "soon"),
        ("position", -1),
        ("id", 2**63),
        ("tags", [["a"]]),
        ("title", "x" * 256),
        ("description", "\0"),
        ("time_zone", "Mars"),
        ("recurrence", "FREQ=NEVER"),
    ],
)
def test_a_value_that_makes_no_sense_is_told(alice, field, value):
    series = {"series_id": "1f0e4f9c-3d0b-4c83-9d2a-5a1f6a1f7c55", "occurrence": 2}
    task = {"title": "a", "external_id": "1", **series, field: value}
    result = imported(alice, json.dumps([task, {"title": "b"}]))

    assert counts(result) == (1, 0, 1)
    assert list(result["problems"][0]["errors"]) == [field]


def test_more_than_there_is_room_for_is_told_line_by_line(environ, app):
    alice = person(create_app(environ | {"MAX_TASKS_PER_USER": "3"}), "alice")
    alice.has_task("there")
    for query in ("?dry_run=true", ""):
        result = imported(alice, csv("a", "b", "c", "d"), query)
        assert counts(result) == (2, 0, 2)
        assert [each["line"] for each in result["problems"]] == [4, 5]
        assert "More than 3 tasks" in result["problems"][0]["detail"]

    assert titles(alice) == ["b", "a", "there"]


def test_at_a_thousand_troubles_it_stops_and_says_so(alice):
    result = imported(alice, "title,due_date\r\n" + "a,never\r\n" * 1600 + "good,\r\n")

    assert len(result["problems"]) == 1001
    assert "was not looked at" in result["problems"][-1]["detail"]
    assert titles(alice) == []


def test_what_is_no_file_of_tasks_is_refused(alice):
    for body in (b"", b"\xff\xfe\x00\xd8", b"hello", b"[1, 2", b"PK\x03\x04zip"):
        answer = send(alice, body)
        assert_problem(answer, 422, names="body") if answer.status_code == 422 else None
        assert answer.status_code == 422 or counts(answer.json)[0] == 0

    assert titles(alice) == []


def test_a_file_that_breaks_off_is_told_and_what_came_before_goes_in(alice):
    result = imported(alice, '[{"title": "a"}, {"title": "b"}, {"tit')

    assert counts(result) == (2, 0, 1)
    assert "From here on" in result["problems"][0]["detail"]


def test_it_is_in_the_audit_trail_and_a_dry_run_is_not(alice, log):
    imported(alice, csv("a", "b"), "?dry_run=true")
    imported(alice, csv("a", "b"))
    imported(alice, csv("a", "b"))
    exported(alice, "?format=csv")

    events = [line for line in log if line.get("event", "").startswith("tasks.")]
    assert [(each["event"], each["format"], each.get("tasks")) for each in events] == [
        ("tasks.imported", "csv", 2),
        ("tasks.exported", "csv", None),
    ]


def test_the_format_can_be_said(alice):
    assert imported(alice, csv("a"), "?format=CSV")["format"] == "csv"
    assert_problem(send(alice, csv("a"), "?format=xml"), 422, names="format")


def test_a_form_is_refused_with_a_word_of_what_to_send(alice):
    answer = send(alice, csv("a"), **{"Content-Type": "multipart/form-data; boundary=x"})

    assert_problem(answer, 415, names="the file itself")


def test_the_kind_of_body_does_not_matter(alice):
    for number, kind in enumerate(
        ("application/x-www-form-urlencoded", "application/vnd.ms-excel", "text/plain", "")
    ):
        answer = send(alice, csv(f"{number}"), **{"Content-Type": kind})
        assert counts(answer.json) == (1, 0, 0)


def test_five_mebibytes_are_taken_and_more_are_not(alice):
    row = "x" * 250 + "," + "y" * 10_000 + "\r\n"
    rows = (5 * 2**20 - 100) // len(row)
    assert counts(imported(alice, "title,description\r\n" + row * rows)) == (rows, 0, 0)

    assert_problem(send(alice, b"x" * (5 * 2**20 + 1)), 413)


def test_a_user_has_one_import_at_a_time(alice, bob, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(import_, entries):
        begun.set()
        assert go_on.wait(30)
        return []

    monkeypatch.setattr(routes, "_run", slow)
    first = threading.Thread(target=send, args=(alice, csv("a")))
    first.start()
    try:
        assert begun.wait(30)
        refused = Person(alice.id, alice.client.application.test_client(), alice.token)
        answer = send(refused, csv("b"))
        assert_problem(answer, 429, names="still running")
        assert answer.headers["Retry-After"] == "5"
        monkeypatch.setattr(routes, "_run", lambda import_, entries: [])
        assert send(bob, csv("b")).status_code == 200
    finally:
        go_on.set()
        first.join()


def test_what_several_processes_import_at_once_is_there_once(app, alice, monkeypatch):
    monkeypatch.setattr(routes, "_one_at_a_time", nullcontext)  # which is for one process
    barrier = threading.Barrier(4)

    def run(_):
        someone = Person(alice.id, app.test_client(), alice.token)
        barrier.wait()
        return [imported(someone, csv(*(f"{part}-{n}" for n in range(9)))) for part in range(6)]

    with ThreadPoolExecutor(4) as pool:
        results = [each for several in pool.map(run, range(4)) for each in several]

    assert sum(each["created"] for each in results) == len(set(titles(alice))) == 54
    assert sum(each["unchanged"] for each in results) == 3 * 54
    assert len(titles(alice)) == 54


def test_a_file_is_read_aside_while_others_have_their_turn(alice, monkeypatch):
    read = []

    def aside(work, *arguments):
        done = work(*arguments)
        read.extend(done)
        return done

    monkeypatch.setattr(imports, "aside", aside)
    imported(alice, csv("a", "b"))

    assert [entry.fields["title"] for entry in read] == ["a", "b"]


def test_a_process_has_few_imports_at_a_time(alice, monkeypatch):
    monkeypatch.setattr(routes, "AT_ONCE", 0)
    answer = send(alice, csv("a"))

    assert_problem(answer, 503)
    assert answer.headers["Retry-After"]


def test_it_counts_as_a_write_for_each_twenty_tasks(environ, app):
    alice = person(create_app(environ | {"RATE_LIMIT_WRITES": "5/hour"}), "alice")
    imported(alice, csv(*"abcdefghij" * 8))

    assert_problem(alice.post(alice.tasks_url, json={"title": "a"}), 429)


def test_a_task_with_a_time_of_its_completion_is_completed(alice):
    imported(alice, "Name,Completed At\r\na,2026-01-31\r\nb,\r\n")

    b, a = alice.get(alice.tasks_url).json
    assert (a["completed"], a["completed_at"]) == (True, "2026-01-31T00:00:00Z")
    assert not b["completed"]


def test_what_was_stored_before_an_import_broke_off_is_counted_and_in_the_trail(
    alice, log, monkeypatch
):
    def broken(import_, entries):
        import_.created = 2
        raise Unavailable

    monkeypatch.setattr(routes, "_run", broken)
    assert_problem(send(alice, csv("a", "b")), 503)

    assert [line["tasks"] for line in log if line.get("event") == "tasks.imported"] == [2]


def test_what_nothing_is_made_of_is_named_in_short(alice):
    unknown = {f"{number}{'x' * 500}": 1 for number in range(300)}
    result = imported(alice, json.dumps([{"title": "a", **unknown}]))

    assert len(result["ignored"]) == 100
    assert max(map(len, result["ignored"])) == 80


def test_very_many_tags_are_refused_before_they_are_looked_at(alice):
    result = imported(alice, json.dumps([{"title": "a", "tags": ["x"] * 1001}]))

    assert list(result["problems"][0]["errors"]) == ["tags"]
