"""Export: the tasks as a file, and what comes of it when it is imported somewhere else."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskapp import cooperation
from taskapp.transfer import routes
from tests.chance import some
from tests.conftest import person
from tests.problems import assert_problem
from tests.transfer.files import OF_ONE, counts, csv, exported, imported, titles

FORMATS = ("json", "csv", "ics")


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("json", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
        ("ics", "text/calendar; charset=utf-8"),
    ],
)
def test_it_is_a_file_to_be_saved(alice, form, media_type):
    alice.has_task("Buy milk")
    answer = alice.get(f"{alice.tasks_url}/export?format={form}")

    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"] == f'attachment; filename="tasks.{form}"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Buy milk" in answer.text


def test_json_has_the_tasks_as_the_list_has_them_oldest_first(alice):
    for title in "abc":
        alice.has_task(title)
    found = json.loads(exported(alice))
    listed = alice.get(alice.tasks_url).json

    assert [{name: task[name] for name in listed[0]} for task in found] == listed[::-1]


@pytest.mark.parametrize("form", FORMATS)
def test_it_has_all_pages(alice, monkeypatch, form):
    monkeypatch.setattr(routes, "PAGE", 3)
    names = [f"task {number:02}" for number in range(10)]
    imported(alice, csv(*names))

    found = exported(alice, f"?format={form}").decode()
    places = [found.index(name) for name in names]
    assert places == sorted(places)


def test_others_have_their_turn_while_it_is_written(alice, monkeypatch):
    turns = []
    monkeypatch.setattr(cooperation, "give_way", lambda: turns.append(1))
    imported(alice, csv(*(f"task {number}" for number in range(45))))
    turns.clear()
    exported(alice, "?format=ics")

    assert len(turns) == 5


def test_the_filters_of_the_list_apply(alice):
    alice.has_task("milk", tags=["home"])
    alice.has_task("bread", tags=["home"], completed=True)
    gone = alice.has_task("eggs")
    alice.delete(gone["url"])

    def found(query):
        return [task["title"] for task in json.loads(exported(alice, query))]

    assert found("") == ["milk", "bread"]
    assert found("?tag=home&status=pending") == ["milk"]
    assert found("?q=BRE") == ["bread"]
    assert found("?status=deleted") == ["eggs"]
    assert_problem(alice.get(f"{alice.tasks_url}/export?status=lost"), 422, names="status")
    assert_problem(alice.get(f"{alice.tasks_url}/export?format=todoist"), 422, names="format")


@pytest.mark.parametrize("form", FORMATS)
def test_without_a_task_it_is_a_file_that_can_be_imported(alice, form):
    file = exported(alice, f"?format={form}")

    assert counts(imported(alice, file, f"?format={form}")) == (0, 0, 0)


@pytest.mark.parametrize("start", "=+-@\t\r")
def test_no_spreadsheet_runs_a_title(alice, bob, start):
    title = f"{start}1+cmd|' /C calc'!A0"
    alice.has_task("x", description=title)
    cells = exported(alice, "?format=csv").decode().replace('"', ",").split(",")
    assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in cells)

    imported(bob, exported(alice, "?format=csv"))
    assert bob.get(bob.tasks_url).json[0]["description"] == title


WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
)
TITLES = WORDS.map(lambda text: f"{text} t")
TASKS_OF_ANY_KIND = st.fixed_dictionaries(
    {"title": TITLES},
    optional={
        "description": st.none() | WORDS | st.just(""),
        "completed": st.booleans(),
        "priority": st.sampled_from(["low", "medium", "high", "urgent", "none", "später"]),
        "due_date": st.sampled_from(
            [
                None,
                "2026-02-01",
                "2026-03-29T02:30",
                "2026-02-01T09:00:00.123456789",
                "2026-02-01T09:00+02:00",
                "2026-02-01T09:00:00.000Z",
                "0001-01-02",
                "9999-12-30T23:59",
            ]
        ),
        "tags": st.lists(WORDS.map(lambda text: f"{text}x"), max_size=3),
        "category": st.none() | WORDS,
        "recurrence": st.sampled_from(
            [None, "daily", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=5"]
        ),
        "recurrence_from": st.sampled_from([None, "due", "completion"]),
        "time_zone": st.sampled_from([None, "Europe/Berlin", "America/St_Johns"]),
        "external_id": st.none() | st.uuids().map(str),
    },
)


def make(someone, task, is_done, is_gone):
    """Create a task, complete it (which may make the next one), and delete it."""
    answer = someone.post(someone.tasks_url, json=task)
    if answer.status_code != 201:  # a rule that never matches its due date
        return
    url = answer.headers["Location"]
    if is_done:
        assert someone.patch(f"{url}/complete", json={"completed": True}).status_code == 200
    if is_gone:
        assert someone.delete(url).status_code == 200


def as_others_have_it(someone):
    """Return all tasks of somebody, oldest first, but for what is of one task only."""
    found = []
    for status in ("all", "deleted"):
        tasks = someone.get(f"{someone.tasks_url}?status={status}").json
        found += [{k: v for k, v in task.items() if k not in OF_ONE} for task in tasks[::-1]]
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_an_import_of_an_export_gives_the_same_tasks(app, form):
    @given(tasks=st.lists(st.tuples(TASKS_OF_ANY_KIND, st.booleans(), st.booleans()), max_size=5))
    @settings(max_examples=some(40), deadline=None, suppress_health_check=list(HealthCheck))
    def holds(tasks):
        alice, bob = person(app, "alice"), person(app, "bob")
        for task, is_done, is_gone in tasks:
            make(alice, task, is_done, is_gone)
        for status in ("all", "deleted"):
            file = exported(alice, f"?format={form}&status={status}")
            result = imported(bob, file, f"?format={form}")
            assert (result["problems"], result["unchanged"]) == ([], 0), result
        before, after = as_others_have_it(alice), as_others_have_it(bob)
        for old, new in zip(before, after, strict=True):
            # One that had none is called by the file that it came from.
            assert old["external_id"] in (None, new["external_id"])
            assert {**old, "external_id": 0} == {**new, "external_id": 0}

    holds()


def test_a_series_goes_on_where_it_was(alice, bob):
    task = alice.has_task("again", recurrence="daily", due_date="2026-02-01")
    alice.patch(f"{task['url']}/complete", json={"completed": True})
    imported(bob, exported(alice))

    for someone in (alice, bob):
        following, first = someone.get(someone.tasks_url).json
        assert (first["occurrence"], following["occurrence"]) == (1, 2)
        url = f"{someone.tasks_url}/{following['id']}"
        done = someone.patch(f"{url}/complete", json={"completed": True}).json
        assert done["next_task_id"]
    # Setting the first one back and forth finds the second there.
    url = f"{bob.tasks_url}/{first['id']}/complete"
    bob.patch(url, json={"completed": False})
    assert bob.patch(url, json={"completed": True}).json["next_task_id"] == following["id"]
    assert titles(bob) == ["again"] * 3
