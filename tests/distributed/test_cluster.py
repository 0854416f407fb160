"""What only a real cluster of Citus shows: `make distributed-test DATABASE_URL=…`."""

import os
import threading
from collections import Counter

import flask_migrate
import psycopg
import pytest

from taskapp.config import ROOT
from taskapp.database import db
from tests import servers
from tests.conftest import person
from tests.servers import Service, create_until, new_user_id
from tests.waiting import until

pytestmark = [
    pytest.mark.skipif(not servers.has_cluster(), reason="needs a cluster in TEST_DATABASE_URL"),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True, scope="session"),
]
# Tables were first distributed after it, which keys the tasks by their user.
FIRST = 7
CUT = """
SELECT run_command_on_workers($$
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE usename = 'taskapp_service' AND datname = current_database()
$$)
"""
WRITERS = 4


def command(app, *arguments):
    done = app.test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def admin(app):
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as admin:
        yield admin


def test_every_node_is_content(app, admin):
    nodes = admin.execute("SELECT count(*) FROM citus_get_active_worker_nodes()").fetchone()[0]

    assert command(app, "check").count("takes a write and a read") >= nodes
    assert command(app, "distribute") == "The tables are distributed.\n"


def test_a_statement_about_a_user_is_for_one_node(app, admin):
    alice = person(app, "alice")
    alice.has_task()
    for statement in (
        "SELECT * FROM tasks WHERE user_id = %s",
        "UPDATE tasks SET title = title WHERE user_id = %s",
    ):
        plan = admin.execute(f"EXPLAIN {statement}", [alice.id]).fetchall()
        assert any("Task Count: 1" in line for (line,) in plan), plan


def test_connections_to_nodes_that_are_cut_lose_nothing(app, admin, environ, tmp_path):
    users, kept, answers = [new_user_id() for _ in range(WRITERS)], {}, Counter()
    over = threading.Event()
    with Service(environ["DATABASE_URL"], tmp_path) as service:

        def write(user_id):
            tasks = f"{service.url}/api/{user_id}/tasks"
            with service.session(user_id) as session:
                session.hooks["response"] = lambda answer, **_: answers.update([answer.status_code])
                kept[user_id] = create_until(session, tasks, over, {503})

        writers = [threading.Thread(target=write, args=[user_id]) for user_id in users]
        for writer in writers:
            writer.start()
        try:
            for _ in range(20):
                before = answers[201]
                admin.execute(CUT)
                until(lambda: answers[201] > before + WRITERS, "creates")  # noqa: B023
        finally:
            over.set()
            for writer in writers:
                writer.join()
    print(f"answers: {dict(answers)}")
    for user_id in users:
        found = admin.execute("SELECT title FROM tasks WHERE user_id = %s", [user_id]).fetchall()
        assert sorted(title for (title,) in found) == sorted(kept[user_id])


def test_migrations_go_down_and_up(app):
    alice = person(app, "alice")
    alice.has_task("before")
    numbers = sorted(file.name[:4] for file in (ROOT / "migrations/versions").glob("[0-9]*.py"))
    with app.app_context():
        for number in reversed([each for each in numbers if int(each) >= FIRST][:-1]):
            flask_migrate.downgrade(revision=number)
        flask_migrate.upgrade()
        db.engine.dispose()
    servers.distribute(app)  # tables that are made anew have foreign keys again

    assert [task["title"] for task in alice.get(alice.tasks_url).json] == ["before"]
    alice.has_task("after")
    command(app, "check")
