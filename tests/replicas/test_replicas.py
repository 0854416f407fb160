"""Two instances, one PostgreSQL (directly and through PgBouncer), one Valkey: one service."""

import secrets
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psutil
import pytest
import requests

from tests.servers import create_until, new_user_id

READS = 60  # a minute, of each user
SETTINGS = {"RATE_LIMIT_READS": f"{READS}/minute", "ACCOUNTS": "on"}

pytestmark = pytest.mark.parametrize("site", ["direct", "pgbouncer"], indirect=True, scope="module")


def urls(site, user_id: str) -> tuple[str, str]:
    """Return the address of the user's tasks at each instance."""
    first, second = (f"{service.url}/api/{user_id}/tasks" for service in site.services)
    return first, second


def test_a_task_of_one_is_there_at_the_other(site):
    alice = new_user_id()
    here, there = urls(site, alice)
    with site.services[0].session(alice) as session:
        tasks = [session.post(here, json={"title": str(n)}, timeout=10).json() for n in range(20)]
        assert session.get(there, timeout=10).json() == tasks[::-1]
        toggled = session.patch(f"{there}/{tasks[0]['id']}/complete", timeout=10)
        assert toggled.json()["completed"] is True
        assert toggled.json()["created_at"].endswith("Z")


def test_a_sign_out_at_one_holds_at_the_other(site):
    here, there = (f"{service.url}/api/auth" for service in site.services)
    credentials = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_hex(8)}
    signed_in = requests.post(f"{here}/register", json=credentials, timeout=10).json()
    token = {"Authorization": f"Bearer {signed_in['access_token']}"}
    assert requests.get(f"{there}/me", headers=token, timeout=10).status_code == 200

    assert requests.post(f"{here}/logout", headers=token, timeout=10).status_code == 200

    assert requests.get(f"{there}/me", headers=token, timeout=10).status_code == 401
    refresh = {"refresh_token": signed_in["refresh_token"]}
    assert requests.post(f"{there}/refresh", json=refresh, timeout=10).status_code == 401


def test_a_limit_counts_at_both(site):
    alice = new_user_id()
    with site.services[0].session(alice) as session:
        statuses = Counter(
            session.get(urls(site, alice)[n % 2], timeout=10).status_code for n in range(READS + 20)
        )
    # A new minute may begin meanwhile.
    assert READS <= statuses[200] < READS + 20, statuses
    assert statuses.keys() == {200, 429}


def test_a_key_that_is_sent_to_both_is_one_task(site):
    alice = new_user_id()

    def create(n: int) -> int:
        with site.services[0].session(alice) as session:
            key = {"Idempotency-Key": f"key-{n // 4}"}
            answer = session.post(
                urls(site, alice)[n % 2], json={"title": f"{n // 4}"}, headers=key, timeout=20
            )
            assert answer.status_code == 201, answer.text
            return int(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(create, range(32)))

    assert len(set(ids)) == 8


def test_who_waits_at_one_hears_of_a_write_at_the_other(site):
    alice = new_user_id()
    here, there = urls(site, alice)
    with site.services[0].session(alice) as session, ThreadPoolExecutor(1) as pool:
        revision = session.post(here, json={"title": "first"}, timeout=10).json()["revision"]
        url = f"{here}/changes?since={revision}&wait=20"
        waiting = pool.submit(site.services[0].session(alice).get, url, timeout=30)
        time.sleep(1)
        written = time.monotonic()
        session.post(there, json={"title": "second"}, timeout=10)
        changes = waiting.result(30).json()["changes"]
        assert time.monotonic() - written < 1

    assert [task["title"] for task in changes] == ["second"]


def write(site, user_id: str, end: Event) -> list[str]:
    with site.services[0].session(user_id) as session:
        session.verify, session.trust_env = str(site.certificate), False
        tasks = f"{site.url}/api/{user_id}/tasks"
        return create_until(session, tasks, end, failing={502, 503, 504})


def test_an_instance_that_is_killed_takes_nothing_acknowledged_along(site):
    users = [new_user_id() for _ in range(16)]
    end = Event()
    second = site.services[1]
    with ThreadPoolExecutor(16) as pool:
        writing = [pool.submit(write, site, user_id, end) for user_id in users]
        time.sleep(2)
        master = psutil.Process(second.process.pid)
        family = [master, *master.children()]
        for process in family:
            process.kill()
        second.process.wait()
        time.sleep(3)
        second.start()
        time.sleep(2)
        end.set()

    total = 0
    for user_id, titles in zip(users, (each.result() for each in writing), strict=True):
        with site.services[0].session(user_id) as session:
            url = f"{site.services[0].url}/api/{user_id}/export"
            stored = session.get(url, timeout=20).json()["tasks"]
        assert Counter(task["title"] for task in stored) == Counter(titles)
        total += len(titles)
    assert total > 100
