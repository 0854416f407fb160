"""What an operator reads when something is wrong at the start: one line, the same everywhere."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests
from sqlalchemy.engine import make_url

from taskapp.config import ROOT
from tests import forks
from tests.servers import BIN, ForkedService, free_port
from tests.waiting import PATIENCE, until

MARKER = "hunter2"
COMMANDS = {
    "check": ["flask", "check"],
    "migrate": ["flask", "migrate"],
    "purge": ["flask", "purge"],
    "serve": ["gunicorn"],
    "user list": ["flask", "user", "list"],
    "taskapp check": ["taskapp", "check"],
    "taskapp serve": ["taskapp", "serve"],
}


@pytest.fixture
def environ(tmp_path):
    # Flask finds wsgi.py in the folder, and the command `taskapp` says itself where it is.
    return {name: value for name, value in os.environ.items() if name != "FLASK_APP"} | {
        "INSTANCE_PATH": str(tmp_path),
        "JWT_SECRET_KEY": "x" * 32,
        "PORT": str(free_port()),
    }


def run(environ, name):
    """Run a command to its end, and return its exit code and all that it prints."""
    done = forks.run(environ, *COMMANDS[name], together=True)
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout


def really_run(environ, name):
    """The same, by the command itself rather than a fork that has its libraries."""
    command, *arguments = COMMANDS[name]
    # Which works in a folder that was moved, too.
    begin = ["python", "-m", "taskapp"] if command == "taskapp" else [command]
    done = subprocess.run(
        [BIN / begin[0], *begin[1:], *arguments],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout


def run_together(environ, names, run=run):
    """Run several commands at a time, and return what each comes to."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda name: run(environ, name), names))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"postgresql://u:Pa@ss:{MARKER}@localhost/db"),
        ("SENTRY_DSN", MARKER),
        ("INSTANCE_PATH", "/dev/null/folder"),
        ("PROMETHEUS_MULTIPROC_DIR", "/nonexistent"),
        ("PROMETHEUS_MULTIPROC_DIR", "/dev/null"),
    ],
)
def test_a_bad_setting_is_one_line_and_no_secret(environ, name, value):
    # Each program itself, for one of the settings; the others say the same in forks of it.
    really = {"check", "serve", "taskapp check", "taskapp serve"} if name == "DATABASE_URL" else ()
    environ = environ | {name: value}
    results = set(run_together(environ, COMMANDS.keys() - really))
    results |= set(run_together(environ, really, really_run))

    ((code, text),) = {(code, text.splitlines()[-1]) for code, text in results}
    assert code == 1
    assert text.startswith(f"taskapp: {name}: ")
    assert MARKER not in "".join(text for _, text in results)
    # gunicorn may say before that it starts.
    assert {output.count("\n") for _, output in results} <= {1, 2}


def test_a_file_of_settings_that_is_no_text_is_one_line(environ, tmp_path):
    for name in ("taskapp", "clients/javascript/src", "migrations"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("wsgi.py", "gunicorn.conf.py", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".env").write_text("PORT=8000", encoding="utf-16")

    def run(environ, name):
        return subprocess.run(
            [BIN / "python", "-m", "taskapp", name],
            cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip

    for done in run_together(environ, ["check", "migrate", "serve"], run):
        assert done.returncode == 1
        assert done.stderr == f"taskapp: {tmp_path}/.env: must be a text in UTF-8\n"


def test_a_number_of_workers_that_is_none_is_one_line(environ):
    given = environ | {"WEB_CONCURRENCY": "abc"}

    results = run_together(given, ["taskapp check", "taskapp serve"])

    assert results[0] == results[1] == (1, "taskapp: WEB_CONCURRENCY: Not a valid integer.\n")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"HOST": "no-such-name.invalid"}, "HOST: nobody can listen on 'no-such-name.invalid'"),
        ({"HOST": "203.0.113.9"}, "HOST: nobody can listen on '203.0.113.9'"),
    ],
)
def test_where_nobody_can_listen_is_named(environ, settings, sentence):
    code, text = run(environ | settings, "serve")

    assert code == 1
    assert sentence in text.splitlines()[-1]


def test_a_port_in_use_is_named_at_once(environ):
    with socket.create_server(("127.0.0.1", int(environ["PORT"]))):
        code, text = run(environ, "serve")

    assert code == 1
    said = f"taskapp: PORT: {environ['PORT']} is in use already on 127.0.0.1."
    assert text.splitlines()[-1] == said


def test_a_database_that_is_away_is_the_same_sentence_everywhere(environ, tmp_path):
    port = free_port()
    url = f"postgresql://nobody:{MARKER}@127.0.0.1:{port}/none?sslpassword={MARKER}"
    sentence = re.compile(rf"The database \S+@127\.0\.0\.1:{port}/none can't be used.*refused")

    commands = ["check", "migrate", "purge", "user list"]
    for code, text in run_together(environ | {"DATABASE_URL": url}, commands):
        assert code == 1
        assert sentence.search(text), text
        assert MARKER not in text
    service = ForkedService(url, tmp_path)
    service.health = "/health/live"
    service.start()
    try:
        asked = requests.get(f"{service.url}/health/ready", timeout=PATIENCE)
    finally:
        service.end(signal.SIGQUIT)

    assert asked.status_code == 503
    starting = [json.loads(line)["message"] for line in service.lines()]
    assert [bool(sentence.search(line)) for line in starting].count(True) == 1
    # One line for a look that finds it away, with the reason.
    (away,) = [line for line in starting if line.startswith("not ready")]
    assert "refused" in away
    assert MARKER not in service.log.read_text()


def test_a_login_that_may_make_nothing_hears_what_it_needs(environ, postgresql_url):
    login = f"login_{os.getpid()}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {login} LOGIN")
        admin.execute(f"CREATE DATABASE {login}")
        url = make_url(postgresql_url).set(username=login, database=login)
        url = url.render_as_string(hide_password=False)
        try:
            code, text = run(environ | {"DATABASE_URL": url}, "migrate")
            admin.execute(f"ALTER DATABASE {login} OWNER TO {login}")
            role = {"DATABASE_ROLE": f"{login}_service"}
            second, roles = run(environ | {"DATABASE_URL": url} | role, "migrate")
            # The tables are there, and the login may not even look at them.
            with psycopg.connect(url, autocommit=True) as owner:
                owner.execute(f"REVOKE ALL ON alembic_version FROM {login}")
            third, kept = run(environ | {"DATABASE_URL": url}, "check")
        finally:
            admin.execute(f"DROP DATABASE {login} WITH (FORCE)")
            admin.execute(f"DROP ROLE {login}")

    assert (code, second, third) == (1, 1, 1)
    assert "can't be used (DATABASE_URL): permission denied for table alembic_version" in kept
    assert "permission denied for schema public" in text.splitlines()[-1]
    assert "GRANT USAGE, CREATE ON SCHEMA public" in text.splitlines()[-1]
    assert f"CREATE ROLE {login}_service NOLOGIN; GRANT {login}_service TO {login}" in roles


def test_a_newer_database_is_the_same_sentence_everywhere(environ, tmp_path):
    assert run(environ, "migrate")[0] == 0
    code = (
        "import sqlite3; db = sqlite3.connect('tasks.db');"
        "db.execute('UPDATE alembic_version SET version_num = 9999'); db.commit()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)

    for status, text in run_together(environ, ["check", "migrate", "serve"]):
        assert status == 1
        assert "The database is at migration 9999, this release knows" in text


def test_names_that_are_one_letter_off_are_a_warning(environ):
    given = environ | {"DATABSE_URL": "postgresql://db/tasks", "PROT": "8001"}
    warning = "DATABSE_URL is no setting: is DATABASE_URL meant?"

    for name in ("check", "migrate"):
        assert warning in run(given, name)[1]
    with socket.create_server(("127.0.0.1", int(environ["PORT"]))):  # so that it ends
        code, text = run(given, "serve")
    assert code == 1
    assert warning in text
    assert "PROT is no setting: is PORT meant?" in text


def test_ctrl_c_ends_without_a_traceback(environ):
    assert run(environ, "migrate")[0] == 0
    process = subprocess.Popen(
        [BIN / "gunicorn"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{environ['PORT']}"

    def lives():
        try:
            return requests.get(f"{url}/health/live", timeout=PATIENCE).ok
        except requests.ConnectionError:
            assert process.poll() is None, process.stdout.read()
            return False

    until(lives)
    with requests.Session() as session:
        for _ in range(8):  # an open connection to each worker
            session.get(f"{url}/health/live", timeout=PATIENCE)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them

        text, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in text
    assert "SystemExit" not in text


def test_a_wrong_password_is_one_line_of_json_with_a_time_in_utc(tmp_path):
    person = {"email": "alice@example.com", "password": "wrong horse battery"}
    with ForkedService(f"sqlite:///{tmp_path}/tasks.db", tmp_path, ACCOUNTS="on") as service:
        url = f"{service.url}/api/auth"
        registered = requests.post(f"{url}/register", json=person, timeout=PATIENCE)
        wrong = requests.post(
            f"{url}/login", json=person | {"password": "another one"}, timeout=PATIENCE
        )

    assert (registered.status_code, wrong.status_code) == (201, 401)
    for line in service.lines():
        time = json.loads(line)["time"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
