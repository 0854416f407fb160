"""Starting and stopping the service."""

import re
import signal
import threading
import time

import pytest
import requests

from tests import forks
from tests.servers import ForkedService, Service, new_user_id
from tests.waiting import PATIENCE, until

TOKEN = "a token for Prometheus alone"


def test_sigterm_ends_it_gracefully_and_the_requests_at_hand_are_answered(database_url, tmp_path):
    alice = new_user_id()
    statuses = []
    stopped = threading.Event()
    with Service(database_url, tmp_path) as service:

        def create_tasks() -> None:
            with service.session(alice) as session:
                while not stopped.is_set():
                    try:
                        tasks = f"{service.url}/api/{alice}/tasks"
                        answer = session.post(tasks, json={"title": "t"}, timeout=PATIENCE)
                    except requests.ConnectionError:
                        return  # the port is closed: nothing was accepted
                    statuses.append(answer.status_code)

        threads = [threading.Thread(target=create_tasks) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(statuses) > 40)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(PATIENCE) == 0
        stopped.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {201}

    with ForkedService(database_url, tmp_path, JWT_SECRET_KEY=service.secret) as again:
        again.secret = service.secret
        with again.session(alice) as session:
            answer = session.get(f"{again.url}/api/{alice}/tasks?limit=1000", timeout=PATIENCE)
        assert len(answer.json()) >= len(statuses)


def being_answered(service) -> float:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    metrics = requests.get(f"{service.url}/metrics", headers=headers, timeout=PATIENCE).text
    (count,) = re.findall(r"^taskapp_requests_in_flight (\S+)", metrics, re.MULTILINE)
    return float(count)


def test_sigterm_answers_those_who_wait_for_changes_at_once(database_url, tmp_path):
    alice = new_user_id()
    with Service(database_url, tmp_path, METRICS_TOKEN=TOKEN) as service:
        tasks = f"{service.url}/api/{alice}/tasks"
        with service.session(alice) as session:
            made = session.post(tasks, json={"title": "t"}, timeout=PATIENCE)
        revision = made.json()["revision"]
        answers: list[requests.Response] = []

        def wait() -> None:
            url = f"{tasks}/changes?since={revision}&wait=30"
            with service.session(alice) as session:
                answers.append(session.get(url, timeout=PATIENCE))

        waiting = threading.Thread(target=wait)
        waiting.start()
        until(lambda: being_answered(service) == 2)  # who waits, and who asks for the metrics
        started = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        waiting.join(PATIENCE)
        seconds = time.monotonic() - started

    assert seconds < 20
    assert [answer.status_code for answer in answers] == [200]
    assert answers[0].json()["changes"] == []


@pytest.mark.parametrize("command", [["gunicorn"], ["flask", "db", "upgrade"]])
def test_a_bad_setting_stops_the_start_with_one_clear_line(tmp_path, command):
    service = Service("mysql://x", tmp_path)

    done = forks.run(service.environ, *command)

    assert done.returncode != 0
    assert "taskapp: DATABASE_URL: must begin with" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_says_where_everything_is(service):
    log = "\n".join(service.lines())

    assert f"{service.url}/api/" in log
    assert f"{service.url}/docs" in log
    assert "flask token" in log
