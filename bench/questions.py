"""What the list's questions cost PostgreSQL, for somebody with 10,000 tasks among a million.

`python -m bench.questions`: planning and execution as PostgreSQL tells them, medians of several
runs, beside what most services of this kind send: ILIKE over two columns, and OFFSET.
"""

import json
import statistics
import tempfile
from collections.abc import Iterator
from typing import Any

import flask_migrate
import psycopg
from flask import Flask

from bench.run import database
from taskapp import create_app
from taskapp.database import blocks, transaction
from taskapp.database.exchange import Query
from taskapp.tasks import listing
from taskapp.tasks.folding import words
from taskapp.tasks.listing import Question

SIZES = {"asked": 10_000, "large": 100_000, "small": 50}
OTHERS = 8900  # users beside them, with 100 tasks each
RUNS = 9
PAGE = 50
HUNDREDTH = 99 * PAGE
TASKS = (
    "INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at, revision,"
    " priority, category, folded_tags, tags, due_at, due_date)"
    " SELECT {owner}, 'Task ' || md5(n::text), 'What there is to say about task ' || n, n % 3 = 0,"
    " now() - n * interval '1 minute', now(), n, (ARRAY['low', 'medium', 'high'])[1 + n % 3],"
    " (ARRAY['Work', 'Home', NULL])[1 + n % 3],"
    " E'\\x1f' || (ARRAY['errands', 'phone'])[1 + n % 2] || E'\\x1f',"
    " ARRAY[(ARRAY['errands', 'phone'])[1 + n % 2]],"
    " CASE WHEN n % 4 > 0 THEN now() + (n % 900) * interval '1 hour' END,"
    " CASE WHEN n % 4 > 0 THEN '2026-01-01T00:00' END FROM {rows}"
)
FILTERS: dict[str, dict[str, Any]] = {
    "status=pending": {"status": "pending"},
    "priority=high,low": {"priorities": ("high", "low")},
    "category=work": {"category": "work"},
    "tags=phone": {"tags": ("phone",)},
    "overdue=true": {"overdue": True},
    "search, a few hits": {"words": tuple(words("task 9f8"))},
    "search, no hit": {"words": tuple(words("no such thing"))},
}
USUAL = {
    "first page": "ORDER BY created_at DESC LIMIT 50",
    "100th page": f"ORDER BY created_at DESC LIMIT 50 OFFSET {HUNDREDTH}",
    "search, no hit": "AND (title ILIKE '%no such thing%' OR description ILIKE '%no such thing%')"
    " ORDER BY created_at DESC LIMIT 50",
}


def load(url: str) -> None:
    """Store a million tasks."""
    with psycopg.connect(url, autocommit=True) as connection:
        users = "INSERT INTO users (id, created_at, revision) SELECT {}, now(), 1 FROM {}"
        others = f"generate_series(1, {OTHERS}) AS u"
        connection.execute(users.format("'other-' || u", others))
        rows = f"{others}, generate_series(1, 100) AS n"
        connection.execute(TASKS.format(owner="'other-' || u", rows=rows))
        for name, size in SIZES.items():
            connection.execute(users.format(f"'{name}'", "generate_series(1, 1)"))
            rows = f"generate_series(1, {size}) AS n"
            connection.execute(TASKS.format(owner=f"'{name}'", rows=rows))
        connection.execute("VACUUM ANALYZE")


def milliseconds(app: Flask, user_id: str, text: bytes, values: list[Any]) -> float:
    """Return the median time of the statement, as the role and user of a request."""
    explain = Query(b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + text, values)
    found = []
    for _ in range(RUNS):
        with app.app_context(), transaction(user_id):
            driver: Any = blocks.at_hand().driver
            ((plan,),) = driver.rows(driver.ask(explain), tuple)
        plan = json.loads(plan) if isinstance(plan, str) else plan
        found.append(plan[0]["Planning Time"] + plan[0]["Execution Time"])
    return statistics.median(found)


def questions() -> Iterator[tuple[str, Question]]:
    """Yield each filter and each order, by its name."""
    for sort_by in listing.ORDERS:
        name = f"sort_by={sort_by}" if sort_by else "newest first"
        yield name, Question(sort_by=sort_by, limit=PAGE)
    for name, filters in FILTERS.items():
        yield name, Question(**filters, limit=PAGE)
    yield "count=true", Question(counts=True, limit=PAGE)


def hundredth(app: Flask, user_id: str, question: Question) -> Question | None:
    """Return the question for the hundredth page by its cursor; None if there are fewer."""
    before = Question(**{**vars(question), "offset": HUNDREDTH - 1, "limit": 1})
    with app.app_context(), transaction(user_id):
        rows = listing.page(user_id, before).rows
    return question.beside(question.after(rows[0])) if rows else None


def main() -> None:
    """Measure, and print a table for docs/performance.md."""
    with database() as url, tempfile.TemporaryDirectory() as folder:
        settings = {"DATABASE_URL": url, "JWT_SECRET_KEY": "x" * 32, "INSTANCE_PATH": folder}
        app = create_app(settings)
        with app.app_context():
            flask_migrate.upgrade()
        load(url)

        def cost(user_id: str, question: Question) -> float:
            return milliseconds(app, user_id, *listing.explained(user_id, question))

        print("| question | 1st page, ms | 100th page, ms |\n|---|---|---|")
        for name, question in questions():
            later = hundredth(app, "asked", question)
            last = f"{cost('asked', later):.1f}" if later else "–"
            print(f"| {name} | {cost('asked', question):.1f} | {last} |")
        usual = Question(limit=PAGE)
        growth = [cost(user_id, usual) for user_id in ("small", "asked", "large")]
        print("\nnewest first, of 50, 10,000 and 100,000 tasks:", *(f"{ms:.2f}" for ms in growth))
        for name, rest in USUAL.items():
            text = f"SELECT * FROM tasks WHERE user_id = 'asked' AND deleted_at IS NULL {rest}"
            print(f"as most write it, {name}: {milliseconds(app, 'asked', text.encode(), []):.1f}")


if __name__ == "__main__":
    main()
