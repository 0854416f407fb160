"""The JavaScript loop of docs/sync.md, run by Node against the service."""

import json
import os
import re
import subprocess

import pytest

from taskapp.config import ROOT
from tests.servers import Postgres, Service, new_user_id

STORY = """
import assert from "node:assert";
import { createReplica } from "./replica.mjs";

const { BASE: base, USER: userId, TOKEN } = process.env;
const device = (online = () => true) => {
  const memory = new Map();
  const storage = { get: (name) => memory.get(name), set: (name, value) =>
    memory.set(name, JSON.parse(JSON.stringify(value))) };
  const getToken = () => { if (!online()) throw new Error("offline"); return TOKEN; };
  return createReplica({ base, userId, getToken, storage });
};
const titles = (replica) => [...replica.tasks.values()].map((task) => task.title).sort();
const find = (replica, title) => [...replica.tasks.values()].find((task) => task.title === title);

let online = true;
const phone = device(() => online), laptop = device();

phone.create({ title: "Buy milk" });
phone.create({ title: "Call Bob" });
await phone.push();
await laptop.pull();
assert.deepEqual(titles(laptop), ["Buy milk", "Call Bob"]);

// Offline: changes show at once, and pile up; a new task is even changed before it exists.
online = false;
phone.change(find(phone, "Buy milk").id, { title: "Buy oat milk" });
phone.change(find(phone, "Buy oat milk").id, { completed: true });
phone.create({ title: "New" });
phone.change(find(phone, "New").id, { description: "made offline" });
phone.remove(find(phone, "Call Bob").id);
await assert.rejects(phone.push());
assert.deepEqual(titles(phone), ["Buy oat milk", "New"]);

// Meanwhile the laptop changes the same task.
laptop.change(find(laptop, "Buy milk").id, { description: "Two litres" });
laptop.change(find(laptop, "Call Bob").id, { completed: true });
await laptop.push();

online = true;
await phone.push();
await phone.pull();
await laptop.pull();
assert.deepEqual([...phone.tasks].sort(), [...laptop.tasks].sort());
const milk = find(laptop, "Buy oat milk");
assert.equal(milk.description, "Two litres");
assert.equal(milk.completed, true);
assert.equal(find(laptop, "New").description, "made offline");
assert.deepEqual(titles(laptop), ["Buy oat milk", "New"]);

// The whole loop: what one device does, the other sees at once.
const stop = new AbortController();
const loop = laptop.run(stop.signal);
await new Promise((done) => setTimeout(done, 500));
phone.create({ title: "Seen at once" });
const sent = Date.now();
await phone.push();
while (!find(laptop, "Seen at once")) await new Promise((done) => setTimeout(done, 10));
assert.ok(Date.now() - sent < 3000);
stop.abort();
phone.create({ title: "Wakes the loop, which then ends" });
await phone.push();
await loop;
console.log(JSON.stringify(titles(laptop)));
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, tmp_path):
    if request.param == "sqlite":
        with Service(f"sqlite:///{tmp_path}/tasks.db", tmp_path) as service:
            yield service
    else:
        with Postgres() as postgres, Service(postgres.url, tmp_path) as service:
            yield service


def test_the_loop_of_the_documentation_works_as_printed(service, tmp_path):
    alice = new_user_id()
    blocks = re.findall(r"```js\n(.*?)```", (ROOT / "docs/sync.md").read_text(), re.DOTALL)
    (tmp_path / "replica.mjs").write_text(blocks[-1])
    (tmp_path / "story.mjs").write_text(STORY)
    token = str(service.session(alice).headers["Authorization"]).removeprefix("Bearer ")

    done = subprocess.run(
        ["node", "story.mjs"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env=os.environ | {"BASE": service.url, "USER": alice, "TOKEN": token},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    tasks = service.session(alice).get(f"{service.url}/api/{alice}/tasks", timeout=10).json()
    assert json.loads(done.stdout) == sorted(task["title"] for task in tasks)
