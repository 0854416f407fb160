"""New settings and restarts while people work: nobody notices."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from tests.servers import new_user_id

CLIENTS = 16


def work(site, user_id: str, end: Event) -> tuple[int, int, list[object]]:
    """Write and read until the end; return how many tasks and answers there were, and failures."""
    created, answered, failures = 0, 0, []
    tasks = f"{site.url}/api/{user_id}/tasks"
    with site.services[0].session(user_id) as session:
        session.verify, session.trust_env = str(site.certificate), False
        while not end.is_set():
            try:
                answer = session.post(tasks, json={"title": "t"}, timeout=20)
                created += answer.status_code == 201
                for _ in range(3):
                    answered += 1
                    if answer.status_code not in (200, 201):
                        failures.append((time.time(), answer.status_code, answer.text[:200]))
                    answer = session.get(f"{tasks}?limit=5", timeout=20)
            except OSError as error:
                failures.append((time.time(), repr(error)))
    return created, answered, failures


def reload(service) -> None:
    service.process.send_signal(signal.SIGHUP)
    time.sleep(4)


def restart(service) -> None:
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(12) == 0
    time.sleep(0.5)
    service.start()
    time.sleep(1)


def test_no_request_fails_while_instances_are_reloaded_and_restarted(site):
    users = [new_user_id() for _ in range(CLIENTS)]
    end = Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        working = [pool.submit(work, site, user_id, end) for user_id in users]
        time.sleep(1)
        for step in (reload, restart):
            for service in site.services:
                step(service)
        end.set()
    results = [each.result() for each in working]

    assert [failure for *_, failures in results for failure in failures] == []
    assert sum(answered for _, answered, _ in results) > 1000
    for user_id, (created, *_) in zip(users, results, strict=True):
        with site.services[0].session(user_id) as session:
            url = f"{site.services[0].url}/api/{user_id}/export"
            assert len(session.get(url, timeout=20).json()["tasks"]) == created
