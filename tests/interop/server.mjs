// A real Better Auth server on loopback, as a Next.js project would configure it.
// `node server.mjs PORT ALGORITHM`; POST /rotate makes its keys expire at once.
import { createServer } from "node:http";
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

const handle = toNodeHandler(auth);
createServer((request, response) => {
  if (request.method === "POST" && request.url === "/rotate") {
    database.prepare("UPDATE jwks SET expiresAt = ?").run(new Date(Date.now() - 1000).toISOString());
    response.end();
  } else {
    handle(request, response);
  }
}).listen(Number(port), process.env.HOST ?? "127.0.0.1", () => console.log("ready"));
