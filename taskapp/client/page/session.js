// Who is signed in, and the token that shows it.
import { createClient, Problem, Unreachable } from "./library/index.js";

/** The path that the page is at: `/`, or what a proxy has put it below. */
export const BASE = new URL("..", import.meta.url).pathname;
/** What all that is kept in this browser is named by; another path of the host has its own. */
export const NAME = `taskapp${BASE.slice(0, -1)}`;
const KEY = `${NAME}.session`;
const KNOWN = `${NAME}.known`;
// Milliseconds before its end in which a token is renewed; some logins give them for minutes only.
const EARLY = { account: 86_400_000, login: 30_000, pasted: 0 };
const NOBODY = new Problem(401, { detail: "Nobody is signed in." });

/** What the service says about signing in: filled by `prepare`. */
export let settings = { accounts: true, login: null, tokens: null, claim: "sub" };
const open = createClient({ baseUrl: BASE, tries: 2 });

let prepared;
export const prepare = () => (prepared ??= load());

async function load() {
  const answer = await fetch(`${BASE}client/settings.json`);
  if (answer.ok) settings = await answer.json();
}

/** @returns {{user: {id: string, email?: string, name?: string}, kind: string, token: string, until: number} | null} */
export function session() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function keep(kind, token, seconds, user) {
  const kept = { kind, token, until: Date.now() + seconds * 1000, user };
  localStorage.setItem(KEY, JSON.stringify(kept));
  localStorage.setItem(KNOWN, "yes");
  return kept;
}

/** Whether somebody has been signed in here before. */
export const isKnown = () => localStorage.getItem(KNOWN) !== null;

export async function register(fields) {
  keepAnswer(await open.register({ ...fields, cookie: true }));
}

export async function signIn(fields) {
  keepAnswer(await open.login({ ...fields, cookie: true }));
}

function keepAnswer({ access_token: token, expires_in: seconds, user }) {
  keep("account", token, seconds, user);
}

/** Keep what the account is called now. */
export function rename(user) {
  const kept = session();
  keep(kept.kind, kept.token, (kept.until - Date.now()) / 1000, { ...kept.user, ...user });
}

/** Take a token that was pasted; returns whether it looks like one. */
export function take(token, kind = "pasted") {
  const claims = claimsOf(token);
  const id = claims?.[settings.claim];
  if (!id) return false;
  keep(kind, token, (claims.exp ?? 0) - Date.now() / 1000, { id, email: claims.email, name: claims.name });
  return true;
}

/** Ask the outside login for a token, as whoever is signed in there. */
export async function takeFromLogin() {
  const answer = await fetch(settings.tokens, { credentials: "include", cache: "no-store" });
  return answer.ok && take((await answer.json()).token, "login");
}

function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** The token for a request, renewed where it was refused or is about to end. */
export async function token({ refused }) {
  const kept = session();
  if (!kept) throw NOBODY;
  const ends = kept.until - Date.now() < EARLY[kept.kind];
  if (!refused && (!ends || kept.kind === "pasted")) return kept.token;
  // Two tabs that refresh at once would end the session: a refresh token is good for one time.
  return exclusively(async () => {
    const now = session();
    if (!now) throw NOBODY;
    if (now.token !== kept.token) return now.token;
    try {
      await renew(now);
    } catch (error) {
      if (refused || error instanceof Unreachable) throw error;
    }
    return session().token;
  });
}

async function renew({ kind, user }) {
  if (kind === "account") {
    const answer = await open.refresh();
    keep(kind, answer.access_token, answer.expires_in, user);
  } else if (kind === "login") {
    await prepare().catch(() => {});
    await takeFromLogin().catch(() => false);
  }
}

function exclusively(work) {
  return navigator.locks ? navigator.locks.request(`${NAME}.refresh`, work) : work();
}

/** Forget who was here; the service ends the session, where it can be reached. */
export async function end() {
  const kept = session();
  localStorage.removeItem(KEY);
  if (kept?.kind !== "account") return;
  const mine = createClient({ baseUrl: BASE, token: kept.token, tries: 1 });
  await mine.logout().catch(() => {});
}

/** When somebody signs in or out in another tab. */
export function onChange(changed) {
  addEventListener("storage", (event) => event.key === KEY && (!event.newValue || !event.oldValue) && changed());
}
