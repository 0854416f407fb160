// createClient: every operation, problems as errors, retries that do nothing twice.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createClient, Problem, Unreachable } from "../src/index.js";
import { OPERATIONS } from "../src/operations.js";
import { badNetwork, base, clientOf, newUser } from "./help.js";

test("a task from its creation to its end", async () => {
  const alice = clientOf(newUser());

  const task = await alice.createTask({ title: "Buy milk", tags: ["home"], due_date: "2030-02-01" });
  assert.equal(task.title, "Buy milk");
  assert.equal((await alice.getTask({ task_id: task.id })).revision, task.revision);
  assert.equal((await alice.patchTask({ task_id: task.id, priority: "high" })).priority, "high");
  assert.equal((await alice.updateTask({ task_id: task.id, title: "Milk" })).title, "Milk");
  assert.equal((await alice.completeTask({ task_id: task.id })).completed, true);
  assert.equal((await alice.completeTask({ task_id: task.id, completed: true })).completed, true);
  assert.deepEqual((await alice.listTasks({ status: "completed" })).map((each) => each.id), [task.id]);
  await alice.deleteTask({ task_id: task.id });
  assert.deepEqual(await alice.listTasks(), []);
  assert.equal((await alice.restoreTask({ task_id: task.id })).deleted_at, null);
  assert.equal((await alice.listChanges({ since: 0 })).changes.length, 1);
});

test("the rest: health, export, erasure", async () => {
  const user = newUser();
  const alice = clientOf(user);
  await alice.createTask({ title: "Buy milk" });

  assert.deepEqual(await createClient({ baseUrl: base }).getReadiness(), { status: "healthy" });
  assert.equal((await alice.exportUser({ user_id: user.id })).user.id, user.id);
  await alice.eraseUser({ user_id: user.id });
  assert.deepEqual(await alice.listTasks(), []);
});

test("files go out and come in", async () => {
  const [user, alice] = [newUser(), clientOf(newUser())];
  const bob = clientOf(user);
  await bob.createTask({ title: "Buy milk", tags: ["home"] });

  const file = await bob.exportTasks({ user_id: user.id, format: "csv" });
  assert.match(file, /Buy milk/);
  const tasks = await bob.exportTasks({ user_id: user.id });
  assert.equal(tasks[0].title, "Buy milk");
  assert.equal((await alice.importTasks({ file: new Blob([file]), dry_run: true })).created, 1);
  assert.equal((await alice.importTasks({ file, format: "csv" })).created, 1);
  assert.equal((await alice.importTasks({ file })).unchanged, 1);
  assert.deepEqual((await alice.listTasks()).map((task) => task.tags), [["home"]]);
});

test("there is a function for each operation of the document", async () => {
  const document = await (await fetch(`${base}/openapi.json`)).json();
  const ids = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map((operation) => operation.operationId).filter(Boolean));

  assert.deepEqual(Object.keys(OPERATIONS).sort(), ids.sort());
  const alice = clientOf(newUser());
  for (const id of ids) assert.equal(typeof alice[id], "function");
});

test("all pages of a list, one task after the other", async () => {
  const alice = clientOf(newUser());
  for (let n = 0; n < 5; n += 1) await alice.createTask({ title: `t${n}` });

  const titles = [];
  for await (const task of alice.eachTask({ limit: 2, sort_by: "title" })) titles.push(task.title);

  assert.deepEqual(titles, ["t0", "t1", "t2", "t3", "t4"]);
});

test("a problem is an error with what the service says", async () => {
  const alice = clientOf(newUser());
  const task = await alice.createTask({ title: "Buy milk" });
  await alice.patchTask({ task_id: task.id, title: "Milk" });

  await assert.rejects(alice.createTask({ title: "" }), (problem) => {
    assert.ok(problem instanceof Problem && problem instanceof Error);
    assert.equal(problem.status, 422);
    assert.match(problem.message, /^title: /);
    assert.equal(problem.detail, problem.message);
    assert.equal(problem.errors.title.length, 1);
    return problem.requestId.length > 8;
  });
  await assert.rejects(
    alice.patchTask({ task_id: task.id, title: "x" }, { ifMatch: task.revision }),
    (problem) => problem.status === 412 && problem.current.title === "Milk",
  );
  await assert.rejects(alice.getTask({ task_id: 1 }), { status: 404 });
  await assert.rejects(alice.exportUser({ user_id: "bob" }), { status: 403 });
});

test("a lost answer is asked for again, and nothing is done twice", async () => {
  const network = await badNetwork();
  const alice = clientOf(newUser(), { baseUrl: network.url });

  // After the headers of the request, in the middle of the answer, before its first byte.
  network.cuts.push(200, -100, -1);
  const task = await alice.createTask({ title: "Buy milk" });
  network.drop();
  network.cuts.push(-50);
  await alice.completeTask({ task_id: task.id });

  assert.deepEqual(network.cuts, []);
  assert.deepEqual((await alice.listTasks()).map((each) => each.completed), [true]);
  network.close();
});

test("nobody there is an error of its own", async () => {
  const network = await badNetwork();
  network.close();

  await assert.rejects(clientOf(newUser(), { baseUrl: network.url, tries: 2 }).listTasks(), Unreachable);
});

// What a real service says only when it is in trouble.
let trouble, answers, seen;
before(async () => {
  trouble = createServer((request, response) => {
    seen.push(request);
    const [status, headers] = answers.shift() ?? [200, {}];
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify({ status, detail: "as it is" }));
  });
  await new Promise((listening) => trouble.listen(0, "127.0.0.1", listening));
});
after(() => trouble.close());

function troubled(script, options = {}) {
  [answers, seen] = [script, []];
  return createClient({ baseUrl: `http://127.0.0.1:${trouble.address().port}`, token: "t", ...options });
}

test("503 and 429 are tried again with the same key, when they say so", async () => {
  const client = troubled([[503, { "Retry-After": "1" }], [429, { "Retry-After": "0" }], [502, {}]]);
  const began = Date.now();

  assert.equal((await client.createTask({ title: "t" })).status, 200);

  assert.ok(Date.now() - began >= 1000);
  assert.equal(seen.length, 4);
  assert.equal(new Set(seen.map((request) => request.headers["idempotency-key"])).size, 1);
});

test("patience has an end", async () => {
  await assert.rejects(troubled(Array(9).fill([503, {}]), { tries: 3 }).listTasks(), { status: 503 });
  assert.equal(seen.length, 3);
  await assert.rejects(troubled([[429, { "Retry-After": "900" }]]).listTasks(), { retryAfter: 900 });
  assert.equal(seen.length, 1);
});

test("what can't be repeated, or is refused for good, is not tried again", async () => {
  await assert.rejects(troubled([[503, {}]]).login({ email: "a@b.c", password: "p" }), { status: 503 });
  await assert.rejects(troubled([[500, {}]]).listTasks(), { status: 500 });
  assert.equal(seen.length, 1);
});

test("a signal ends the waiting", async () => {
  const client = troubled([[503, { "Retry-After": "20" }]]);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 50);

  await assert.rejects(client.listTasks({}, { signal: stop.signal }), /enough/);
});

test("a refused token is asked for anew, once, by all who wait", async () => {
  const given = [];
  const token = async ({ refused }) => {
    given.push(refused);
    return refused ? "new" : "old";
  };
  const client = troubled([[401, {}], [401, {}]], { token });

  await Promise.all([client.listTasks(), client.listTasks()]);
  assert.deepEqual(given, [false, true]);
  assert.deepEqual(seen.map((request) => request.headers.authorization).sort(),
    ["Bearer new", "Bearer new", "Bearer old", "Bearer old"]);

  await assert.rejects(troubled(Array(3).fill([401, {}]), { token }).listTasks(), { status: 401 });
  assert.equal(seen.length, 2);
});

test("a real service takes the token that comes second", async () => {
  const alice = newUser();
  const token = ({ refused }) => (refused ? alice.token : "eyJ.not.one");

  assert.deepEqual(await createClient({ baseUrl: base, token }).listTasks(), []);
});
