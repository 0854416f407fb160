"""Batches whose connections and workers are killed: each retried with its key, each done once."""

import json
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import hypothesis
import psutil
import pytest
import requests
from hypothesis import strategies as st

from tests.chance import some
from tests.flows.test_killed_connections import send_and_hang_up
from tests.servers import ForkedService, new_user_id
from tests.waiting import PATIENCE, until

NAMES = "abc"
titles = st.text("xyz", min_size=1, max_size=3)
of_one = st.sampled_from(NAMES)
operations = st.lists(
    st.one_of(
        st.builds(lambda title: {"op": "create", "fields": {"title": title}}, titles),
        st.builds(
            lambda id, title: {"op": "update", "id": id, "fields": {"title": title}}, of_one, titles
        ),
        st.builds(
            lambda op, id: {"op": op, "id": id}, st.sampled_from(["complete", "delete"]), of_one
        ),
        st.builds(lambda id: {"op": "restore", "id": id}, of_one),
    ),
    max_size=12,
)


def named(batch):
    """Call the first creates by the names that the other operations use."""
    left = list(NAMES)
    return [
        {**each, "temp_id": left.pop(0)} if each["op"] == "create" and left else each
        for each in batch
    ]


def expected(batch):
    """Return the statuses of the operations, and the tasks that are there in the end."""
    tasks, deleted, statuses = {}, set(), []
    for number, each in enumerate(batch):
        if each["op"] == "create":
            tasks[each.get("temp_id", number)] = [each["fields"]["title"], False]
            statuses.append(201)
            continue
        known, hidden = each["id"] in tasks, each["id"] in deleted
        done = known and (each["op"] == "restore" or not hidden)
        statuses.append(200 if done else 404)
        if done and each["op"] == "update":
            tasks[each["id"]][0] = each["fields"]["title"]
        elif done and each["op"] == "complete":
            tasks[each["id"]][1] = True
        elif done:
            (deleted.add if each["op"] == "delete" else deleted.discard)(each["id"])
    there = [tuple(task) for name, task in tasks.items() if name not in deleted]
    return statuses, Counter(there)


def follow(service, user_id, end):
    """Keep a copy of somebody's tasks, change by change, and return it as it is after the end."""
    copy, url = {}, f"/api/{user_id}/tasks/changes?since=0"
    with service.session(user_id) as session:
        while True:
            is_last = end.is_set()
            try:
                answer = session.get(f"{service.url}{url}&limit=3", timeout=PATIENCE)
            except requests.RequestException:
                continue
            assert answer.status_code in (200, 503), answer.text
            if answer.ok:
                page = answer.json()
                copy |= {task["id"]: task for task in page["changes"]}
                url = page["next"]
                if is_last and not page["more"]:
                    return [task for task in copy.values() if task["deleted_at"] is None]


@hypothesis.settings(max_examples=some(40), deadline=None, database=None)
@hypothesis.given(batch=operations.map(named), cuts=st.integers(0, 2))
def test_whatever_is_in_a_batch_is_done_once(service, batch, cuts):
    alice, end = new_user_id(), Event()
    path = f"/api/{alice}/tasks/batch"
    body = json.dumps({"operations": batch}).encode()
    with service.session(alice) as session, ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow, service, alice, end)
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(8)}
        token = {"Authorization": str(session.headers["Authorization"])}
        for _ in range(cuts):
            send_and_hang_up(service, path, headers | token, body)
        try:
            answer = session.post(service.url + path, data=body, headers=headers, timeout=PATIENCE)
        finally:
            end.set()
        listed = session.get(f"{service.url}/api/{alice}/tasks", timeout=PATIENCE).json()
        changes = session.get(f"{service.url}/api/{alice}/tasks/changes?since=0").json()["changes"]

    assert answer.status_code == 200, answer.text
    statuses, tasks = expected(batch)
    assert [each["status"] for each in answer.json()["results"]] == statuses
    assert Counter((task["title"], task["completed"]) for task in listed) == tasks
    for copy in (changes, following.result()):
        assert {task["id"]: task for task in copy} == {task["id"]: task for task in listed}


WRITERS, SIZE, KILLS = 6, 20, 4


@pytest.fixture
def killable(postgresql_url, tmp_path):
    with ForkedService(postgresql_url, tmp_path, WEB_CONCURRENCY="2") as service:
        yield service


def write(service, user_id, end, acknowledged):
    """Send batches until the end, each with its key until it is acknowledged."""
    number = 0
    with service.session(user_id) as session:
        while not end.is_set():
            number += 1
            titles = [f"{number}-{place}" for place in range(SIZE)]
            body = {"operations": [{"op": "create", "fields": {"title": t}} for t in titles]}
            key = {"Idempotency-Key": secrets.token_hex(8)}
            while True:
                try:
                    url = f"{service.url}/api/{user_id}/tasks/batch"
                    answer = session.post(url, json=body, headers=key, timeout=PATIENCE)
                except requests.RequestException:
                    continue  # nobody knows whether it was done: the same key again
                assert answer.status_code in (200, 503), answer.text
                if answer.ok:
                    acknowledged.append(user_id)
                    break
    return number


def test_batches_beside_workers_that_are_killed_are_done_once(killable):
    users = [new_user_id() for _ in range(WRITERS)]
    end, written, acknowledged = Event(), Event(), []
    master = psutil.Process(killable.process.pid)
    with ThreadPoolExecutor(2 * WRITERS) as pool:
        writing = [pool.submit(write, killable, user, end, acknowledged) for user in users]
        following = [pool.submit(follow, killable, user, written) for user in users]
        try:
            for kill in range(1, KILLS + 1):
                until(lambda kill=kill: len(acknowledged) > kill * WRITERS)
                until(lambda: len(master.children()) == 2)
                master.children()[kill % 2].kill()
        finally:
            end.set()
            wait(writing)
            written.set()
        numbers = [each.result() for each in writing]
        copies = [each.result() for each in following]

    for user, number, copy in zip(users, numbers, copies, strict=True):
        wanted = {f"{batch}-{place}" for batch in range(1, number + 1) for place in range(SIZE)}
        seen, revisions = [], []
        with killable.session(user) as session:
            url = f"/api/{user}/tasks/changes?since=0&limit=1000"
            while url:
                page = session.get(killable.url + url, timeout=PATIENCE).json()
                seen += [task["title"] for task in page["changes"]]
                revisions += [task["revision"] for task in page["changes"]]
                url = page["next"] + "&limit=1000" if page["more"] else None
        assert Counter(seen) == Counter(wanted)
        assert Counter(task["title"] for task in copy) == Counter(wanted)
        assert revisions == sorted(set(revisions))
