"""The limit: the same answers from a plain WSGI function, with no framework and no guarantees.

psycopg's pool with prepared statements, orjson, one decode of the token. It has no log, no CORS,
no checks of the input beyond what the requests of the benchmark need.
"""

import os
import re
from typing import Any

import jwt
import orjson
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

SECRET = os.environ["JWT_SECRET_KEY"]
PATH = re.compile(r"/api/([^/]+)/tasks(?:/(\d+)(/complete)?)?")
FIELDS = (
    "id, user_id, title, description, completed, priority, due_date, tags, category,"
    ' to_char(completed_at, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') AS completed_at,'
    ' to_char(created_at, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') AS created_at,'
    ' to_char(updated_at, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') AS updated_at,'
    " revision, deleted_at, recurrence, recurrence_from, time_zone, series_id, occurrence,"
    " next_task_id"
)
COUNTED = (
    "WITH counted AS (UPDATE users SET revision = revision + 1 WHERE id = %(user)s"
    " RETURNING revision) "
)
GET = f"SELECT {FIELDS} FROM tasks WHERE user_id = %(user)s AND id = %(id)s AND deleted_at IS NULL"
REVISION = "SELECT revision FROM users WHERE id = %(user)s"
LIST = (
    f"SELECT {FIELDS}, (SELECT revision FROM users WHERE id = %(user)s) AS of_user FROM tasks"
    " WHERE user_id = %(user)s AND deleted_at IS NULL ORDER BY id DESC LIMIT 1001"
)
CREATE = (
    f"{COUNTED} INSERT INTO tasks (user_id, title, completed, created_at, updated_at, revision)"
    " VALUES (%(user)s, %(title)s, false, now(), now(), (SELECT revision FROM counted))"
    f" RETURNING {FIELDS}"
)
CHANGE = (
    f"{COUNTED} UPDATE tasks SET {{}}, updated_at = now(),"
    " revision = (SELECT revision FROM counted)"
    f" WHERE user_id = %(user)s AND id = %(id)s AND deleted_at IS NULL RETURNING {FIELDS}"
)
TOGGLE = CHANGE.format(
    "completed = NOT completed, completed_at = CASE WHEN NOT completed THEN now() END"
)
PUT = CHANGE.format("title = %(title)s")

pool = ConnectionPool(
    os.environ["DATABASE_URL"],
    min_size=int(os.environ["THREADS"]),
    max_size=int(os.environ["THREADS"]),
    kwargs={
        "autocommit": True,
        "row_factory": dict_row,
        "prepare_threshold": 0,
        "options": "-c timezone=UTC",
    },
    open=False,
)


def rows(statement: str, **values: Any) -> list[dict[str, Any]]:
    with pool.connection() as connection:
        return connection.execute(statement, values).fetchall()


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer one request."""
    pool.open()
    token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")[2]
    try:
        user = jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError:
        return answer(start_response, "401 UNAUTHORIZED", {})
    match = PATH.fullmatch(environ["PATH_INFO"])
    if match is None or match[1] != user:
        return answer(start_response, "403 FORBIDDEN", {})
    method, task_id = environ["REQUEST_METHOD"], match[2]
    if method == "GET" and task_id is None:
        return list_tasks(environ, start_response, user)
    if method == "GET":
        (task,) = rows(GET, user=user, id=task_id)
    elif method == "POST":
        body = orjson.loads(environ["wsgi.input"].read())
        (task,) = rows(CREATE, user=user, title=body["title"].strip())
        return answer(start_response, "201 CREATED", task, task["revision"])
    elif match[3]:
        (task,) = rows(TOGGLE, user=user, id=task_id)
    else:
        body = orjson.loads(environ["wsgi.input"].read())
        (task,) = rows(PUT, user=user, id=task_id, title=body["title"].strip())
    return answer(start_response, "200 OK", task, task["revision"])


def list_tasks(environ: dict[str, Any], start_response: Any, user: str) -> list[bytes]:
    if "HTTP_IF_NONE_MATCH" in environ:
        ((revision,),) = (row.values() for row in rows(REVISION, user=user))
        if environ["HTTP_IF_NONE_MATCH"] == f'"{revision}"':
            start_response("304 NOT MODIFIED", [("ETag", f'"{revision}"')])
            return []
    tasks = rows(LIST, user=user)
    revision = tasks[0]["of_user"]
    for task in tasks:
        del task["of_user"]
    return answer(start_response, "200 OK", tasks, revision)


def answer(start_response: Any, status: str, body: Any, revision: int | None = None) -> list[bytes]:
    text = orjson.dumps(body)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
    if revision is not None:
        headers.append(("ETag", f'"{revision}"'))
    start_response(status, headers)
    return [text]
