// The people, the client and the bad network of the tests.
import { createHmac, randomUUID } from "node:crypto";
import { connect, createServer } from "node:net";
import { createClient } from "../src/index.js";

const { BASE, SECRET } = process.env;
export const base = BASE;

export function tokenOf(userId, secret = SECRET) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: userId, iat: now, exp: now + 900 };
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const head = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
}

export function newUser() {
  const id = `user-${randomUUID()}`;
  return { id, token: tokenOf(id) };
}

export function clientOf(user, options = {}) {
  return createClient({ baseUrl: BASE, token: user.token, ...options });
}

export async function until(holds, what) {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`waited in vain for ${what}`);
}

/**
 * A network in front of the service that cuts connections. `cuts` says for those to come after how
 * many bytes, on their way there (negative: on their way back); then it is a good one again.
 */
export async function badNetwork() {
  const target = new URL(BASE);
  const cuts = [];
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const pair = [near, far];
    const cut = cuts.shift();
    const end = () => pair.forEach((socket) => socket.destroy());
    pair.forEach((socket) => {
      sockets.add(socket);
      socket.on("error", end).on("close", () => {
        sockets.delete(socket);
        end();
      });
    });
    carry(near, far, cut > 0 ? cut : Infinity, end);
    carry(far, near, cut < 0 ? -cut : Infinity, end);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cuts,
    /** End all connections: what comes next needs new ones. */
    drop: () => sockets.forEach((socket) => socket.destroy()),
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

function carry(from, to, most, end) {
  let left = most;
  from.on("data", (piece) => {
    to.write(piece.subarray(0, left));
    left -= piece.length;
    if (left <= 0) end();
  });
}
