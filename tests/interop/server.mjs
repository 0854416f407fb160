// A real Better Auth server on loopback, as a Next.js project would configure it.
// `node server.mjs PORT ALGORITHM`; POST /rotate makes its keys expire at once. Beside it lie the
// files in PAGES, as a frontend does, and the origin in FRONTEND may ask it, too.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";
import Database from "better-sqlite3";

const [port, alg] = process.argv.slice(2);
const database = new Database(process.env.DATABASE ?? ":memory:");
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: process.env.BETTER_AUTH_SECRET,
  database,
  emailAndPassword: { enabled: true },
  session: { cookieCache: { enabled: true, strategy: "jwt" } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    jwt({ sessionCookieCache: true, jwks: alg === "default" ? {} : { keyPairConfig: { alg } } }),
    bearer(),
  ],
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();

const { PAGES, FRONTEND } = process.env;
const TYPES = { ".js": "text/javascript", ".html": "text/html" };

async function serveFile(path, response) {
  try {
    const content = await readFile(join(PAGES, path === "/" ? "index.html" : path));
    response.setHeader("Content-Type", TYPES[extname(path)] ?? "text/html").end(content);
  } catch {
    response.writeHead(404).end();
  }
}

const handle = toNodeHandler(auth);
createServer((request, response) => {
  if (FRONTEND && request.headers.origin === FRONTEND) {
    response.setHeader("Access-Control-Allow-Origin", FRONTEND);
    response.setHeader("Access-Control-Allow-Credentials", "true");
  }
  if (PAGES && request.method === "GET" && !request.url.startsWith("/api/")) {
    serveFile(new URL(request.url, "http://localhost").pathname, response);
  } else if (request.method === "POST" && request.url === "/rotate") {
    database.prepare("UPDATE jwks SET expiresAt = ?").run(new Date(Date.now() - 1000).toISOString());
    response.end();
  } else {
    handle(request, response);
  }
}).listen(Number(port), process.env.HOST ?? "127.0.0.1", () => console.log("ready"));
