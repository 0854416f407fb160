// createReplica: what people see, offline and on, in two places at once.
import assert from "node:assert/strict";
import "fake-indexeddb/auto";
import { test } from "node:test";
import { createReplica, indexedDBStorage, memoryStorage } from "../src/index.js";
import { badNetwork, clientOf, newUser, until } from "./help.js";

function device(user, options = {}) {
  return createReplica({ client: clientOf(user, options), live: false, ...options });
}

const titles = (replica) => replica.tasks.map((task) => task.title);
const find = (replica, title) => replica.tasks.find((task) => task.title === title);

test("changes show at once, and are sent later", async () => {
  const alice = newUser();
  const phone = device(alice);
  const laptop = device(alice);
  await phone.ready;

  const id = phone.create({ title: "Buy milk" });
  phone.change(id, { tags: ["home"] });
  assert.deepEqual(phone.get(id).tags, ["home"]);
  assert.equal(phone.get(id).local.pending, 2);
  assert.equal(phone.status.pending, 2);
  await phone.sync();
  await laptop.sync();

  const task = phone.get(id);
  assert.equal(typeof task.id, "number");
  assert.equal(phone.keyOf(task.id), id);
  assert.equal(task.local, undefined);
  assert.deepEqual(laptop.tasks, [task]);
});

test("a deletion can be undone before and after it was sent", async () => {
  const alice = newUser();
  const phone = device(alice);
  await phone.ready;
  const [a, b] = [phone.create({ title: "a" }), phone.create({ title: "b" })];
  await phone.sync();

  phone.remove(a);
  phone.remove(b);
  assert.deepEqual(phone.tasks, []);
  phone.restore(a);
  await phone.sync();
  assert.deepEqual(titles(phone), ["a"]);
  assert.deepEqual(phone.trash.map((task) => task.title), ["b"]);
  phone.restore(b);
  phone.change(b, { description: "back again" });
  await phone.sync();

  assert.deepEqual(titles(phone), ["b", "a"]);
  assert.equal((await clientOf(alice).listTasks())[0].description, "back again");
});

test("different fields merge without a word; the same one shows both", async () => {
  const alice = newUser();
  const [phone, laptop] = [device(alice), device(alice)];
  await phone.ready;
  phone.create({ title: "Buy milk" });
  await phone.sync();
  await laptop.sync();
  const { id } = phone.tasks[0];

  phone.change(id, { priority: "high" });
  laptop.change(id, { description: "Two litres" });
  await phone.sync();
  await laptop.sync();
  await phone.sync();
  assert.deepEqual(phone.tasks, laptop.tasks);
  assert.equal(phone.tasks[0].description, "Two litres");
  assert.equal(phone.tasks[0].priority, "high");

  phone.change(id, { title: "Oat milk" });
  laptop.change(id, { title: "Soy milk" });
  await phone.sync();
  await laptop.sync();
  await phone.sync();
  assert.deepEqual(titles(phone), ["Soy milk"]);
  const { conflict } = laptop.tasks[0].local;
  assert.deepEqual([conflict.mine, conflict.theirs], [{ title: "Soy milk" }, { title: "Oat milk" }]);
  laptop.settle(id, "theirs");
  await laptop.sync();
  assert.equal(laptop.tasks[0].local, undefined);
  assert.equal((await clientOf(alice).getTask({ task_id: id })).title, "Oat milk");
});

test("a hook decides otherwise", async () => {
  const alice = newUser();
  const asked = [];
  const both = ({ mine, theirs }) => {
    asked.push(theirs);
    return mine && { title: `${theirs.title} / ${mine.title}` };
  };
  const [phone, laptop] = [device(alice), device(alice, { onConflict: both })];
  await phone.ready;
  const id = phone.create({ title: "a" });
  await phone.sync();
  await laptop.sync();

  phone.change(id, { title: "b" });
  laptop.change(laptop.tasks[0].id, { title: "c" });
  await phone.sync();
  await laptop.sync();
  assert.deepEqual(titles(laptop), ["b / c"]);

  await phone.sync();
  phone.change(id, { title: "d" });
  laptop.remove(laptop.tasks[0].id);
  await phone.sync();
  await laptop.sync();
  assert.deepEqual(titles(laptop), ["d"]); // null gives up the deletion
  assert.equal(asked.length, 2);
});

test("what is refused stays, with the reason, until it is corrected or given up", async () => {
  const alice = newUser();
  const phone = device(alice);
  await phone.ready;

  const wrong = phone.create({ title: "x".repeat(300) });
  const fine = phone.create({ title: "fine" });
  phone.change(fine, { priority: "1" });
  await phone.sync();
  assert.equal(phone.get(wrong).local.refused.status, 422);
  assert.match(phone.get(fine).local.refused.detail, /^priority: /);
  assert.equal(phone.status.pending, 0);

  phone.change(wrong, { title: "short" });
  phone.change(fine, { priority: "high" });
  const given = phone.create({ title: "" });
  await phone.sync();
  phone.discard(given);
  assert.deepEqual(titles(phone).sort(), ["fine", "short"]);
  assert.ok(phone.tasks.every((task) => !task.local));
  const stored = await clientOf(alice).listTasks();
  assert.deepEqual(stored.map((task) => task.priority).sort(), ["high", "medium"]);
});

test("what was changed here and deleted for good there can be kept", async () => {
  const alice = newUser();
  const phone = device(alice);
  await phone.ready;
  const id = phone.create({ title: "Buy milk", tags: ["home"] });
  await phone.sync();
  await clientOf(alice).deleteTask({ task_id: phone.get(id).id, permanent: true });

  phone.change(id, { description: "Two litres" });
  await phone.sync();
  assert.equal(phone.get(id).local.refused.status, 404);
  assert.equal(phone.tasks[0].description, "Two litres");
  phone.retry(id);
  await phone.sync();

  const [task, ...rest] = await clientOf(alice).listTasks();
  assert.deepEqual([task.title, task.description, task.tags, rest.length], ["Buy milk", "Two litres", ["home"], 0]);
  assert.deepEqual(phone.tasks, [task]);
});

test("an erased user begins anew, and keeps what waits to be sent", async () => {
  const alice = newUser();
  const phone = device(alice);
  await phone.ready;
  phone.create({ title: "old" });
  await phone.sync();
  await clientOf(alice).eraseUser({ user_id: alice.id });

  phone.create({ title: "new" });
  await phone.sync();

  assert.deepEqual(titles(phone), ["new"]);
  assert.deepEqual((await clientOf(alice).listTasks()).map((task) => task.title), ["new"]);
});

test("in IndexedDB all of it survives a reload, without a network", async () => {
  const alice = newUser();
  const storage = () => indexedDBStorage(`reload-${alice.id}`);
  const network = await badNetwork();
  const options = { baseUrl: network.url, storage: storage() };
  const before = device(alice, options);
  await before.ready;
  before.create({ title: "sent" });
  await before.sync();
  network.close();

  before.create({ title: "waits" });
  before.change(before.tasks[1].id, { completed: true });
  await assert.rejects(before.sync());
  await before.saved();
  before.stop();
  const after = device(alice, { storage: storage() });
  await after.ready;
  assert.deepEqual(titles(after), ["waits", "sent"]);
  assert.equal(find(after, "sent").completed, true);
  assert.equal(after.status.loading, false);
  await after.sync();

  assert.deepEqual((await clientOf(alice).listTasks()).map((task) => task.completed), [false, true]);
  after.stop();
});

test("live replicas stay in step by themselves, and come back after an outage", async () => {
  const alice = newUser();
  const network = await badNetwork();
  const phone = device(alice, { live: true, baseUrl: network.url });
  const laptop = device(alice, { live: true });
  await Promise.all([phone.ready, laptop.ready]);

  phone.create({ title: "from the phone" });
  await until(() => laptop.tasks.length === 1, "the laptop");
  laptop.create({ title: "from the laptop" });
  await until(() => phone.tasks.length === 2, "the phone");
  network.cuts.push(1, 1, 1);
  network.drop();
  phone.create({ title: "after the cut" });
  await until(() => laptop.tasks.length === 3, "the outage's end");
  await until(() => phone.status.online && phone.status.pending === 0, "the phone's peace");

  assert.equal((await clientOf(alice).listTasks()).length, 3);
  phone.stop();
  laptop.stop();
  network.close();
});

test("without a token it says so, and goes on when there is one", async () => {
  const alice = newUser();
  let token = "eyJ.not.one";
  const phone = device(alice, { live: true, token: () => token });
  await phone.ready;
  phone.create({ title: "kept" });

  await until(() => phone.status.signedOut, "the refusal");
  token = alice.token;
  phone.wake();

  await until(() => phone.status.pending === 0 && !phone.status.signedOut, "the token");
  phone.stop();
});

test("of several tabs one talks to the service, and its place is taken when it goes", async () => {
  const alice = newUser();
  let requests = 0;
  const count = (...request) => {
    requests += 1;
    return fetch(...request);
  };
  const tab = (options) => {
    const storage = indexedDBStorage(`tabs-${alice.id}`);
    return device(alice, { live: true, storage, ...options });
  };
  fakeLocks();
  const first = tab({});
  await first.ready;
  const second = tab({ fetch: count });
  await second.ready;

  const id = second.create({ title: "from the second" });
  await until(() => typeof second.get(id)?.id === "number", "its number");
  first.change(first.tasks[0].id, { completed: true });
  await until(() => second.tasks[0].completed && !second.tasks[0].local, "the first tab's change");
  assert.equal(requests, 0);

  first.stop();
  second.create({ title: "alone" });
  await until(() => second.status.pending === 0, "the second tab's turn");
  assert.ok(requests > 0);
  assert.equal((await clientOf(alice).listTasks()).length, 2);
  second.stop();
});

test("subscribers hear once of what happens at once, and the array stays the same in between", async () => {
  const phone = device(newUser());
  await phone.ready;
  let heard = 0;
  const end = phone.subscribe(() => (heard += 1));

  phone.create({ title: "a" });
  phone.create({ title: "b" });
  await phone.saved();
  assert.equal(heard, 1);
  assert.equal(phone.tasks, phone.tasks);
  end();
  phone.create({ title: "c" });
  await phone.saved();
  assert.equal(heard, 1);
});

/** As much of the Web Locks API as Node lacks. */
function fakeLocks() {
  let held = Promise.resolve();
  let free = true;
  const locks = {
    async request(name, options, work) {
      if (options.ifAvailable && !free) return work(null);
      const before = held;
      let release;
      held = new Promise((done) => (release = done));
      await before;
      free = false;
      try {
        return await work({ name });
      } finally {
        free = true;
        release();
      }
    },
  };
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
}
