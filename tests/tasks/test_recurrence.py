"""Tasks that come again: what completing one, and setting it back, does to the next."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from taskapp.database import db
from tests.problems import assert_problem
from tests.tasks.test_schedule import NEVER, REFUSED
from tests.tasks.test_undo import age, purge

FIELDS = {
    "description": "Two litres, Müller",
    "priority": "high",
    "tags": ["home", "Büro"],
    "category": "Einkäufe",
    "due_date": "2031-01-31",
    "recurrence": "monthly",
    "time_zone": "Europe/Berlin",
}
SAME = ["title", *FIELDS.keys() - {"due_date"}, "recurrence_from", "series_id"]


def complete(person, task, completed=True):
    answer = person.patch(f"{url(person, task)}/complete", json={"completed": completed})
    assert answer.status_code == 200, answer.text
    return answer.json


def url(person, task):
    return f"{person.tasks_url}/{task['id']}"


def following(person, task):
    return person.get(f"{person.tasks_url}/{task['next_task_id']}").json


def series(person, task):
    """Return the tasks of the series, the first one first."""
    tasks = person.get(person.tasks_url).json
    mine = [each for each in tasks if each["series_id"] == task["series_id"]]
    return sorted(mine, key=lambda each: each["occurrence"])


WAYS = {
    "complete": lambda alice, task: alice.patch(f"{task['url']}/complete"),
    "complete, set": lambda alice, task: alice.patch(
        f"{task['url']}/complete", json={"completed": True}
    ),
    "PUT": lambda alice, task: alice.put(task["url"], json={"completed": True}),
    "PUT of the whole": lambda alice, task: alice.put(
        task["url"], json={**alice.get(task["url"]).json, "completed": True}
    ),
    "PATCH": lambda alice, task: alice.patch(task["url"], json={"completed": True}),
    "with its ETag": lambda alice, task: alice.patch(
        f"{task['url']}/complete", headers={"If-Match": f'"{task["revision"]}"'}
    ),
    "with a key": lambda alice, task: alice.patch(
        f"{task['url']}/complete", headers={"Idempotency-Key": secrets.token_hex(8)}
    ),
    "in another's words": lambda alice, task: alice.put(task["url"], json={"isCompleted": True}),
}


@pytest.mark.parametrize("way", WAYS)
def test_completing_makes_the_next_one(alice, way):
    task = alice.has_task(**FIELDS)
    assert (task["occurrence"], task["next_task_id"], task["recurrence_from"]) == (1, None, "due")
    assert task["series_id"]

    answer = WAYS[way](alice, task)

    assert answer.status_code == 200
    done = answer.json
    assert answer.headers["ETag"] == f'"{done["revision"]}"'
    assert done["completed"] is True
    assert done["completed_at"]
    new = following(alice, done)
    assert new["id"] != done["id"]
    assert {name: new[name] for name in SAME} == {name: task[name] for name in SAME}
    assert (new["completed"], new["completed_at"], new["next_task_id"]) == (False, None, None)
    assert (new["due_date"], new["occurrence"]) == ("2031-02-28", 2)
    assert alice.get(f"{alice.tasks_url}?status=completed").json == [done]
    assert alice.get(f"{alice.tasks_url}?status=pending").json == [new]
    assert alice.get(alice.tasks_url).headers["ETag"] == answer.headers["ETag"]
    changes = alice.get(f"{alice.tasks_url}/changes?since={task['revision']}").json
    assert changes["changes"] == [new, done]
    assert changes["revision"] == done["revision"]
    # As search and filters see it.
    assert alice.get(f"{alice.tasks_url}?q=muller+buro&status=pending").json == [new]
    assert alice.get(f"{alice.tasks_url}?due_after=2031-02-27&status=pending").json == [new]


def test_the_anchor_is_kept_when_whole_tasks_are_put_back(alice):
    task = alice.has_task(**FIELDS)
    due = []
    for _ in range(4):
        whole = alice.get(url(alice, task)).json
        whole = alice.put(url(alice, task), json={**whole, "title": "Renamed"}).json
        task = following(alice, alice.put(url(alice, task), json={**whole, "completed": True}).json)
        due.append(task["due_date"])

    assert due == ["2031-02-28", "2031-03-31", "2031-04-30", "2031-05-31"]
    assert task["title"] == "Renamed"
    assert [each["occurrence"] for each in series(alice, task)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("new", [{"recurrence": None}, {"recurrence": ""}])
def test_without_a_rule_the_series_ends_here(alice, new):
    task = following(alice, complete(alice, alice.has_task(**FIELDS)))
    alice.put(url(alice, task), json=new)

    assert complete(alice, task)["next_task_id"] is None
    assert len(series(alice, task)) == 2


@pytest.mark.parametrize(
    ("due", "again"),
    [
        ("2031-02-28T08:00:00.000Z", "2031-03-31T07:00:00.000Z"),
        ("2031-02-28T09:00:00+01:00", "2031-03-31T09:00:00+02:00"),
        ("2031-02-28T09:00", "2031-03-31T09:00"),
    ],
)
def test_the_anchor_is_kept_when_the_same_moment_is_put_back_in_another_form(alice, due, again):
    due_date = "2031-01-31T08:00:00Z"
    task = following(alice, complete(alice, alice.has_task(**FIELDS | {"due_date": due_date})))

    put = alice.put(url(alice, task), json={**task, "due_date": due}).json

    assert put["due_date"] == due
    assert following(alice, complete(alice, put))["due_date"] == again


@pytest.mark.parametrize("again", ["FREQ=MONTHLY;INTERVAL=1", "rrule:freq=monthly", " Monthly"])
def test_the_anchor_is_kept_when_the_same_rule_is_put_back_in_other_words(alice, again):
    task = following(alice, complete(alice, alice.has_task(**FIELDS)))

    put = alice.put(url(alice, task), json={**task, "recurrence": again}).json

    assert put["recurrence"] == again
    assert following(alice, complete(alice, put))["due_date"] == "2031-03-31"


def test_the_same_rule_in_other_words_does_not_count_anew(alice):
    rules = ["FREQ=DAILY;COUNT=3", "RRULE:FREQ=DAILY;COUNT=3"] * 2
    task = alice.has_task(due_date="2031-01-01", recurrence=rules[0])
    for rule in rules:
        last = task
        alice.patch(url(alice, task), json={"recurrence": rule})
        done = complete(alice, task)
        task = following(alice, done) if done["next_task_id"] else task

    assert (last["due_date"], last["occurrence"]) == ("2031-01-03", 3)
    assert len(series(alice, last)) == 3


@pytest.mark.parametrize(
    ("due_date", "again"), [("2031-01-31", "2031-03-31"), ("2031-01-31T09:00", "2031-03-31T09:00")]
)
def test_the_anchor_is_kept_where_a_day_or_a_local_time_gets_another_zone(alice, due_date, again):
    task = following(alice, complete(alice, alice.has_task(**FIELDS | {"due_date": due_date})))

    alice.put(url(alice, task), json={**task, "time_zone": "America/New_York"})

    assert following(alice, complete(alice, task))["due_date"] == again


def test_a_changed_rule_or_due_date_holds_from_here_on(alice):
    task = following(alice, complete(alice, alice.has_task(**FIELDS)))
    alice.put(url(alice, task), json={"due_date": "2031-03-15"})
    task = following(alice, complete(alice, task))
    assert task["due_date"] == "2031-04-15"
    alice.patch(url(alice, task), json={"recurrence": "FREQ=WEEKLY;COUNT=2"})
    task = following(alice, complete(alice, task))
    assert (task["due_date"], task["occurrence"]) == ("2031-04-22", 4)

    assert complete(alice, task)["next_task_id"] is None


def test_a_change_together_with_the_completion_comes_before_it(alice):
    task = alice.has_task(**FIELDS)
    body = {
        "completed": True,
        "title": "New",
        "due_date": "2031-05-05T08:00",
        "recurrence": "daily",
    }

    done = alice.put(task["url"], json=body).json

    new = following(alice, done)
    assert (done["title"], done["due_date"]) == ("New", "2031-05-05T08:00")
    assert (new["title"], new["due_date"]) == ("New", "2031-05-06T08:00")
    ended = alice.put(url(alice, new), json={"completed": True, "recurrence": None}).json
    assert ended["next_task_id"] is None


def test_a_rule_can_be_given_to_any_task(alice):
    task = alice.has_task(due_date="2031-01-31")
    assert task["series_id"] is task["occurrence"] is task["recurrence_from"] is None

    ruled = alice.put(task["url"], json={"recurrence": "yearly"}).json

    assert (ruled["occurrence"], ruled["recurrence_from"]) == (1, "due")
    assert following(alice, complete(alice, ruled))["due_date"] == "2032-01-31"
    other = alice.has_task(due_date="2031-01-31")
    body = {"recurrence": "daily", "completed": True}
    assert following(alice, alice.put(other["url"], json=body).json)["due_date"] == "2031-02-01"


def test_what_is_created_as_completed_was_not_completed_here(alice):
    task = alice.has_task(**FIELDS, completed=True)

    assert task["next_task_id"] is None
    assert complete(alice, task)["next_task_id"] is None
    assert complete(alice, complete(alice, task, False))["next_task_id"]


def test_the_last_one_of_a_rule_makes_none(alice):
    task = alice.has_task(due_date="2031-01-31", recurrence="FREQ=DAILY;COUNT=3")
    for number in (2, 3):
        task = following(alice, complete(alice, task))
        assert task["occurrence"] == number

    assert complete(alice, task)["next_task_id"] is None
    task = alice.has_task(due_date="2031-01-31", recurrence="FREQ=DAILY;UNTIL=20310201")
    last = following(alice, complete(alice, task))
    assert complete(alice, last)["next_task_id"] is None


def test_from_completion_and_without_a_due_date_it_counts_from_today(alice):
    today = datetime.now(UTC).date()
    rule = {"recurrence": "FREQ=DAILY;INTERVAL=3", "recurrence_from": "completion"}
    for fields in (rule, {"recurrence": rule["recurrence"]}, {**rule, "due_date": "2031-01-31"}):
        new = following(alice, complete(alice, alice.has_task(**fields)))

        assert new["due_date"] in {str(today + timedelta(days=days)) for days in (3, 4)}
        assert new["recurrence_from"] == fields.get("recurrence_from", "due")


def test_what_is_years_overdue_comes_again_after_now(alice):
    task = alice.has_task(due_date="2001-01-01T09:00", recurrence="daily", time_zone="Asia/Tokyo")

    new = following(alice, complete(alice, task))

    assert datetime.now(UTC) < datetime.fromisoformat(f"{new['due_date']}+09:00")
    assert new["occurrence"] == 2


def test_setting_it_back_takes_the_next_one_away(alice):
    task = alice.has_task(**FIELDS)
    done = complete(alice, task)
    known = alice.get(f"{alice.tasks_url}/changes?since=0").json

    back = complete(alice, task, False)

    ours = {"revision", "updated_at", "url"}
    assert {name: back[name] for name in back.keys() - ours} == {
        name: task[name] for name in back.keys() - ours
    }
    assert_problem(alice.get(f"{alice.tasks_url}/{done['next_task_id']}"), 404)
    assert alice.get(alice.tasks_url).json == [back]
    assert alice.get(f"{alice.tasks_url}?status=deleted").json == []
    changes = alice.get(known["next"]).json["changes"]
    assert [each["id"] for each in changes if each["deleted_at"]] == [done["next_task_id"]]
    assert "Müller" not in str(changes[0])
    again = complete(alice, task)
    assert following(alice, again)["due_date"] == "2031-02-28"
    assert len(series(alice, task)) == 2


@pytest.mark.parametrize("touch", ["PUT", "complete", "DELETE", "restore", "flips"])
def test_setting_it_back_leaves_a_next_one_that_was_touched(alice, touch):
    task = alice.has_task(**FIELDS)
    new = following(alice, complete(alice, task))
    if touch == "PUT":
        alice.put(url(alice, new), json={"title": "Touched"})
    if touch in ("complete", "flips"):
        complete(alice, new)
    if touch == "flips":
        complete(alice, new, False)
    if touch in ("DELETE", "restore"):
        alice.delete(url(alice, new))
    if touch == "restore":
        alice.post(f"{url(alice, new)}/restore")
    before = alice.get(url(alice, new)).json

    back = complete(alice, task, False)

    assert (back["completed"], back["next_task_id"]) == (False, new["id"])
    assert alice.get(url(alice, new)).json["title"] == before["title"]
    # However often it is completed after that, it has had its next one.
    assert complete(alice, task)["next_task_id"] == new["id"]
    numbers = [each["occurrence"] for each in series(alice, task)]
    assert numbers == sorted(set(numbers))
    assert (2 in numbers) == (touch != "DELETE")


def test_deleting_one_deletes_that_one(app, alice):
    first = alice.has_task(**FIELDS)
    second = following(alice, complete(alice, first))
    third = following(alice, complete(alice, second))

    alice.delete(url(alice, second))

    assert [each["id"] for each in series(alice, first)] == [first["id"], third["id"]]
    alice.post(f"{url(alice, second)}/restore")
    assert [each["occurrence"] for each in series(alice, first)] == [1, 2, 3]
    alice.delete(f"{url(alice, second)}?permanent=true")
    age(app, alice)
    purge(app)
    assert alice.get(url(alice, first)).json["next_task_id"] == second["id"]
    assert complete(alice, complete(alice, first, False))["next_task_id"] not in (
        None,
        second["id"],
    )
    assert [each["occurrence"] for each in series(alice, first)] == [1, 2, 3]


def test_a_stale_precondition_makes_nothing(alice):
    task = alice.has_task(**FIELDS)
    stale = {"If-Match": f'"{task["revision"] - 1}"'}

    for method, end, body in [
        ("PATCH", "/complete", None),
        ("PATCH", "/complete", {"completed": True}),
        ("PUT", "", {"completed": True}),
        ("PUT", "", {"recurrence": "daily"}),
        ("PATCH", "", {"time_zone": "UTC"}),
    ]:
        answer = alice.open(task["url"] + end, method, json=body or {}, headers=stale)
        problem = assert_problem(answer, 412)
        assert problem["current"] == alice.get(task["url"]).json

    assert len(alice.get(alice.tasks_url).json) == 1
    assert_problem(alice.patch(f"{alice.tasks_url}/999999999/complete"), 404)
    assert_problem(alice.put(f"{alice.tasks_url}/999999999", json={"recurrence": "daily"}), 404)


def test_a_retry_with_its_key_gets_the_first_answer(alice):
    task = alice.has_task(**FIELDS)
    key = {"Idempotency-Key": secrets.token_hex(8)}

    answers = [alice.patch(f"{task['url']}/complete", headers=key) for _ in range(3)]

    assert len({answer.data for answer in answers}) == 1
    assert len(series(alice, task)) == 2


@pytest.mark.parametrize("body", [{"completed": True}, {}])
def test_of_20_completions_at_once_there_is_one_next(app, alice, body):
    task = alice.has_task(**FIELDS)

    def send(number):
        headers = alice.headers | ({"Idempotency-Key": f"k{number}"} if number % 2 else {})
        client = app.test_client()
        if number % 4 == 3 and body:
            return client.put(task["url"], json=body, headers=headers)
        return client.patch(f"{task['url']}/complete", json=body, headers=headers)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(21)))

    assert {answer.status_code for answer in answers} == {200}
    final = alice.get(task["url"]).json
    assert final["completed"] is True  # set, or flipped 21 times
    assert [each["occurrence"] for each in series(alice, task)] == [1, 2]
    assert following(alice, final)["occurrence"] == 2


def test_the_database_holds_that_there_is_one_of_each(app, alice):
    task = alice.has_task(**FIELDS)
    twin = alice.has_task(**FIELDS)
    make = sa.text("UPDATE tasks SET series_id = :series WHERE id = :id AND user_id = :user")

    values = {"series": task["series_id"], "id": twin["id"], "user": alice.id}
    with (
        app.app_context(),
        db.engine.connect() as connection,
        pytest.raises(sa.exc.IntegrityError),
    ):
        connection.execute(make, values)


def test_bob_completes_nothing_of_hers(alice, bob):
    task = alice.has_task(**FIELDS)

    assert_problem(bob.patch(f"{task['url']}/complete"), 403)
    assert_problem(bob.patch(f"{bob.tasks_url}/{task['id']}/complete"), 404)
    assert_problem(bob.put(f"{bob.tasks_url}/{task['id']}", json={"recurrence": "daily"}), 404)
    mine = bob.has_task(**FIELDS)
    complete(bob, mine)

    assert alice.get(alice.tasks_url).json == [{k: v for k, v in task.items() if k != "url"}]


@pytest.mark.parametrize("recurrence", ["daily", "RRULE:FREQ=WEEKLY;BYDAY=MO", "freq=daily", None])
def test_a_rule_comes_back_as_it_was_sent(alice, recurrence):
    task = alice.has_task(recurrence=recurrence)

    assert task["recurrence"] == recurrence
    assert alice.put(task["url"], json={**task, "title": "u"}).json["recurrence"] == recurrence


def refused_everywhere(alice, name, value, **fields):
    task = alice.has_task(**fields)
    for answer in (
        alice.post(alice.tasks_url, json={"title": "t", **fields, name: value}),
        alice.put(task["url"], json={name: value}),
        alice.patch(task["url"], json={name: value, "completed": True}),
    ):
        assert assert_problem(answer, 422, names=f"{name}: ")["errors"].keys() == {name}
    assert alice.get(alice.tasks_url).json == [alice.get(task["url"]).json]
    assert alice.get(task["url"]).json["revision"] == task["revision"]


@pytest.mark.parametrize(
    "value", [*REFUSED, "FREQ=DAILY;" + "COUNT=1;" * 50, 7, True, ["daily"], "a\0"]
)
def test_a_senseless_rule_is_refused(alice, value):
    refused_everywhere(alice, "recurrence", value)


@pytest.mark.parametrize(("rule", "due"), NEVER)
def test_a_rule_that_never_matches_is_refused(alice, rule, due):
    refused_everywhere(alice, "recurrence", rule, due_date=due)


@pytest.mark.parametrize(
    "value",
    [
        "Berlin",
        "europe/berlin",
        "CET+1",
        "+01:00",
        "../etc/passwd",
        "Europe",
        "localtime",
        "posix/UTC",
        1,
        "a\0",
    ],
)
def test_an_unknown_time_zone_is_refused(alice, value):
    refused_everywhere(alice, "time_zone", value)


@pytest.mark.parametrize("value", ["start", 1, ["due"]])
def test_it_counts_from_nothing_else(alice, value):
    refused_everywhere(alice, "recurrence_from", value)


def test_a_due_date_out_of_its_zones_years_is_refused(alice):
    for zone, due in [("Asia/Tokyo", "0001-01-01"), ("America/New_York", "9999-12-31T23:00")]:
        task = alice.has_task(due_date=due)
        body = {"title": "t", "due_date": due, "time_zone": zone}
        for answer in (
            alice.post(alice.tasks_url, json=body),
            alice.put(task["url"], json=body),
            alice.put(task["url"], json={"time_zone": zone}),
        ):
            assert assert_problem(answer, 422)["errors"].keys() == {"due_date"}
        assert alice.get(task["url"]).json["time_zone"] is None
    task = alice.has_task(time_zone="Asia/Tokyo")
    answer = alice.put(task["url"], json={"dueDate": "0001-01-01"})
    assert assert_problem(answer, 422)["errors"].keys() == {"dueDate"}


def test_a_due_date_that_leaves_the_rule_nothing_is_refused(alice):
    task = alice.has_task(
        due_date="2032-02-29", recurrence="FREQ=YEARLY;INTERVAL=4;BYMONTHDAY=29;BYMONTH=2"
    )

    answer = alice.put(task["url"], json={"due_date": "2033-03-01"})

    assert assert_problem(answer, 422)["errors"].keys() == {"recurrence"}
    assert alice.get(task["url"]).json["due_date"] == "2032-02-29"


def test_the_time_zone_decides_the_order(alice):
    """Whichever of the two was sent last."""

    def titles():
        tasks = alice.get(f"{alice.tasks_url}?sort_by=due_date").json
        return "".join(task["title"] for task in tasks)

    alice.has_task("b", due_date="2031-01-01T12:00")
    east = alice.has_task("a", due_date="2031-01-01T13:00", time_zone="Asia/Tokyo")
    west = alice.has_task("c", due_date="2031-01-01T11:00", time_zone="America/New_York")
    assert titles() == "abc"
    alice.put(east["url"], json={"time_zone": None})
    alice.patch(west["url"], json={"time_zone": ""})
    assert titles() == "cba"
    alice.put(west["url"], json={"time_zone": "America/New_York"})
    assert titles() == "bac"
    alice.put(west["url"], json={"due_date": "2031-01-01T06:59"})
    assert titles() == "cba"
    alice.put(west["url"], json={"due_date": "2031-01-01T08:30", "time_zone": "Asia/Tokyo"})
    assert titles() == "cba"
    found = alice.get(f"{alice.tasks_url}?due_before=2031-01-01T00:00").json
    assert [task["title"] for task in found] == ["c"]


def test_a_task_that_was_deleted_for_good_is_in_no_series(app, alice):
    task = alice.has_task(**FIELDS)
    done = complete(alice, task)
    for number in (task["id"], done["next_task_id"]):
        alice.delete(f"{alice.tasks_url}/{number}?permanent=true")

    with app.app_context(), db.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT * FROM tasks WHERE user_id = :id"), {"id": alice.id}
        ).mappings()
        for row in rows:
            ours = ["recurrence", "recurrence_from", "time_zone", "series_id", "occurrence"]
            ours += ["next_task_id", "next_revision", "anchor", "position"]
            assert [row[name] for name in ours] == [None] * len(ours)


def test_all_of_it_is_exported_and_erased(alice):
    task = complete(alice, alice.has_task(**FIELDS))

    exported = alice.get(f"/api/{alice.id}/export").json["tasks"]

    assert exported == [following(alice, task), task]
    alice.delete(f"/api/{alice.id}")
    assert alice.get(alice.tasks_url).json == []
