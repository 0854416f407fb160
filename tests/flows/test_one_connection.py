"""What one connection can hold: beside those who hold all that they can, the others are served.

Each test says what an honest client saw, alone and beside them. How long that took depends on the
machine, so the one is compared with the other.
"""

import psutil
import psycopg
import pytest

from tests import attackers
from tests.attackers import honest, until_it_goes_on
from tests.servers import ForkedService, new_user_id

PLACES = 60
PROMPT = 0.1  # seconds
HELD_UP = 40  # times as long as alone: whoever has to wait so long is


@pytest.fixture(scope="module")
def service(postgresql_url, tmp_path_factory):
    """One worker, so that everybody meets the attackers, and a few places."""
    few = {"WEB_CONCURRENCY": "1", "CONNECTIONS": str(PLACES), "LOG_LEVEL": "INFO"}
    with ForkedService(postgresql_url, tmp_path_factory.mktemp("one"), **few) as service:
        yield service


@pytest.fixture(autouse=True)
def alone(service):
    """What an honest client sees in the same minute without anybody beside it."""
    seen = honest(service, 30)
    service.patience = max(PROMPT, HELD_UP * seen.p95)
    print(f"an honest client alone: {seen}")


def assert_served(service, seen):
    print(f"an honest client beside them: {seen}")
    assert seen.failed == 0
    assert seen.p95 < service.patience, seen
    assert "WORKER TIMEOUT" not in service.log.read_text()


@pytest.mark.parametrize("path", ["/health", "/api/alice/tasks"])
def test_pipelined_requests(service, path):
    with attackers.pipelining(service, 8, path):
        assert_served(service, honest(service))


def test_bodies_that_are_too_long_and_never_come(service):
    with attackers.stalled_bodies(service, PLACES) as attack:
        until_it_goes_on(attack)
        assert_served(service, honest(service, 30))


def test_bodies_without_an_end(service):
    with attackers.endless_bodies(service, 8):
        assert_served(service, honest(service))


def test_heads_without_an_end(service):
    with attackers.endless_heads(service, 20):
        assert_served(service, honest(service))


def test_answers_that_nobody_takes(service):
    with attackers.unread_files(service, PLACES - 10) as attack:
        until_it_goes_on(attack)
        assert_served(service, honest(service))


def test_preconditions_of_many_tags(service):
    with attackers.tag_collectors(service, 4, new_user_id()):
        assert_served(service, honest(service))


def test_long_lists_that_nobody_takes(service, postgresql_url):
    user_id = new_user_id()
    with service.session(user_id) as session:
        first = session.post(f"{service.url}/api/{user_id}/tasks", json={"title": "t"})
        assert first.status_code == 201
    with psycopg.connect(postgresql_url) as admin:
        admin.execute(
            "INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at,"
            " revision) SELECT %s, 't', repeat('x', 5000), false, now(), now(), n"
            " FROM generate_series(1, 1000) AS n",
            (user_id,),
        )
    before = memory(service)

    with attackers.unread_lists(service, PLACES - 10, user_id) as attack:
        until_it_goes_on(attack)
        assert_served(service, honest(service))
        until_it_goes_on(attack)
        after = memory(service)

    print(f"memory: {before / 2**20:.0f} MiB before, {after / 2**20:.0f} beside them")
    # All of their answers would be 250 MiB; the most that is kept for such clients is 64.
    assert after - before < 150 * 2**20


def memory(service):
    """Return how many bytes the worker holds."""
    (worker,) = psutil.Process(service.process.pid).children()
    return worker.memory_info().rss
