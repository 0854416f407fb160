"""What a newcomer does first, and what goes wrong then."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from taskapp.config import ROOT
from taskapp.version import __version__
from tests.conftest import SECRET
from tests.servers import Service, free_port
from tests.waiting import until


def run(*command, cwd=ROOT, **environ):
    about = {"PATH": "/usr/bin:/bin", "JWT_SECRET_KEY": SECRET, **environ}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=about, capture_output=True, text=True
    )


def test_make_help_lists_what_there_is():
    listed = run("make", "help").stdout

    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"run", "dev", "demo", "test"} < set(targets)
    for target in targets:
        assert re.search(rf"^  {target} +\S", listed, re.MULTILINE), target


def test_the_version_is_in_one_place(stranger):
    said = run(sys.executable, "-m", "taskapp", "--version")

    assert said.stdout == f"taskapp {__version__}\n"
    assert stranger.get("/openapi.json").json["info"]["version"] == __version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_start_ends_with_the_address_of_the_page(tmp_path):
    with Service(f"sqlite:///{tmp_path}/tasks.db", tmp_path) as service:

        def last() -> str:
            return [line for line in service.lines() if "taskapp.requests" not in line][-1]

        until(lambda: "Open" in last(), "the last line of the start")

        assert f"{service.url}/" in last()


def test_the_demo_is_somebody_with_a_hundred_tasks(app, stranger):
    email = f"demo-{free_port()}@example.com"

    said = app.test_cli_runner().invoke(args=["demo", email])
    again = app.test_cli_runner().invoke(args=["demo", email])

    assert said.exit_code == 0, said.output
    password = re.search(r"the password (\S+)", said.output)[1]
    signed_in = stranger.post("/api/auth/login", json={"email": email, "password": password}).json
    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
    tasks = stranger.get("/api/tasks", headers=bearer).json
    assert len(tasks) == len({task["title"] for task in tasks}) == 100
    assert {task["completed"] for task in tasks} == {True, False}
    assert any(task["due_date"] for task in tasks)
    assert again.exit_code == 1
    assert "There is an account with this e-mail already" in again.output


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_an_old_python_is_refused_with_what_to_do(tmp_path):
    old = tmp_path / "python"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 9); $2"\n'
    )
    old.chmod(0o755)

    refused = run("make", "run", f"PYTHON={old}", f"VENV={tmp_path}/venv")

    assert refused.returncode != 0
    assert "taskapp needs Python 3.11 or newer" in refused.stderr
