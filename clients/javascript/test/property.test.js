// Two replicas, any edits, a network that cuts anywhere, reloads in the middle: nothing is lost,
// nothing is done twice, and at the end all three are equal.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createReplica, memoryStorage } from "../src/index.js";
import { badNetwork, clientOf, newUser } from "./help.js";

const RUNS = Number(process.env.RUNS ?? 40);
const who = fc.integer({ min: 0, max: 1 });
const which = fc.nat(20);
const field = fc.constantFrom("title", "description", "category");
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("create"), who }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("change"), who, which, field }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove"), who, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restore"), who, which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("sync"), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reload"), who, after: fc.nat(30) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("cut"),
      cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: -1500, max: -1 })), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
);

test("two replicas end equal to the service", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => story(steps)),
    { numRuns: RUNS, seed: Number(process.env.SEED ?? 1), endOnFailure: true, includeErrorInReport: true },
  );
});

async function story(steps) {
  const network = await badNetwork();
  try {
    await play(steps, network);
  } finally {
    network.close();
  }
}

async function play(steps, network) {
  const alice = newUser();
  const devices = [0, 1].map(() => ({ storage: memoryStorage() }));
  const open = (device) => {
    const client = clientOf(alice, { baseUrl: network.url });
    device.replica = createReplica({ client, storage: device.storage, live: false });
    return device.replica.ready;
  };
  await Promise.all(devices.map(open));
  const made = new Set(); // what a task is known by, whatever becomes of it
  const edits = new Map(); // the origin and field of a task: each edit with who made it
  const removed = new Set(); // an edit of these may have been refused, and is given up below
  let count = 0;

  for (const each of steps) {
    const device = devices[each.who];
    const replica = device?.replica;
    const pick = (list) => (list.length ? list[each.which % list.length] : undefined);
    if (each.do === "create") {
      const origin = `t${(count += 1)}`;
      made.add(origin);
      replica.create({ title: origin, tags: [origin] });
    } else if (each.do === "change" && pick(replica.tasks)) {
      const task = pick(replica.tasks);
      const value = `v${(count += 1)}`;
      const place = `${task.tags[0]} ${each.field}`;
      edits.set(place, [...(edits.get(place) ?? []), { who: each.who, value }]);
      replica.change(task.id, { [each.field]: value });
    } else if (each.do === "remove" && pick(replica.tasks)) {
      const task = pick(replica.tasks);
      removed.add(task.tags[0]);
      replica.remove(task.id);
    } else if (each.do === "restore" && pick(replica.trash)) {
      replica.restore(pick(replica.trash).id);
    } else if (each.do === "sync") {
      await replica.sync().catch(() => {});
    } else if (each.do === "reload") {
      await replica.saved(); // what was not saved is not there after a reload, and was never said to be
      const syncing = replica.sync().catch(() => {});
      await new Promise((done) => setTimeout(done, each.after));
      replica.stop();
      await syncing;
      await open(device);
    } else if (each.do === "cut") {
      network.drop();
      network.cuts.push(...each.cuts);
    }
  }

  network.cuts.length = 0;
  network.drop();
  const replicas = devices.map((device) => device.replica);
  // Twice: the first hears of what the second sent only then.
  for (const replica of [...replicas, ...replicas]) await eventually(() => replica.sync());

  const service = clientOf(alice);
  const [live, trash] = await Promise.all(["all", "deleted"].map((status) => service.listTasks({ status })));
  // Nothing lost, nothing twice.
  assert.deepEqual([...live, ...trash].map((task) => task.tags[0]).sort(), [...made].sort());
  for (const replica of replicas) {
    for (const task of replica.tasks.filter((each) => each.local?.refused)) {
      assert.equal(task.local.refused.status, 404); // changed here, deleted there: still in sight
      replica.discard(task.id);
    }
  }
  for (const task of live.filter((each) => !removed.has(each.tags[0]))) assertEdits(task, edits);
  for (const replica of replicas) {
    assert.equal(replica.status.pending, 0);
    assert.deepEqual(replica.tasks.map(({ local, ...task }) => task), live);
    assert.deepEqual(replica.trash.map(({ local, ...task }) => task), trash);
    replica.stop();
  }
}

/** What is there is the last that one of the two wrote. */
function assertEdits(task, edits) {
  for (const field of ["title", "description", "category"]) {
    const all = edits.get(`${task.tags[0]} ${field}`) ?? [];
    const lasts = [0, 1].map((who) => all.findLast((each) => each.who === who)?.value);
    if (all.length) assert.ok(lasts.includes(task[field]), `${field} of ${task.tags[0]}`);
  }
}

async function eventually(call) {
  for (let left = 20; ; left -= 1) {
    try {
      return await call();
    } catch (error) {
      if (!left) throw error;
    }
  }
}
