// What can go wrong with a request.

/** An answer that is an error: RFC 9457 problem details, with a sentence for people in `message`. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {Record<string, any>} body
   * @param {Headers} [headers]
   */
  constructor(status, body, headers) {
    super(body.detail ?? body.message ?? body.title ?? `The service answered with ${status}.`);
    this.name = "Problem";
    this.status = status;
    /** The same sentence as `message`. */
    this.detail = this.message;
    /** @type {Record<string, string[]>} With 422: what is wrong, field by field. */
    this.errors = body.errors ?? {};
    /** @type {import("./types.js").Task | undefined} With 412: the task as it is now. */
    this.current = body.current;
    /** @type {string | undefined} What finds the request in the service's log. */
    this.requestId = body.request_id ?? headers?.get("X-Request-ID") ?? undefined;
    /** @type {number | undefined} Seconds after which trying again makes sense. */
    this.retryAfter = seconds(headers?.get("Retry-After"));
  }
}

/** No answer: the network, or the service, is away. `cause` is what the browser says. */
export class Unreachable extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("The service can't be reached.", { cause });
    this.name = "Unreachable";
  }
}

/** @param {string | null | undefined} text Seconds, or a date. */
export function seconds(text) {
  if (!text) return undefined;
  const number = Number(text);
  const wait = Number.isFinite(number) ? number : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
