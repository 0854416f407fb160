"""One user asks for much at once, within the limits: the others and the probes are served."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest
import requests

from tests import attackers
from tests.attackers import honest
from tests.servers import ForkedService, new_user_id

BUSY = 40  # requests at a time
SETTINGS = {"WEB_CONCURRENCY": "1", "DATABASE_POOL_SIZE": "2", "WAITING_ROOM": "20"}


@pytest.fixture(scope="module")
def service(postgresql_url, tmp_path_factory):
    with ForkedService(postgresql_url, tmp_path_factory.mktemp("fair"), **SETTINGS) as service:
        yield service


@pytest.fixture
def busy(service, postgresql_url):
    """Somebody with many tasks, who asks for them all the while, from the start to the end."""
    user_id, over = new_user_id(), Event()
    with service.session(user_id) as session:
        url = f"{service.url}/api/{user_id}/tasks"
        assert session.post(url, json={"title": "t"}).status_code == 201
    with psycopg.connect(postgresql_url) as admin:
        admin.execute(
            "INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at,"
            " revision) SELECT %s, 't', 'd', false, now(), now(), n"
            " FROM generate_series(1, 1000) AS n",
            (user_id,),
        )
    refused = []

    def ask():
        with service.session(user_id) as session:
            while not over.is_set():
                refused.append(session.get(url).status_code == 503)

    with ThreadPoolExecutor(BUSY) as pool:
        for _ in range(BUSY):
            pool.submit(ask)
        yield refused
        over.set()


def test_the_others_are_served_and_the_probes_too(service, busy):
    seen = honest(service, 40)
    probes = [requests.get(f"{service.url}/health/ready", timeout=60) for _ in range(20)]

    print(f"beside somebody who asks for much: {seen}, and {sum(busy)} of {len(busy)} refused")
    assert seen.failed == 0
    assert {probe.status_code for probe in probes} == {200}
    assert any(busy), "nobody asked for too much: the test shows nothing"


def test_probes_hold_up_nobody(service):
    with attackers.pipelining(service, 8, "/health/ready"):
        seen = honest(service, 40)

    print(f"beside endless probes: {seen}")
    assert seen.failed == 0
