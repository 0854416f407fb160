"""`taskapp import`: files of any size, on the server."""

import os
import subprocess
import sys

import pytest

from taskapp.config import ROOT
from taskapp.transfer import commands, formats, imports
from tests.transfer.files import csv, exported, titles


@pytest.fixture
def run(app, alice, tmp_path):
    """Run the command with a file for Alice and return what became of it."""

    def run(text, *options, user=alice.id):
        file = tmp_path / "tasks.csv"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return app.test_cli_runner().invoke(args=["import", "--user", user, *options, str(file)])

    return run


def test_a_file_becomes_tasks(run, alice):
    done = run(csv("a", "b"))

    assert done.exit_code == 0, done.output
    assert "2 tasks created, 0 there already, 0 that can't be read" in done.output
    assert titles(alice) == ["b", "a"]


def test_a_second_time_nothing_changes(run, alice):
    run(csv("a", "b"))

    assert "0 tasks created, 2 there already" in run(csv("a", "b")).output
    assert titles(alice) == ["b", "a"]


def test_a_dry_run_changes_nothing(run, alice):
    done = run(csv("a", "b"), "--dry-run")

    assert "2 tasks would be created" in done.output
    assert titles(alice) == []


def test_what_can_not_be_read_is_told_by_its_line_and_by_the_exit_code(run, alice):
    done = run("title,due_date\r\na,2026-02-30\r\nb,\r\n")

    assert done.exit_code == 1
    assert "Line 2: due_date: " in done.output
    assert titles(alice) == ["b"]


def test_what_is_no_file_of_tasks_is_one_line(run):
    done = run(b"\x00\x01\x02")

    assert done.exit_code == 1
    assert "Error: " in done.output
    assert "Traceback" not in done.output


def test_every_trouble_is_told(run):
    rows = "a,never\r\n" * (imports.CHUNK * 2 + 1)

    assert run(f"title,due_date\r\n{rows}").output.count("due_date: ") == imports.CHUNK * 2 + 1


def test_after_an_interruption_it_goes_on_where_it_was(run, alice, monkeypatch):
    file = csv(*(f"task {number}" for number in range(imports.CHUNK + 10)))
    whole = formats.FORMATS["csv"]

    def interrupted(file):
        for number, entry in enumerate(whole.read(file)):
            if number == imports.CHUNK + 5:
                raise KeyboardInterrupt
            yield entry

    with monkeypatch.context() as patch:
        patch.setitem(commands.FORMATS, "csv", whole._replace(read=interrupted))
        stopped = run(file)
    assert stopped.exit_code == commands.STOPPED
    assert f"{imports.CHUNK} tasks created" in stopped.output
    assert "Run it again to go on." in stopped.output

    assert f"10 tasks created, {imports.CHUNK} there already" in run(file).output
    assert len(set(titles(alice))) == imports.CHUNK + 10


def test_it_takes_its_own_exports(run, alice, bob):
    bob.has_task("Buy milk")
    for form in ("json", "csv", "ics"):
        run(exported(bob, f"?format={form}"))

    assert titles(alice) == ["Buy milk"]


def test_an_id_that_nobody_has_had_here_is_told(run, alice):
    assert "has been here before" in run(csv("a")).output
    assert "has been here before" not in run(csv("a")).output
    assert "1 to 255" in run(csv("a"), user="x" * 256).output


def test_a_file_may_come_by_a_pipe(app, alice, environ):
    command = [sys.executable, "-m", "taskapp", "import", "--user", alice.id, "-"]
    settings = os.environ | environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, input=csv("a", "b").encode(), env=settings, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert titles(alice) == ["b", "a"]
