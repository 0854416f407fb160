// Where a replica is kept: in IndexedDB, or in memory.

/** @typedef {import("./types.js").Batch} Batch */
/** @typedef {import("./types.js").Storage} Storage */

/** What is kept, and the member by which each record is known. */
const STORES = { tasks: "id", outbox: "seq", conflicts: "id", meta: "name" };
const NAMES = /** @type {(keyof typeof STORES)[]} */ (Object.keys(STORES));

/**
 * Keep a replica in memory: for tests, and where there is nothing better.
 * @returns {Storage}
 */
export function memoryStorage() {
  const stores = new Map(NAMES.map((name) => [name, new Map()]));
  return {
    async load() {
      const all = NAMES.map((name) => [name, [...(stores.get(name)?.values() ?? [])]]);
      return structuredClone(Object.fromEntries(all));
    },
    async save({ clear = [], put = {}, drop = {} }) {
      for (const name of clear) stores.get(name)?.clear();
      for (const [name, records] of entries(put)) {
        for (const record of records) {
          stores.get(name)?.set(record[STORES[name]], structuredClone(record));
        }
      }
      for (const [name, keys] of entries(drop)) keys.forEach((key) => stores.get(name)?.delete(key));
    },
    async destroy() {
      for (const store of stores.values()) store.clear();
    },
  };
}

/**
 * Keep a replica in IndexedDB. The name tells users and services apart, and all tabs with the same
 * name share one copy.
 * @param {string} name
 * @returns {Storage}
 */
export function indexedDBStorage(name) {
  /** @type {Promise<IDBDatabase> | undefined} */
  let opened;
  /** @type {IDBDatabase | undefined} */
  let database;
  const open = () => (opened ??= openDatabase(name).then((found) => (database = found)));
  return {
    name,
    async load() {
      const transaction = (await open()).transaction(NAMES);
      const lists = NAMES.map((store) => done(transaction.objectStore(store).getAll()));
      const all = await Promise.all(lists);
      return /** @type {any} */ (Object.fromEntries(NAMES.map((store, at) => [store, all[at]])));
    },
    async save({ clear = [], put = {}, drop = {} }) {
      // Without a wait: whatever is asked for before a page goes is done.
      const transaction = (database ?? (await open())).transaction(NAMES, "readwrite");
      const finished = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
      for (const store of clear) transaction.objectStore(store).clear();
      for (const [store, records] of entries(put)) {
        for (const record of records) transaction.objectStore(store).put(record);
      }
      for (const [store, keys] of entries(drop)) {
        for (const key of keys) transaction.objectStore(store).delete(key);
      }
      transaction.commit();
      await finished;
    },
    async destroy() {
      (await opened)?.close();
      opened = database = undefined;
      await done(indexedDB.deleteDatabase(name));
    },
  };
}

/**
 * @param {{[store: string]: any[] | undefined}} lists
 * @returns {[keyof typeof STORES, any[]][]}
 */
function entries(lists) {
  return /** @type {any} */ (Object.entries(lists));
}

/**
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
async function openDatabase(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    for (const store of NAMES) request.result.createObjectStore(store, { keyPath: STORES[store] });
  };
  const database = await done(request);
  // Another tab wants to remove it, or to make it anew.
  database.onversionchange = () => database.close();
  return database;
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
