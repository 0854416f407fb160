// What a user of Node would pick: Fastify, written with care.
//
// pg's pool with prepared statements, fast-jwt that checks each token (nothing is cached), compiled
// serialisers, a cluster. One statement for each request. As with the plain WSGI function: no log,
// no CORS, no idempotency keys, no rate limits.
import cluster from "node:cluster";

import { createVerifier } from "fast-jwt";
import Fastify from "fastify";
import pg from "pg";

const BIGINT = 20; // its number among PostgreSQL's types
const text = { type: "string", nullable: true };
const whole = { type: "integer", nullable: true };
const TASK = {
  type: "object",
  properties: {
    id: { type: "integer" },
    user_id: { type: "string" },
    title: { type: "string" },
    description: text,
    completed: { type: "boolean" },
    priority: { type: "string" },
    due_date: text,
    tags: { type: "array", items: { type: "string" } },
    category: text,
    completed_at: text,
    created_at: { type: "string" },
    updated_at: { type: "string" },
    revision: { type: "integer" },
    deleted_at: text,
    recurrence: text,
    recurrence_from: text,
    time_zone: text,
    series_id: text,
    occurrence: whole,
    next_task_id: whole,
  },
};
const BODY = {
  type: "object",
  required: ["title"],
  properties: { title: { type: "string", minLength: 1, maxLength: 255 } },
};

const MOMENTS = new Set(["completed_at", "created_at", "updated_at"]);
const FIELDS = Object.keys(TASK.properties)
  .map((name) => (MOMENTS.has(name) ? `to_char(${name}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${name}` : name))
  .join(", ");
const MINE = "FROM tasks WHERE user_id = $1 AND deleted_at IS NULL";
const COUNTED = "WITH counted AS (UPDATE users SET revision = revision + 1 WHERE id = $1 RETURNING revision)";
const change = (set) =>
  `${COUNTED} UPDATE tasks SET ${set}, updated_at = now(), revision = (SELECT revision FROM counted)
   WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING ${FIELDS}`;
const STATEMENTS = {
  get: `SELECT ${FIELDS} ${MINE} AND id = $2`,
  revision: "SELECT revision FROM users WHERE id = $1",
  list: `SELECT ${FIELDS}, (SELECT revision FROM users WHERE id = $1) AS of_user ${MINE}
         ORDER BY id DESC LIMIT 1001`,
  create: `${COUNTED} INSERT INTO tasks (user_id, title, completed, created_at, updated_at, revision)
           VALUES ($1, $2, false, now(), now(), (SELECT revision FROM counted)) RETURNING ${FIELDS}`,
  toggle: change("completed = NOT completed, completed_at = CASE WHEN NOT completed THEN now() END"),
  put: change("title = $3"),
};

function serve() {
  pg.types.setTypeParser(BIGINT, Number);
  const pool = new pg.Pool({
    connectionString: process.env.DATABASE_URL,
    max: Number(process.env.THREADS),
    idleTimeoutMillis: 0,
    options: "-c timezone=UTC",
  });
  const verify = createVerifier({ key: process.env.JWT_SECRET_KEY, algorithms: ["HS256"], cache: false });
  const app = Fastify();

  async function rows(name, ...values) {
    return (await pool.query({ name, text: STATEMENTS[name], values })).rows;
  }

  async function owner(request, reply) {
    try {
      request.user = verify((request.headers.authorization ?? "").slice("Bearer ".length)).sub;
    } catch {
      return reply.code(401).send();
    }
    if (request.user !== request.params.user) return reply.code(403).send();
  }

  function one(reply, [task]) {
    if (!task) return reply.code(404).send();
    return reply.header("ETag", `"${task.revision}"`).send(task);
  }

  async function list({ user, headers }, reply) {
    const known = headers["if-none-match"];
    if (known) {
      const [{ revision }] = await rows("revision", user);
      if (known === `"${revision}"`) return reply.code(304).header("ETag", known).send();
    }
    const tasks = await rows("list", user);
    return reply.header("ETag", `"${tasks[0]?.of_user ?? 0}"`).send(tasks);
  }

  const answers = (code, schema) => ({ onRequest: owner, schema: { response: { [code]: schema } } });
  const takes = (options) => ({ ...options, schema: { ...options.schema, body: BODY } });
  const task = "/api/:user/tasks/:id";
  app.get("/health/ready", async () => rows("revision", "").then(() => ({ status: "ok" })));
  app.get("/api/:user/tasks", answers(200, { type: "array", items: TASK }), list);
  app.post("/api/:user/tasks", takes(answers(201, TASK)), async ({ user, body }, reply) =>
    one(reply.code(201), await rows("create", user, body.title.trim())),
  );
  app.get(task, answers(200, TASK), async ({ user, params }, reply) => one(reply, await rows("get", user, params.id)));
  app.put(task, takes(answers(200, TASK)), async ({ user, params, body }, reply) =>
    one(reply, await rows("put", user, params.id, body.title.trim())),
  );
  app.patch(`${task}/complete`, answers(200, TASK), async ({ user, params }, reply) =>
    one(reply, await rows("toggle", user, params.id)),
  );
  return app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
}

if (cluster.isPrimary) {
  for (let worker = 0; worker < Number(process.env.WEB_CONCURRENCY); worker += 1) cluster.fork();
  // Its workers end with it.
  process.on("SIGTERM", () => process.exit(0));
} else {
  await serve();
}
