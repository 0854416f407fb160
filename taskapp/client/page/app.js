// The beginning: who is here, and what is to be shown.
import { createClient, createReplica, indexedDBStorage, memoryStorage } from "./library/index.js";
import { toast } from "./dom.js";
import { showTasks } from "./list.js";
import { BASE, end, NAME, onChange, prepare, session, token } from "./session.js";
import { showSignIn } from "./signin.js";
import { texts } from "./texts.js";

const place = document.getElementById("app");
let close = () => {};

async function begin() {
  close();
  const kept = session();
  if (kept) await openTasks(kept.user);
  else showSignIn(place, begin);
}

async function openTasks(user) {
  const client = createClient({ baseUrl: BASE, token });
  const name = `${NAME}:${user.id}`;
  let storage = indexedDBStorage(name);
  let replica = createReplica({ client, storage });
  try {
    await replica.ready;
  } catch {
    // A browser that keeps nothing: then this tab does.
    replica.stop();
    storage = memoryStorage();
    replica = createReplica({ client, storage });
    await replica.ready;
  }
  const hide = showTasks(place, replica, { user, signOut });
  close = () => {
    hide();
    replica.stop();
    document.getElementById("toast").replaceChildren();
    close = () => {};
  };

  /** End the session. With `keep` what waits to be sent stays, for when the same person is back. */
  async function signOut({ keep = false }) {
    close();
    await end();
    if (!keep) await storage.destroy().catch(() => {});
    history.replaceState(null, "", BASE);
    await begin();
  }
}

async function offline() {
  if (!navigator.serviceWorker) return;
  const before = navigator.serviceWorker.controller;
  await navigator.serviceWorker.register(`${BASE}client/service-worker.js`, { scope: BASE });
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (before) toast(texts.newVersion, texts.reload, () => location.reload(), texts.dismiss);
  });
}

onChange(begin);
const prepared = prepare().catch(() => {});
if (!session()) await prepared;
await begin();
offline().catch(() => {});
