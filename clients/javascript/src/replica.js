// A copy of the tasks that shows changes at once, keeps them while the network is away, sends each
// exactly once, and merges what others did meanwhile. The protocol is in docs/sync.md.
import { sleep, uuid } from "./client.js";
import { Problem, Unreachable } from "./problems.js";
import { memoryStorage } from "./storage.js";

/** @typedef {import("./types.js").Task} Task */
/** @typedef {import("./types.js").LocalTask} LocalTask */
/** @typedef {import("./types.js").TaskFields} TaskFields */
/** @typedef {import("./types.js").TaskId} TaskId */
/** @typedef {import("./types.js").Change} Change */
/** @typedef {import("./types.js").Conflict} Conflict */
/** @typedef {import("./types.js").Batch} Batch */
/** @typedef {import("./types.js").Status} Status */

const PAGE = 1000;
const FIRST_PAUSE = 1000; // milliseconds
const LONGEST_PAUSE = 60_000;
const ASLEEP = 30_000; // without an answer for so long, a waiting request may be a dead one
// Answers that say no for good; whatever else goes wrong is tried again.
const REFUSALS = new Set([400, 403, 404, 405, 409, 413, 415, 422]);
const WIPED = "(deleted)"; // the title of what was deleted for good
const READ_ONLY = new Set(
  "id user_id completed_at created_at updated_at revision deleted_at series_id occurrence next_task_id local".split(" "),
);
const POKED = new Error("Asked again.");
const NEW = {
  title: "",
  description: null,
  completed: false,
  priority: "medium",
  due_date: null,
  tags: [],
  category: null,
  recurrence: null,
  completed_at: null,
  deleted_at: null,
};

/**
 * Return a copy of the tasks of whoever the client's token belongs to.
 *
 * Of several tabs with the same storage one talks to the service; the others hear from it. With
 * `live: false` nothing is sent until `sync()` is called.
 *
 * @param {import("./types.js").ReplicaOptions} options
 * @returns {import("./types.js").Replica}
 */
export function createReplica({ client, storage = memoryStorage(), onConflict, live = true, wait = 25 }) {
  /** @type {Map<TaskId, Task>} As the service has them, those in the trash included. */
  const tasks = new Map();
  /** @type {Change[]} What the service has not confirmed, oldest first. */
  let outbox = [];
  /** @type {Map<TaskId, Conflict>} */
  const conflicts = new Map();
  /** @type {Map<TaskId, number>} The ids of tasks that were made here, by those they had first. */
  const aliases = new Map();
  /** @type {Map<TaskId, string>} And the other way round. */
  const firstIds = new Map();
  /** @type {Record<string, any>} What to ask for next. */
  let next = { since: 0 };
  /** @type {Set<TaskId>} While a copy is made anew: what was in the old one only, so far. */
  let stale = new Set();
  /** Whether the copy has what was deleted before it was made. For somebody new there is nothing. */
  let whole = false;
  /** @type {Set<string>} Changes that are done with; a late message does not bring them back. */
  const settled = new Set();

  /** @type {Status} */
  let status = { loading: true, online: true, signedOut: false, error: null, pending: 0 };
  /** @type {{tasks: LocalTask[], trash: LocalTask[], byId: Map<TaskId, LocalTask>} | null} */
  let shown = null;
  /** @type {Set<() => void>} */
  const subscribers = new Set();
  let announced = false;
  let leader = false;
  let lastStamp = 0;
  let lastAnswer = Date.now();
  /** @type {Set<string>} Changes that are not in the storage yet. */
  const unsaved = new Set();
  /** @type {Promise<unknown>} */
  let saving = Promise.resolve();
  const stopped = new AbortController();
  let poll = new AbortController();
  /** @type {Set<() => void>} */
  const sleepers = new Set();
  const channel = storage.name ? new BroadcastChannel(storage.name) : null;

  // --- What is shown --------------------------------------------------------------------------

  function show() {
    if (shown) return shown;
    const byId = new Map(/** @type {Map<TaskId, LocalTask>} */ (tasks));
    for (const [id, conflict] of conflicts) {
      const task = byId.get(id);
      if (task) byId.set(id, { ...task, local: { pending: 0, conflict } });
    }
    for (const change of outbox) {
      const id = current(change.id);
      const task = overlay(byId.get(id), change, id);
      if (task) byId.set(id, task);
    }
    const all = [...byId.values()].sort(newestFirst);
    shown = {
      byId,
      tasks: all.filter((task) => !task.deleted_at),
      trash: all.filter((task) => task.deleted_at),
    };
    return shown;
  }

  function changed() {
    shown = null;
    if (announced) return;
    announced = true;
    queueMicrotask(() => {
      announced = false;
      for (const subscriber of [...subscribers]) subscriber();
    });
  }

  /** @param {Partial<Status>} news */
  function tell(news) {
    const before = status;
    status = { ...status, ...news };
    if (!Object.keys(news).some((name) => Reflect.get(before, name) !== Reflect.get(news, name))) return;
    if (leader) channel?.postMessage({ status: news });
    changed();
  }

  // --- What is kept ---------------------------------------------------------------------------

  /** @param {Batch} batch */
  function apply({ clear = [], put = {}, drop = {} }) {
    // What was there stays in sight until its successor is complete.
    if (clear.includes("tasks")) [stale, whole] = [new Set(tasks.keys()), false];
    for (const task of put.tasks ?? []) {
      stale.delete(task.id);
      tasks.set(task.id, task);
    }
    for (const id of drop.tasks ?? []) tasks.delete(id);
    for (const change of put.outbox ?? []) enqueue(change);
    if (drop.outbox) {
      const gone = new Set(drop.outbox);
      gone.forEach((seq) => settled.add(seq));
      outbox = outbox.filter((change) => !gone.has(change.seq));
    }
    for (const conflict of put.conflicts ?? []) conflicts.set(conflict.id, conflict);
    for (const id of drop.conflicts ?? []) conflicts.delete(id);
    for (const { name, value } of put.meta ?? []) learn(name, value);
    status = { ...status, pending: outbox.filter((change) => !change.refused).length };
    changed();
  }

  /** @param {Change} change */
  function enqueue(change) {
    if (settled.has(change.seq)) return;
    lastStamp = Math.max(lastStamp, Number(change.seq.slice(0, 16)));
    const at = outbox.findIndex((each) => each.seq >= change.seq);
    if (at < 0) outbox = [...outbox, change];
    else outbox = outbox.toSpliced(at, outbox[at].seq === change.seq ? 1 : 0, change);
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  function learn(name, value) {
    if (name === "next") {
      next = value;
    } else if (name === "copied") {
      for (const id of stale) tasks.delete(id);
      stale.clear();
      whole = value;
      status = { ...status, loading: false };
    } else {
      aliases.set(name, value);
      firstIds.set(value, name);
    }
  }

  /**
   * Change the copy here, in the storage, and then in the other tabs.
   * @param {Batch} batch
   */
  async function commit(batch) {
    apply(batch);
    const ours = (batch.put?.outbox ?? []).map((change) => change.seq);
    ours.forEach((seq) => unsaved.add(seq));
    const saved = storage.save(batch);
    saving = Promise.allSettled([saving, saved]);
    try {
      await saved;
      ours.forEach((seq) => unsaved.delete(seq));
      if (!stopped.signal.aborted) channel?.postMessage({ batch });
    } catch (error) {
      // The disk is full, say. What is in memory is sent all the same.
      tell({ error: String(error) });
    }
  }

  async function load() {
    const old = new Set(outbox.map((change) => change.seq).filter((seq) => !unsaved.has(seq)));
    const kept = await storage.load();
    tasks.clear();
    conflicts.clear();
    outbox = outbox.filter((change) => !old.has(change.seq));
    apply({ put: kept });
  }

  // --- What people do -------------------------------------------------------------------------

  /**
   * @param {Omit<Change, "seq" | "key" | "at">} change
   * @param {string[]} instead The changes whose place it takes.
   */
  function add(change, instead = []) {
    lastStamp = Math.max(Date.now(), lastStamp + 1);
    const seq = `${String(lastStamp).padStart(16, "0")}-${uuid()}`;
    const stamped = { ...change, seq, key: uuid(), at: new Date().toISOString() };
    void commit({ put: { outbox: [stamped] }, drop: { outbox: instead } });
    wake();
  }

  /**
   * @param {TaskFields & {title: string}} fields
   * @param {string[]} [instead]
   */
  function create(fields, instead) {
    const id = `new-${uuid()}`;
    add({ op: "create", id, fields }, instead);
    return id;
  }

  /**
   * @param {TaskId} given
   * @param {TaskFields} fields
   */
  function change(given, fields) {
    const id = current(given);
    const task = show().byId.get(id);
    if (!task) return;
    if (amend(id, fields)) return;
    const before = Object.fromEntries(Object.keys(fields).map((name) => [name, Reflect.get(task, name)]));
    add({ op: "change", id, fields, before, revision: task.revision });
  }

  /**
   * Correct what was refused; true if that is all there is to do.
   * @param {TaskId} id
   * @param {TaskFields} fields
   */
  function amend(id, fields) {
    const refused = outbox.filter((each) => each.id === id && each.refused);
    const creation = refused.find((each) => each.op === "create");
    if (creation) {
      const { refused: _, ...rest } = creation;
      void commit({ put: { outbox: [{ ...rest, fields: { ...rest.fields, ...fields }, key: uuid() }] } });
      wake();
      return true;
    }
    for (const each of refused) {
      const left = Object.entries(each.fields ?? {}).filter(([name]) => !(name in fields));
      if (left.length) void commit({ put: { outbox: [{ ...each, fields: Object.fromEntries(left) }] } });
      else void commit({ drop: { outbox: [each.seq] } });
    }
    return false;
  }

  /** @param {TaskId} given */
  function remove(given) {
    const id = current(given);
    const task = show().byId.get(id);
    if (!task) return;
    if (outbox.some((each) => each.id === id && each.op === "create" && each.refused)) discard(id);
    else add({ op: "delete", id, revision: task.revision });
  }

  /** @param {TaskId} given */
  function restore(given) {
    const id = current(given);
    if (show().byId.get(id)?.deleted_at) add({ op: "restore", id });
  }

  /** @param {TaskId} given */
  function discard(given) {
    const id = current(given);
    const mine = outbox.filter((each) => each.id === id);
    const whole = mine.some((each) => each.op === "create" && each.refused);
    const gone = mine.filter((each) => whole || each.refused).map((each) => each.seq);
    if (gone.length) void commit({ drop: { outbox: gone } });
  }

  /** @param {TaskId} given */
  function retry(given) {
    const id = current(given);
    const task = show().byId.get(id);
    const refused = outbox.filter((each) => each.id === id && each.refused);
    if (task && refused.some((each) => each.refused?.status === 404)) {
      // It is gone there. What it was, with what was changed here, becomes a new one.
      const fields = Object.entries(task).filter(([name]) => !READ_ONLY.has(name));
      const all = outbox.filter((each) => each.id === id).map((each) => each.seq);
      create(/** @type {any} */ (Object.fromEntries(fields)), all);
      return;
    }
    const again = refused.map(({ refused: _, ...rest }) => ({ ...rest, key: uuid() }));
    if (again.length) void commit({ put: { outbox: again } });
    wake();
  }

  /**
   * @param {TaskId} id
   * @param {"mine" | "theirs"} choice
   */
  function settle(id, choice) {
    const conflict = conflicts.get(id);
    if (!conflict) return;
    if (choice === "theirs") change(id, conflict.theirs);
    void commit({ drop: { conflicts: [id] } });
  }

  /** @param {TaskId} id */
  function current(id) {
    return aliases.get(id) ?? id;
  }

  // --- What is sent ---------------------------------------------------------------------------

  /** The next change that can be sent: not one that was refused, or of a task that was. */
  function sendable() {
    const blocked = new Set();
    for (const each of outbox) {
      if (each.refused && each.op === "create") blocked.add(each.id);
      else if (!each.refused && !blocked.has(each.id)) return each;
    }
    return undefined;
  }

  const push = oneAtATime(async () => {
    for (let change = sendable(); change; change = sendable()) {
      await saving; // or a reload between sending and saving would send it twice
      stopped.signal.throwIfAborted();
      if (!outbox.includes(change)) continue;
      await send({ ...change, id: current(change.id) });
      reached();
    }
  });

  /** @param {Change} change */
  async function send(change) {
    const options = { key: change.key, ifMatch: change.revision, tries: 1, signal: stopped.signal };
    const id = /** @type {number} */ (change.id);
    const fields = /** @type {any} */ (change.fields ?? {});
    try {
      if (change.op === "create") confirm(change, await client.createTask(fields, options));
      else if (change.op === "change") confirm(change, await client.patchTask({ task_id: id, ...fields }, options));
      else if (change.op === "restore") confirm(change, await client.restoreTask({ task_id: id }, options));
      else {
        await client.deleteTask({ task_id: id }, options);
        confirmDeletion(change);
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 412 && error.current) await merge(change, error.current);
      else if (error.status === 404 && change.op === "delete") confirmDeletion(change);
      else if (REFUSALS.has(error.status)) refuse(change, error);
      else throw error;
    }
  }

  /**
   * @param {Change} change
   * @param {any} task
   */
  function confirm(change, task) {
    // What was done to it meanwhile was done to this.
    const later = outbox.filter((each) => current(each.id) === change.id && each.seq !== change.seq);
    const put = { ...known([task]), outbox: later.map((each) => ({ ...each, id: task.id, revision: task.revision })) };
    const meta = change.op === "create" ? [{ name: String(change.id), value: task.id }] : [];
    void commit({ put: { ...put, meta }, drop: { outbox: [change.seq] } });
  }

  /** @param {Change} change */
  function confirmDeletion(change) {
    const task = tasks.get(change.id);
    // Its revision comes with the changes; until then it is deleted by our own clock.
    const put = task && !task.deleted_at ? { tasks: [{ ...task, deleted_at: change.at }] } : {};
    const later = outbox.filter((each) => current(each.id) === change.id && each.seq !== change.seq);
    const loose = later.map(({ revision: _, ...each }) => each);
    void commit({ put: { ...put, outbox: loose }, drop: { outbox: [change.seq] } });
  }

  /**
   * @param {Change} change
   * @param {Problem} problem
   */
  function refuse(change, problem) {
    const { status: number, detail, errors } = problem;
    const refused = { status: number, detail, errors };
    if (change.op === "restore" && number === 404) {
      void commit({ drop: { outbox: [change.seq], tasks: [change.id] } });
    } else {
      const task = show().byId.get(change.id);
      void commit({ put: { outbox: [{ ...change, refused, task }] } });
    }
  }

  /**
   * The task has changed elsewhere: our fields on top of theirs, unless somebody knows better.
   * @param {Change} change
   * @param {Task} task
   */
  async function merge(change, task) {
    const { fields: mine = {}, before = {} } = change;
    const differ = Object.keys(mine).filter(
      (name) => !same(Reflect.get(task, name), before[name]) && !same(Reflect.get(task, name), Reflect.get(mine, name)),
    );
    const theirs = Object.fromEntries(differ.map((name) => [name, Reflect.get(task, name)]));
    const deletes = change.op === "delete";
    const asked = onConflict && (deletes || differ.length > 0);
    const fields = asked ? await onConflict({ task, mine: deletes ? null : mine, theirs, before }) : mine;
    const nothing = fields === null || (!deletes && Object.keys(fields ?? mine).length === 0);
    if (nothing) {
      void commit({ put: known([task]), drop: { outbox: [change.seq] } });
      return;
    }
    const again = { ...change, ...(change.fields && { fields: fields ?? mine }), revision: task.revision };
    again.before = Object.fromEntries(Object.keys(again.fields ?? {}).map((name) => [name, Reflect.get(task, name)]));
    const put = { ...known([task]), outbox: [again] };
    if (!differ.length || asked) {
      void commit({ put });
      return;
    }
    const noted = conflicts.get(task.id);
    const ours = Object.fromEntries(differ.map((name) => [name, Reflect.get(mine, name)]));
    const conflict = { id: task.id, mine: { ...noted?.mine, ...ours }, theirs: { ...noted?.theirs, ...theirs } };
    void commit({ put: { ...put, conflicts: [conflict] } });
  }

  // --- What is fetched ------------------------------------------------------------------------

  /**
   * Of these tasks those that are news, as a part of a batch.
   * @param {Task[]} given
   */
  function known(given) {
    const news = given.filter((task) => {
      const have = tasks.get(task.id);
      return !have || stale.has(task.id) || have.revision <= task.revision;
    });
    return { tasks: news };
  }

  /** Fetch what has changed, waiting for it for so many seconds. */
  const pull = oneAtATime(async (/** @type {number} */ seconds) => {
    for (let more = true; more; ) {
      const began = Date.now();
      const signal = AbortSignal.any([stopped.signal, poll.signal]);
      const question = { ...next, limit: PAGE, wait: status.loading ? 0 : seconds };
      const answer = await client.send("listChanges", /** @type {any} */ (question), { tries: 1, signal }).catch(startOver);
      lastAnswer = Date.now();
      if (!answer) continue;
      reached();
      await saving;
      more = page(answer.data);
      if (!more && !whole) await complete(signal);
      if (!more && !answer.data.changes.length) {
        // Answered at once and without news: there is no place for whoever waits.
        return Number(answer.headers.get("Retry-After")) || (Date.now() - began < 500 ? 0.5 : 0);
      }
    }
    return 0;
  });

  /** @param {import("./types.js").Output<"listChanges">} answer */
  function page({ changes, more, next: address }) {
    const wiped = changes.filter((task) => task.deleted_at && task.title === WIPED);
    const ids = new Set(wiped.map((task) => task.id));
    const put = known(changes.filter((task) => !ids.has(task.id)));
    const query = Object.fromEntries(new URL(address, "http://localhost").searchParams);
    const { since, copying } = query;
    const meta = [{ name: "next", value: copying ? { since, copying } : { since } }];
    // An answer without news is nothing to write to the disk about.
    if (changes.length || String(next.since) !== since) {
      void commit({ put: { ...put, meta }, drop: { tasks: [...ids] } });
    }
    return more;
  }

  /**
   * A copy of everything lacks what was deleted before it was made.
   * @param {AbortSignal} signal
   */
  async function complete(signal) {
    const trash = [];
    for await (const task of client.eachTask({ status: "deleted" }, { tries: 1, signal })) trash.push(task);
    void commit({ put: { ...known(trash), meta: [{ name: "copied", value: Number(next.since) > 0 }] } });
  }

  /** @param {unknown} error */
  function startOver(error) {
    if (!(error instanceof Problem) || error.status !== 410) throw error;
    void commit({ clear: ["tasks"], put: { meta: [{ name: "next", value: { since: 0 } }] }, drop: { meta: ["copied"] } });
  }

  // --- The loop -------------------------------------------------------------------------------

  function reached() {
    tell({ online: true, signedOut: false, error: null });
  }

  function wake() {
    for (const each of [...sleepers]) each();
    if (!leader) channel?.postMessage({ wake: true });
  }

  /** @param {number} milliseconds */
  async function doze(milliseconds) {
    const awake = new AbortController();
    const rise = () => awake.abort();
    sleepers.add(rise);
    await sleep(milliseconds, AbortSignal.any([awake.signal, stopped.signal])).catch(() => {});
    sleepers.delete(rise);
  }

  /**
   * Do something again and again until the replica is stopped.
   * @param {() => Promise<number>} turn Returns the milliseconds to wait before the next.
   */
  async function repeat(turn) {
    let failed = 0;
    while (!stopped.signal.aborted) {
      try {
        const pause = await turn();
        failed = 0;
        if (pause) await doze(pause);
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (error === POKED) continue;
        failure(error);
        const after = error instanceof Problem ? error.retryAfter : undefined;
        const doubled = Math.min(FIRST_PAUSE * 2 ** failed, LONGEST_PAUSE) * (0.75 + Math.random() / 2);
        failed += 1;
        await doze(after === undefined ? doubled : after * 1000 + Math.random() * 500);
      }
    }
  }

  /** @param {unknown} error */
  function failure(error) {
    if (error instanceof Problem && error.status === 401) tell({ signedOut: true });
    else if (error instanceof Unreachable) tell({ online: false });
    else tell({ error: error instanceof Error ? error.message : String(error) });
  }

  async function lead() {
    leader = true;
    await load();
    forgetAliases();
    changed();
    started.resolve();
    const sending = repeat(async () => {
      await push();
      return sendable() ? 0 : LONGEST_PAUSE;
    });
    const fetching = repeat(async () => (await pull(wait)) * 1000);
    await Promise.all([sending, fetching]);
  }

  function forgetAliases() {
    if (!outbox.length) void storage.save({ drop: { meta: [...aliases.keys()].map(String) } }).catch(() => {});
  }

  async function begin() {
    const locks = globalThis.navigator?.locks;
    if (!live) {
      await load();
      started.resolve();
    } else if (!storage.name || !locks) {
      await lead();
    } else {
      const first = await locks.request(storage.name, { ifAvailable: true }, async (lock) => {
        if (lock) await lead();
        return lock !== null;
      });
      if (first) return;
      await load();
      changed();
      started.resolve();
      // What its last leader did may not have been told to everybody: `lead` loads again.
      await locks.request(storage.name, { signal: stopped.signal }, lead);
    }
  }

  /** Ask again at once, where the request that waits may have died with the network. */
  function poke() {
    poll.abort(POKED);
    poll = new AbortController();
    wake();
  }

  const started = resolvers();
  /** @type {[EventTarget | undefined, string, (event: any) => void][]} */
  const listeners = [
    [globalThis.window, "online", poke],
    [globalThis.window, "offline", poke],
    [globalThis.document, "visibilitychange", () => !document.hidden && Date.now() - lastAnswer > ASLEEP && poke()],
    // Back from the browser's cache of pages, where no message has arrived.
    [globalThis.window, "pageshow", (event) => event.persisted && load().then(poke)],
  ];
  for (const [target, event, listener] of listeners) target?.addEventListener(event, listener);
  channel?.addEventListener("message", async ({ data }) => {
    await started.promise;
    if (data.batch) apply(data.batch);
    if (data.status) tell(data.status);
    if (leader && (data.batch?.put?.outbox || data.wake)) wake();
  });
  begin().catch(started.reject);
  started.promise.catch(() => {});

  return {
    ready: started.promise,
    get tasks() {
      return show().tasks;
    },
    get trash() {
      return show().trash;
    },
    get status() {
      return status;
    },
    get: (id) => show().byId.get(current(id)),
    keyOf: (id) => firstIds.get(id) ?? String(id),
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    create,
    change,
    remove,
    restore,
    retry,
    discard,
    settle,
    saved: () => saving.then(() => {}),
    wake: poke,
    async sync() {
      await started.promise;
      if (live) poke();
      await push();
      await pull(0);
    },
    stop() {
      stopped.abort(new Error("The replica was stopped."));
      for (const [target, event, listener] of listeners) target?.removeEventListener(event, listener);
      channel?.close();
    },
  };
}

/**
 * The task as it is with this change.
 * @param {LocalTask | undefined} task
 * @param {Change} change
 * @param {TaskId} id
 * @returns {LocalTask | undefined}
 */
function overlay(task, { op, fields = {}, at, refused, task: last }, id) {
  const made = op === "create" ? { ...NEW, id, created_at: at, updated_at: at, revision: undefined } : undefined;
  const base = /** @type {LocalTask | undefined} */ (task ?? last ?? made);
  if (!base) return undefined;
  const local = { ...base.local, pending: (base.local?.pending ?? 0) + (refused ? 0 : 1) };
  if (refused) local.refused = refused;
  const after = { ...base, ...fields, updated_at: at, local };
  if ("completed" in fields && fields.completed !== base.completed) {
    after.completed_at = fields.completed ? at : null;
  }
  // What was refused stays in sight, also where the task is gone.
  if (op === "restore" || refused) after.deleted_at = null;
  else if (op === "delete") after.deleted_at = at;
  return /** @type {LocalTask} */ (after);
}

/**
 * Newest first; what the service does not know yet has a text for its id, and is newer than the rest.
 * @param {LocalTask} one
 * @param {LocalTask} other
 */
function newestFirst(one, other) {
  if (typeof one.id === "number" && typeof other.id === "number") return other.id - one.id;
  if (typeof one.id !== typeof other.id) return typeof one.id === "string" ? -1 : 1;
  return one.created_at < other.created_at ? 1 : -1;
}

/**
 * @param {unknown} one
 * @param {unknown} other
 */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Let whoever calls wait until the calls before have ended.
 * @template {any[]} A
 * @template R
 * @param {(...given: A) => Promise<R>} call
 * @returns {(...given: A) => Promise<R>}
 */
function oneAtATime(call) {
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  return (...given) => {
    const run = last.then(() => call(...given));
    last = run.catch(() => {});
    return run;
  };
}

/** @returns {{promise: Promise<void>, resolve: () => void, reject: (error: unknown) => void}} */
function resolvers() {
  /** @type {any} */
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
