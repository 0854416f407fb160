// The operations of the service as functions, each retried where that is safe.
import { OPERATIONS } from "./operations.js";
import { Problem, Unreachable, seconds } from "./problems.js";

/** @typedef {import("./types.js").Operation} Operation */
/** @typedef {import("./types.js").CallOptions} CallOptions */
/** @typedef {{status: number, headers: Headers, data: any}} Answer */

const FIRST_PAUSE = 300; // milliseconds
const FILE = /^text\/(csv|calendar)\b/;
const AWAY = new Set([429, 502, 503, 504]); // nothing was done, or with a key it is done once

/**
 * Return a client: a function for each operation, such as `client.listTasks({status: "pending"})`
 * or `client.patchTask({task_id: 7, completed: true}, {ifMatch: 7})`. They return what the service
 * answers, and reject with a `Problem` or, where there is no answer, with `Unreachable`.
 *
 * @param {import("./types.js").ClientOptions} options
 * @returns {import("./types.js").Client}
 */
export function createClient({
  baseUrl = "",
  token,
  tries = 5,
  longestPause = 30_000,
  timeout = 60_000,
  fetch = (...request) => globalThis.fetch(...request),
}) {
  const tokens = keeper(token);

  /**
   * Send a request as often as it takes, and return its answer.
   * @param {Operation} name
   * @param {Record<string, any>} input Parameters and fields of the body.
   * @param {CallOptions} options
   */
  async function send(name, input = {}, options = {}) {
    const about = OPERATIONS[name];
    const [url, init] = request(baseUrl, about, input, options);
    // A file that came in already changes nothing, and a user is erased once.
    const safe =
      about.method === "GET" || "keyed" in about || "file" in about || name === "eraseUser";
    for (let left = safe ? (options.tries ?? tries) : 1; ; left -= 1) {
      /** @type {unknown} */
      let failure;
      let after;
      try {
        const answer = await once(about, url, init, options.signal);
        if (answer.status < 400) return answer;
        failure = new Problem(answer.status, answer.data ?? {}, answer.headers);
        if (!AWAY.has(answer.status)) left = 1;
        after = seconds(answer.headers.get("Retry-After"));
      } catch (error) {
        options.signal?.throwIfAborted();
        failure = error;
        if (!(error instanceof Unreachable)) left = 1;
      }
      const pause = howLong((options.tries ?? tries) - left, after);
      if (left <= 1 || pause > longestPause) throw failure;
      await sleep(pause, options.signal);
    }
  }

  /**
   * Send it once; a second time with a new token where the first is refused.
   * @param {typeof OPERATIONS[Operation]} about
   * @param {string} url
   * @param {RequestInit & {headers: Record<string, string>}} init
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<Answer>}
   */
  async function once(about, url, init, signal) {
    if ("open" in about || !token) return receive(url, init, signal);
    const sent = await tokens.get(signal);
    const answer = await receive(url, withToken(init, sent), signal);
    if (answer.status !== 401) return answer;
    const other = await tokens.renew(sent, signal);
    return other === sent ? answer : receive(url, withToken(init, other), signal);
  }

  /**
   * @param {string} url
   * @param {RequestInit} init
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<Answer>}
   */
  async function receive(url, init, signal) {
    const limit = AbortSignal.timeout(timeout);
    const either = signal ? AbortSignal.any([signal, limit]) : limit;
    try {
      const answer = await fetch(url, { ...init, signal: either });
      const data = parse(await answer.text(), answer.headers.get("Content-Type"));
      return { status: answer.status, headers: answer.headers, data };
    } catch (error) {
      throw new Unreachable(error);
    }
  }

  /**
   * All tasks that answer a question, page after page.
   * @param {import("./types.js").Input<"listTasks">} question
   * @param {CallOptions} options
   */
  async function* eachTask(question = {}, options = {}) {
    /** @type {Record<string, any> | null} */
    let page = question;
    while (page) {
      const answer = await send("listTasks", page, options);
      yield* answer.data;
      page = following(answer.headers.get("Link"));
    }
  }

  const operations = Object.fromEntries(
    Object.keys(OPERATIONS).map((name) => [
      name,
      /** @type {(input?: Record<string, any>, options?: CallOptions) => Promise<any>} */
      async (input, options) => (await send(/** @type {Operation} */ (name), input, options)).data,
    ]),
  );
  return /** @type {any} */ ({ ...operations, send, eachTask });
}

/** @returns {string} a version 4 UUID, also where the page is not a secure context */
export function uuid() {
  if (globalThis.isSecureContext) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * Wait, unless the signal ends it.
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Milliseconds to wait: what the service asks for and a little more, or twice as long each time.
 * With jitter, since many clients are told the same at the same moment.
 * @param {number} failed How many tries have failed before this one.
 * @param {number | undefined} after Seconds.
 */
function howLong(failed, after) {
  if (after !== undefined) return after * 1000 + Math.random() * 1000;
  return FIRST_PAUSE * 2 ** failed * (0.5 + Math.random());
}

/**
 * @param {string} baseUrl
 * @param {typeof OPERATIONS[Operation]} about
 * @param {Record<string, any>} input
 * @param {CallOptions} options
 * @returns {[string, RequestInit & {headers: Record<string, string>}]}
 */
function request(baseUrl, about, input, options) {
  const rest = { ...input };
  const path = about.path.replace(/\{(\w+)\}/g, (_, name) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const name of "query" in about ? about.query.split(" ") : []) {
    if (rest[name] !== undefined && rest[name] !== null) query.set(name, String(rest[name]));
    delete rest[name];
  }
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "Taskapp-Form": "own", ...options.headers };
  const hasBody = about.method !== "GET" && Object.keys(rest).length > 0;
  const isFile = "file" in about;
  if (hasBody) headers["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
  if ("keyed" in about) headers["Idempotency-Key"] = options.key ?? uuid();
  if ("csrf" in about) headers["X-CSRF-Protection"] = "1";
  if (options.ifMatch !== undefined) headers["If-Match"] = `"${options.ifMatch}"`;
  // The cookie with the refresh token is for signing in and out, and for nothing else.
  const credentials = path.startsWith("/api/auth") ? "include" : "omit";
  const url = baseUrl.replace(/\/$/, "") + path + (query.size ? `?${query}` : "");
  const body = isFile ? rest.file : hasBody ? JSON.stringify(rest) : undefined;
  return [url, { method: about.method, headers, body, credentials, cache: "no-store" }];
}

/**
 * @param {RequestInit & {headers: Record<string, string>}} init
 * @param {string} token
 */
function withToken(init, token) {
  return { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } };
}

/**
 * Keeps the token until it is refused; whoever needs one meanwhile waits for the same.
 * @param {import("./types.js").ClientOptions["token"]} source
 */
function keeper(source) {
  /** @type {Promise<string> | undefined} */
  let kept;
  /** @type {(refused: boolean) => Promise<string>} */
  const ask = async (refused) => (typeof source === "function" ? source({ refused }) : source ?? "");

  /** @param {boolean} refused */
  function fetchOne(refused) {
    const asked = ask(refused);
    kept = asked;
    asked.catch(() => {
      if (kept === asked) kept = undefined;
    });
    return asked;
  }

  return {
    /** @param {AbortSignal} [signal] */
    get: async (signal) => {
      signal?.throwIfAborted();
      return kept ?? fetchOne(false);
    },
    /**
     * @param {string} refused
     * @param {AbortSignal} [signal]
     */
    renew: async (refused, signal) => {
      signal?.throwIfAborted();
      const now = await kept;
      return now !== undefined && now !== refused ? now : fetchOne(true);
    },
  };
}

/**
 * @param {string} text
 * @param {string | null} type
 */
function parse(text, type) {
  if (FILE.test(type ?? "")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not ours: a proxy's page, say
  }
}

/**
 * The question that the link to the next page asks.
 * @param {string | null} link
 */
function following(link) {
  const next = link?.match(/<([^>]*)>; rel="next"/)?.[1];
  return next ? Object.fromEntries(new URL(next, "http://localhost").searchParams) : null;
}
