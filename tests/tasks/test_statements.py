"""What requests ask the database: few statements, whatever is sent."""

import random

import sqlalchemy as sa

from taskapp.database import dialect, execute, transaction
from taskapp.tasks import queries
from tests.chance import some
from tests.tasks.fields import examples


def prepared(app, person):
    with app.app_context(), transaction(person.id):
        if dialect() == "sqlite":
            return 0
        return execute(sa.text("SELECT count(*) FROM pg_prepared_statements")).scalar()


def test_whichever_fields_are_sent_the_statements_are_the_same(app, alice):
    task = alice.has_task()
    fields = examples()
    chance = random.Random(7)  # noqa: S311 - the same subsets each time

    def write(sent, tags):
        body = {name: fields[name] for name in sent}
        current = alice.get(task["url"]).headers["ETag"]
        headers = {"If-Match": ", ".join([current, *(f'"{number}"' for number in range(tags))])}
        assert alice.put(task["url"], json=body, headers=headers).status_code == 200
        assert alice.patch(task["url"], json=body).status_code == 200
        assert alice.patch(f"{task['url']}/complete", headers={"If-Match": "*"}).status_code == 200
        new = {"title": "t", **body}
        if "external_id" in body:
            new["external_id"] = examples()["external_id"]
        assert alice.post(alice.tasks_url, json=new).status_code == 201

    # With a rule or an external id a task is written inside a transaction, which prepares nothing.
    for sent in (fields, set(fields) - {"external_id"}, ["title"], []):
        write(sent, 1)
    before = prepared(app, alice)
    for _ in range(some(200)):
        write(chance.sample(sorted(fields), chance.randint(0, len(fields))), chance.randint(0, 20))

    assert prepared(app, alice) == before


def test_whatever_is_asked_the_prepared_statements_stay_few(app, alice):
    chance = random.Random(7)  # noqa: S311
    parameters = {
        "status": ["all", "pending", "done"],
        "priority": ["high", "low,urgent"],
        "tags": ["home", "home,work"],
        "search": ["milk", "two words"],
        "sort_by": ["title", "-due_date", "priority"],
        "due_after": ["2026-01-01"],
        "overdue": ["true", "false"],
        "limit": ["1", "10"],
        "offset": ["0", "5"],
        "count": ["true"],
    }
    alice.has_task()

    def ask():
        chosen = chance.sample(sorted(parameters), chance.randint(0, len(parameters)))
        query = "&".join(f"{name}={chance.choice(parameters[name])}" for name in chosen)
        assert alice.get(f"{alice.tasks_url}?{query}").status_code == 200

    for _ in range(100):
        ask()
    before = prepared(app, alice)
    for _ in range(some(300)):
        ask()

    assert prepared(app, alice) <= before + 4  # of the statuses, with an offset or without
    assert prepared(app, alice) < 60


def test_every_field_that_can_be_sent_is_a_column_that_is_emptied(app):
    assert examples().keys() <= {column.name for column in queries.WRITTEN}


def test_fields_that_are_not_sent_stay_as_they_are(alice):
    url = alice.has_task(**{**examples(), "title": "Before"})["url"]
    before = alice.get(url).json
    for name, value in examples().items():
        after = alice.put(url, json={name: value}).json
        changed = {"revision": after["revision"], "updated_at": after["updated_at"], name: value}
        assert after == {**before, **changed}
        before = after
