"""Revisions, ETag, If-Match and If-None-Match"""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from taskapp.database import db
from taskapp.database.exchange import COMMIT, Connection
from tests.problems import assert_problem


def changes_of(task):
    """Every way to change a task."""
    return [
        ("PUT", task["url"], {"json": {"title": "new"}}),
        ("PATCH", task["url"], {"json": {"title": "new"}}),
        ("PATCH", f"{task['url']}/complete", {}),
        ("PATCH", f"{task['url']}/complete", {"json": {"completed": True}}),
        ("DELETE", task["url"], {}),
        ("DELETE", f"{task['url']}?permanent=true", {}),
    ]


CHANGES = range(len(changes_of({"url": ""})))


def test_every_write_takes_the_next_revision(alice):
    first = alice.has_task()
    second = alice.has_task()
    answers = [alice.open(url, method, **body) for method, url, body in changes_of(first)[:4]]
    alice.delete(first["url"])
    restored = alice.post(f"{first['url']}/restore")

    assert second["revision"] == first["revision"] + 1
    revisions = [answer.json["revision"] for answer in [*answers, restored]]
    start = second["revision"]
    assert revisions == [start + 1, start + 2, start + 3, start + 4, start + 6]


def test_the_etag_is_the_revision_and_strong(alice):
    task = alice.has_task()

    for response in (alice.get(task["url"]), alice.put(task["url"], json={"title": "new"})):
        assert response.headers["ETag"] == f'"{response.json["revision"]}"'
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert "Authorization" in response.headers["Vary"]
        assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize("number", CHANGES)
@pytest.mark.parametrize("weak", ["", "W/"], ids=["strong", "as a compressing proxy makes it"])
@pytest.mark.parametrize("place", range(3))
def test_a_current_if_match_of_three_lets_the_change_through(alice, number, weak, place):
    task = alice.has_task()
    method, url, body = changes_of(task)[number]
    tags = ['"0"', '"x"']
    tags.insert(place, f'{weak}"{task["revision"]}"')

    response = alice.open(url, method, headers={"If-Match": ", ".join(tags)}, **body)

    assert response.status_code == 200


@pytest.mark.parametrize("number", CHANGES)
@pytest.mark.parametrize(
    "tag", ['"0"', 'W/"0"', '"0{}"', '"{}x"', '"x"', '""', '"' + "9" * 400 + '"']
)
def test_a_stale_if_match_changes_nothing_and_shows_what_is_there(alice, number, tag):
    task = alice.has_task()
    before = alice.get(task["url"])
    method, url, body = changes_of(task)[number]

    headers = {"If-Match": tag.format(task["revision"])}
    problem = assert_problem(alice.open(url, method, headers=headers, **body), 412)

    assert problem["current"] == before.json
    assert alice.get(task["url"]).json == before.json
    assert alice.get(alice.tasks_url).headers["ETag"] == before.headers["ETag"]


def test_if_match_star_means_any_that_exists(alice):
    task = alice.has_task()
    star = {"If-Match": "*"}

    assert alice.put(task["url"], json={"title": "new"}, headers=star).status_code == 200
    assert_problem(alice.put(f"{alice.tasks_url}/999999999", json={}, headers=star), 404)


def test_if_none_match_on_a_change_means_not_this_one(alice):
    task = alice.has_task()
    for tag in ("*", f'"{task["revision"]}"', f'W/"{task["revision"]}"'):
        headers = {"If-None-Match": tag}
        assert_problem(alice.put(task["url"], json={"title": "new"}, headers=headers), 412)

    response = alice.put(task["url"], json={"title": "new"}, headers={"If-None-Match": '"0"'})

    assert response.status_code == 200


def test_an_empty_change_honours_the_precondition_and_takes_no_revision(alice):
    task = alice.has_task()

    assert_problem(alice.put(task["url"], json={}, headers={"If-Match": '"0"'}), 412)
    headers = {"If-Match": f'"{task["revision"]}"'}
    assert alice.put(task["url"], json={}, headers=headers).json["revision"] == task["revision"]


def test_a_task_that_is_gone_is_a_404_whatever_the_precondition(alice, bob):
    task = alice.has_task()
    alice.delete(task["url"])

    for number in CHANGES[:5]:
        method, url, body = changes_of(task)[number]
        assert_problem(alice.open(url, method, headers={"If-Match": '"0"'}, **body), 404)
    foreign = f"{bob.tasks_url}/{task['id']}"
    assert_problem(bob.put(foreign, json={"title": "t"}, headers={"If-Match": "*"}), 404)


@pytest.mark.parametrize("tag", ['"{}"', 'W/"{}"', '"0", "{}"', "*"])
def test_a_copy_that_is_current_is_a_304(alice, tag):
    task = alice.has_task()

    for url in (task["url"], alice.tasks_url, f"{alice.tasks_url}?status=completed&limit=1"):
        response = alice.get(url, headers={"If-None-Match": tag.format(task["revision"])})
        assert response.status_code == 304
        assert response.data == b""
        assert response.headers["ETag"] == f'"{task["revision"]}"'
        assert response.headers["Cache-Control"] == "private, no-cache"


def test_a_copy_that_is_stale_gets_the_new_one(alice):
    task = alice.has_task()
    etag = {"If-None-Match": f'"{task["revision"]}"'}
    alice.has_task("another")

    assert alice.get(task["url"], headers=etag).status_code == 304
    response = alice.get(alice.tasks_url, headers=etag)
    assert response.status_code == 200
    assert len(response.json) == 2
    alice.delete(task["url"])
    assert_problem(alice.get(task["url"], headers=etag), 404)


def test_an_empty_list_has_an_etag_too(alice):
    response = alice.get(alice.tasks_url)

    assert response.headers["ETag"] == '"0"'
    assert alice.get(alice.tasks_url, headers={"If-None-Match": '"0"'}).status_code == 304
    alice.has_task()
    assert alice.get(alice.tasks_url, headers={"If-None-Match": '"0"'}).status_code == 200


@pytest.fixture
def statements(app, monkeypatch):
    """The statements that the database runs from now on, except what tells it the user."""
    statements = []
    results = Connection.results

    def note(connection, *queries):
        asked = [query.text.decode() for query in queries if query != COMMIT]
        statements.append(asked[-1])
        return results(connection, *queries)

    monkeypatch.setattr(Connection, "results", note)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        sa.event.listen(
            engine, "before_cursor_execute", lambda _, *rest: statements.append(rest[1])
        )
    return statements


def test_a_304_of_the_list_reads_one_row_of_users_and_no_task(alice, statements):
    task = alice.has_task()
    statements.clear()

    headers = {"If-None-Match": f'"{task["revision"]}"'}
    assert alice.get(alice.tasks_url, headers=headers).status_code == 304

    (statement,) = statements
    assert "FROM users" in statement
    assert "tasks" not in statement


def test_a_user_who_begins_anew_gets_no_old_etag_again(alice):
    alice.has_task()
    etag = alice.get(alice.tasks_url).headers["ETag"]
    alice.delete(f"/api/{alice.id}")

    revision = alice.has_task("new life")["revision"]

    assert revision > int(etag.strip('"'))


def test_writers_of_one_user_never_get_the_same_revision(app, alice, database_url):
    count = 40 if database_url.startswith("sqlite") else 200
    task = alice.has_task()

    def write(number):
        client = app.test_client()
        url = task["url"] if number % 2 else alice.tasks_url
        method = "PUT" if number % 2 else "POST"
        body = {"title": str(number)}
        return client.open(url, method=method, json=body, headers=alice.headers).json["revision"]

    with ThreadPoolExecutor(4) as pool:
        revisions = list(pool.map(write, range(count)))

    first = task["revision"] + 1
    assert sorted(revisions) == list(range(first, first + count))


def test_of_20_changes_at_once_with_one_if_match_one_wins(app, alice):
    task = alice.has_task()
    headers = alice.headers | {"If-Match": f'"{task["revision"]}"'}

    def change(number):
        body = {"title": f"by {number}"}
        return app.test_client().put(task["url"], json=body, headers=headers)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(change, range(20)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [412] * 19
    (winner,) = [answer.json for answer in answers if answer.status_code == 200]
    assert alice.get(task["url"]).json == winner


def test_a_sum_that_8_clients_keep_in_a_task_is_exact(app, alice, database_url):
    rounds = 3 if database_url.startswith("sqlite") else 10
    task = alice.has_task(description="0")

    def add(number):
        client = app.test_client()
        for _ in range(rounds):
            seen = client.get(task["url"], headers=alice.headers).json
            while True:
                body = {"description": str(int(seen["description"]) + number)}
                headers = alice.headers | {"If-Match": f'"{seen["revision"]}"'}
                answer = client.put(task["url"], json=body, headers=headers)
                if answer.status_code == 200:
                    break
                assert answer.status_code == 412
                seen = answer.json["current"]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(1, 9)))

    assert alice.get(task["url"]).json["description"] == str(rounds * sum(range(1, 9)))


def test_writers_of_different_users_do_not_wait_for_each_other(app, alice, bob):
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            pytest.skip("SQLite has one writer at a time")
        alice.has_task()
        bob.has_task()
        with db.engine.begin() as connection:
            held = sa.text("UPDATE users SET revision = revision WHERE id = :id")
            connection.execute(held, {"id": alice.id})

            assert bob.has_task()["revision"]
