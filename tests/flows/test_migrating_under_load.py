"""Migrations, one by one, while people write in every way: nobody fails, nobody deadlocks."""

import contextlib
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import requests

from taskapp.config import ROOT
from taskapp.database import schema
from tests.history import code_before
from tests.servers import BIN, Postgres, Service, new_user_id

FIRST = 4  # the first that came when there were revisions
WRITERS = 4
TIMES = 3  # a deadlock takes an unlucky moment


def flask(service, *command):
    done = subprocess.run(
        [BIN / "flask", *command], cwd=ROOT, env=service.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done


def write(service, end):
    """Write in every way until the end, and return how often; every answer must be a success."""
    alice = new_user_id()
    with service.session(alice) as session:
        tasks = f"{service.url}/api/{alice}/tasks"
        number = 0
        while not end.is_set():
            number += 1
            key = {"Idempotency-Key": secrets.token_hex(8)} if number % 3 else {}
            made = session.post(tasks, json={"title": "t"}, headers=key, timeout=30)
            one = service.url + made.headers.get("Location", "")
            answers = [
                made,
                session.put(one, json={"title": "u"}, headers=key and key | other(), timeout=30),
                session.patch(f"{one}/complete", headers=key and key | other(), timeout=30),
                session.delete(one, headers=key and key | other(), timeout=30),
                session.post(f"{one}/restore", timeout=30),
                session.get(tasks, timeout=30),
                session.delete(f"{service.url}/api/{alice}", timeout=30),
                signed_up(service),
            ]
            failed = [answer.text for answer in answers if not answer.ok]
            assert not failed, failed
    return number


def other():
    return {"Idempotency-Key": secrets.token_hex(8)}


def signed_up(service):
    body = {"email": f"{secrets.token_hex(8)}@example.com", "password": secrets.token_hex(8)}
    return requests.post(f"{service.url}/api/auth/register", json=body, timeout=30)


@pytest.mark.parametrize("number", range(FIRST, int(schema.of_code()) + 1))
def test_nobody_fails_meanwhile(tmp_path, number):
    # Before 5 there is no code that runs well meanwhile.
    (migration,) = (ROOT / "migrations/versions").glob(f"{max(number, 5):04}_*.py")
    settings = {"ACCOUNTS": "on", "LOGIN_ATTEMPTS_PER_ADDRESS": "100000"}
    with Postgres() as postgres, contextlib.ExitStack() as stack:
        service = Service(postgres.url, tmp_path, **settings)
        service.environ["ALLOW_NEWER_DATABASE"] = "true"
        service.health = "/health"  # the first release was ready on its own schema only
        flask(service, "migrate")
        # What is deployed while a migration runs is the code before it.
        service.code = code_before(migration, tmp_path)
        stack.callback(service.stop)
        service.start()
        service.environ["FLASK_APP"] = str(ROOT / "wsgi.py")
        end = Event()
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(write, service, end) for _ in range(WRITERS)]
            try:
                for _ in range(TIMES):
                    flask(service, "db", "downgrade", f"{number - 1:04}")
                    flask(service, "db", "upgrade", f"{number:04}")
                    if any(each.done() for each in writing):
                        break
            finally:
                end.set()
            assert all(each.result() > 0 for each in writing)
        assert "deadlock" not in postgres.log()
