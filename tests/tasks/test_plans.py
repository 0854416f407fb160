"""How PostgreSQL answers questions: it looks at rows of the asking user, and at nobody else's."""

import itertools
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from taskapp.database import blocks, db, dialect, transaction
from taskapp.database.exchange import Query
from taskapp.tasks import listing
from taskapp.tasks.listing import Question
from tests.servers import has_cluster, new_user_id

pytestmark = pytest.mark.skipif(has_cluster(), reason="nodes plan by themselves")

MINE = 1000  # tasks
PEOPLE = 9  # beside, each with as many: a tenth of the table is mine, the oldest rows of it
MOMENT = datetime(2026, 2, 1, tzinfo=UTC)
FILTERS = {
    "nothing": {},
    "status": {"status": "pending"},
    "priority": {"priorities": ("high", "low")},
    "category": {"category": "work"},
    "tags": {"tags": ("home",)},
    "due": {"due_after": MOMENT, "due_before": MOMENT},
    "overdue": {"overdue": True},
    "search": {"words": ("nothing", "has", "this")},
    "count": {"counts": True},
}


@pytest.fixture(scope="module")
def user_id(app):
    """Somebody who has many tasks, all of them older than those of many others."""
    mine = new_user_id()
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            pytest.skip("SQLite has no such plans")
        for owner in (mine, *(new_user_id() for _ in range(PEOPLE))):
            user = {"id": owner, "count": MINE}
            connection.execute(
                sa.text("INSERT INTO users (id, created_at, revision) VALUES (:id, now(), :count)"),
                user,
            )
            connection.execute(
                sa.text(
                    "INSERT INTO tasks (user_id, title, completed, created_at, updated_at, revision"
                    ", due_at, due_date) SELECT :id, 'Task ' || n, n % 3 = 0, now(), now(), n,"
                    " now() - n * interval '1 hour', '2026-01-01T00:00'"
                    " FROM generate_series(1, :count) AS n"
                ),
                user,
            )
        connection.execute(sa.text("ANALYZE tasks"))
    return mine


def nodes(plan):
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


@pytest.mark.parametrize("what", FILTERS)
@pytest.mark.parametrize("sort_by", listing.ORDERS)
def test_a_question_looks_at_rows_of_its_user_only(app, user_id, what, sort_by):
    keys = {int: 7, str: "task 7", datetime: MOMENT}
    cursor = listing.Cursor(keys[listing.ORDERS[sort_by].kind], 7)
    places = [{}, {"offset": 100}, {"cursor": cursor}]
    for place, descending in itertools.product(places, (True, False)):
        question = Question(
            **FILTERS[what], **place, sort_by=sort_by, descending=descending, limit=50
        )
        text, values = listing.explained(user_id, question)
        with app.app_context(), transaction(user_id):
            assert dialect() == "postgresql"
            driver = blocks.at_hand().driver
            explain = b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + text
            ((plan,),) = driver.rows(driver.ask(Query(explain, values)), tuple)

        seen = [
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in nodes(plan[0]["Plan"])
            if node.get("Relation Name") == "tasks"
        ]
        assert seen
        assert max(seen) <= MINE, plan
