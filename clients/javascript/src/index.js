// @taskapp/client: every operation of taskapp, and a copy of the tasks that works offline.
export { createClient } from "./client.js";
export { Problem, Unreachable } from "./problems.js";
export { createReplica } from "./replica.js";
export { indexedDBStorage, memoryStorage } from "./storage.js";
