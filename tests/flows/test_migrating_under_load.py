"""The newest migration while people write in every way: nobody fails, nobody deadlocks."""

import contextlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import flask_migrate
import pytest
import requests

from taskapp import create_app
from taskapp.config import ROOT
from taskapp.database import schema
from tests.chance import some
from tests.history import code_before
from tests.servers import Postgres, Service, new_user_id

# Those before it passed when they were the newest, and neither they nor the code before them will
# change. This one is why there is this test: it used to deadlock.
WAS_WRONG = 4
WRITERS = 4
TIMES = some(20)  # a deadlock takes an unlucky moment


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


@pytest.mark.parametrize("number", [WAS_WRONG, int(schema.of_code())])
def test_nobody_fails_meanwhile(tmp_path, number):
    # Before 5 there is no code that runs well meanwhile.
    (migration,) = (ROOT / "migrations/versions").glob(f"{max(number, 5):04}_*.py")
    settings = {"ACCOUNTS": "on", "LOGIN_ATTEMPTS_PER_ADDRESS": "100000"}
    with Postgres() as postgres, contextlib.ExitStack() as stack:
        service = Service(postgres.url, tmp_path, **settings)
        service.environ["ALLOW_NEWER_DATABASE"] = "true"
        service.health = "/health"  # the first release was ready on its own schema only
        service.migrate()
        # What is deployed while a migration runs is the code before it.
        service.code = code_before(migration, tmp_path)
        stack.callback(service.stop)
        service.start()
        application = create_app({"DATABASE_URL": postgres.url, "JWT_SECRET_KEY": service.secret})
        end = Event()
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(write, service, end) for _ in range(WRITERS)]
            try:
                for _ in range(TIMES):
                    with application.app_context():
                        flask_migrate.downgrade(revision=f"{number - 1:04}")
                        flask_migrate.upgrade(revision=f"{number:04}")
                    if any(each.done() for each in writing):
                        break
            finally:
                end.set()
            assert all(each.result() > 0 for each in writing)
        assert "deadlock" not in postgres.log()
