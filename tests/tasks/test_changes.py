"""GET /api/{user_id}/tasks/changes"""

import threading
import time
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from taskapp import create_app
from taskapp.database import db
from taskapp.tasks import waiting
from tests.problems import assert_problem
from tests.tasks.test_undo import age, purge
from tests.waiting import PATIENCE, until


def changes(person, since=0, **query):
    query = "&".join(f"{name}={value}" for name, value in {"since": since, **query}.items())
    response = person.get(f"{person.tasks_url}/changes?{query}")
    assert response.status_code == 200, response.text
    return response.json


def follow(person, url):
    """Ask from there until there is no more; return the tasks and where to go on."""
    tasks = []
    while True:
        response = person.get(url)
        assert response.status_code == 200, response.text
        tasks += response.json["changes"]
        url = response.json["next"]
        if not response.json["more"]:
            return tasks, url


def test_from_the_beginning_it_is_a_copy_of_what_is_there(alice, bob):
    tasks = [alice.has_task(str(number)) for number in range(3)]
    bob.has_task()
    alice.delete(tasks[1]["url"])

    answer = changes(alice)

    assert [task["id"] for task in answer["changes"]] == [tasks[0]["id"], tasks[2]["id"]]
    assert answer["changes"][0] == alice.get(tasks[0]["url"]).json
    assert answer["more"] is False
    assert answer["revision"] == tasks[2]["revision"] + 1
    assert answer["next"] == f"{alice.tasks_url}/changes?since={answer['revision']}"


def test_after_that_it_is_what_has_changed_in_the_order_of_revisions(alice):
    _, changed, done, gone, erased = (alice.has_task(str(number)) for number in range(5))
    since = changes(alice)["revision"]

    alice.patch(f"{done['url']}/complete")
    alice.delete(gone["url"])
    alice.put(changed["url"], json={"title": "new"})
    new = alice.has_task("new")
    alice.delete(f"{erased['url']}?permanent=true")
    answer = changes(alice, since)

    ids = [task["id"] for task in answer["changes"]]
    assert ids == [done["id"], gone["id"], changed["id"], new["id"], erased["id"]]
    revisions = [task["revision"] for task in answer["changes"]]
    assert revisions == list(range(since + 1, since + 6))
    deleted = [task["deleted_at"] is not None for task in answer["changes"]]
    assert deleted == [False, True, False, False, True]
    assert changes(alice, answer["revision"])["changes"] == []


def test_a_task_that_changed_often_comes_once_as_it_is_now(alice):
    task = alice.has_task()
    since = changes(alice)["revision"]
    for title in ("a", "b", "c"):
        alice.put(task["url"], json={"title": title})
    alice.delete(task["url"])
    alice.post(f"{task['url']}/restore")

    (change,) = changes(alice, since)["changes"]

    assert change == alice.get(task["url"]).json


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_pages_lead_to_all_of_it(alice, limit):
    tasks = [alice.has_task(str(number)) for number in range(5)]

    copy, url = follow(alice, f"{alice.tasks_url}/changes?since=0&limit={limit}")
    assert [task["id"] for task in copy] == [task["id"] for task in tasks]

    for task in tasks:
        alice.patch(f"{task['url']}/complete")
    news, url = follow(alice, f"{url}&limit={limit}")
    assert [task["id"] for task in news] == [task["id"] for task in tasks]
    assert follow(alice, url)[0] == []


def test_nothing_stored_is_an_empty_copy(alice):
    answer = changes(alice)

    assert (answer["changes"], answer["revision"], answer["more"]) == ([], 0, False)


@pytest.mark.parametrize(
    "query",
    [
        *("", "since=", "since=-1", "since=x", "since=1&limit=0", "since=1&wait=31"),
        *("since=1&wait=-1", f"since={2**63}", f"since=0&copying={2**63}"),
    ],
)
def test_senseless_questions_are_refused(alice, query):
    assert_problem(alice.get(f"{alice.tasks_url}/changes?{query}"), 422)


def test_the_largest_number_is_one(alice):
    assert_problem(alice.get(f"{alice.tasks_url}/changes?since={2**63 - 1}"), 410)


def test_who_was_away_for_longer_than_the_purge_must_start_over(app, alice):
    gone, kept = alice.has_task("gone"), alice.has_task("kept")
    since = changes(alice)["revision"]
    alice.delete(gone["url"])
    knows = changes(alice, since)["revision"]
    age(app, alice)
    purge(app)

    url = f"{alice.tasks_url}/changes"
    problem = assert_problem(alice.get(f"{url}?since={since}"), 410, names="no longer known")
    assert f"{url}?since=0" in problem["detail"]
    assert changes(alice, knows)["changes"] == []
    assert [task["id"] for task in changes(alice)["changes"]] == [kept["id"]]


def test_a_copy_in_pages_is_not_disturbed_by_a_purge(app, alice):
    tasks = [alice.has_task(str(number)) for number in range(4)]
    alice.delete(tasks[3]["url"])
    age(app, alice)
    purge(app)  # the horizon is now above the revisions of all that is left

    copy, url = follow(alice, f"{alice.tasks_url}/changes?since=0&limit=1")

    assert [task["id"] for task in copy] == [task["id"] for task in tasks[:3]]
    assert follow(alice, url)[0] == []


def test_who_knows_what_was_erased_must_start_over(alice):
    alice.has_task()
    since = changes(alice)["revision"]

    alice.delete(f"/api/{alice.id}")
    assert_problem(alice.get(f"{alice.tasks_url}/changes?since={since}"), 410)
    alice.has_task("new life")
    assert_problem(alice.get(f"{alice.tasks_url}/changes?since={since}"), 410)
    assert len(changes(alice)["changes"]) == 1


def test_bob_sees_no_changes_of_hers(alice, bob, stranger):
    url = f"{alice.tasks_url}/changes?since=0"

    assert_problem(stranger.get(url), 401)
    assert_problem(bob.get(url), 403)


LONGEST = 30  # seconds that somebody may wait


class Waiting(threading.Thread):
    """Somebody who waits for a change, as long as one may."""

    def __init__(self, app, person, since):
        super().__init__()
        self.client, self.headers = app.test_client(), person.headers
        self.url = f"{person.tasks_url}/changes?since={since}&wait={LONGEST}"
        before = waiters(app)
        self.start()
        until(lambda: waiters(app) > before)

    def run(self):
        started = time.monotonic()
        self.answer = self.client.get(self.url, headers=self.headers)
        self.seconds = time.monotonic() - started


def waiters(app):
    return app.extensions["taskapp.waiters"]._count


def test_a_waiter_is_woken_by_a_write(app, alice, bob, monkeypatch):
    monkeypatch.setattr("taskapp.tasks.waiting.LOOK_ANYWAY", LONGEST)  # nothing else wakes it
    alice.has_task()
    since = changes(alice)["revision"]
    waiting = Waiting(app, alice, since)
    if listener := app.extensions.get("taskapp.listener"):
        assert listener.listening.wait(PATIENCE)
    bob.has_task()
    time.sleep(0.2)  # for what must not happen there is no event
    assert waiting.is_alive()

    task = alice.has_task("news")
    waiting.join(PATIENCE)

    assert [change["id"] for change in waiting.answer.json["changes"]] == [task["id"]]
    assert waiting.seconds < LONGEST * 2 / 3


def test_a_waiter_is_told_of_the_very_first_task(app, alice):
    waiting = Waiting(app, alice, 0)

    alice.has_task()
    waiting.join(PATIENCE)

    assert len(waiting.answer.json["changes"]) == 1
    assert waiting.seconds < LONGEST * 2 / 3


def test_without_a_change_the_answer_comes_when_the_time_is_up(app, alice):
    alice.has_task()
    since = changes(alice)["revision"]

    started = time.monotonic()
    answer = changes(alice, since, wait=1)

    assert answer["changes"] == []
    assert answer["revision"] == since
    assert 0.9 < time.monotonic() - started < LONGEST


def test_an_erased_user_is_no_longer_waited_for(app, alice, monkeypatch):
    monkeypatch.setattr("taskapp.tasks.waiting.LOOK_ANYWAY", 0.1)  # nobody announces it
    alice.has_task()
    waiting = Waiting(app, alice, changes(alice)["revision"])

    alice.delete(f"/api/{alice.id}")
    waiting.join(PATIENCE)

    assert_problem(waiting.answer, 410)


def test_whoever_has_left_is_forgotten_and_leaves_a_place():
    waiters = waiting.Waiters(1)
    with waiters.place("alice") as left:
        pass

    with waiters.place("alice") as event, waiters.place("bob") as none:
        waiters.wake("bob")
        assert not event.is_set()
        waiters.wake("alice")

    assert event.is_set()
    assert none is None
    assert not left.is_set()


def test_no_user_has_more_than_a_few_places():
    waiters = waiting.Waiters(10)
    with ExitStack() as stack:
        mine = [stack.enter_context(waiters.place("alice")) for _ in range(5)]
        others = stack.enter_context(waiters.place("bob"))

    assert all(mine[:4])
    assert mine[4] is None
    assert others


def test_the_longest_wait_is_over_at_once_where_there_is_a_change(alice):
    alice.has_task()

    assert len(changes(alice, wait=30)["changes"]) == 1


def test_waiters_hold_no_connection_and_beyond_their_number_nobody_waits(environ, alice):
    app = create_app(environ | {"WAITERS": "3", "DATABASE_POOL_SIZE": "1"})
    alice.has_task()
    since = changes(alice)["revision"]
    waiting = [Waiting(app, alice, since) for _ in range(3)]

    with app.app_context():
        until(lambda: db.engine.pool.checkedout() == 0)
    started = time.monotonic()
    answer = app.test_client().get(waiting[0].url, headers=alice.headers)
    assert time.monotonic() - started < LONGEST / 2
    assert answer.json["changes"] == []
    assert int(answer.headers["Retry-After"]) > 0
    assert all(thread.is_alive() for thread in waiting)

    alice.has_task()
    for thread in waiting:
        thread.join(PATIENCE)
        assert len(thread.answer.json["changes"]) == 1
        assert "Retry-After" not in thread.answer.headers


def test_nobody_is_announced_who_is_not_waited_for(app, alice, postgresql_url):
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            pytest.skip("SQLite announces nothing")
        with db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(sa.text("LISTEN taskapp_changes"))
            raw = connection.connection.driver_connection
            alice.has_task()
            assert list(raw.notifies(timeout=0.3)) == []
            changes(alice, changes(alice)["revision"], wait=1)
            alice.has_task()
            assert [n.payload for n in raw.notifies(timeout=PATIENCE, stop_after=1)] == [alice.id]
