"""A node of a cluster that has frozen: its users hear so at once, and others are served.

On a plain PostgreSQL, where the tables of Citus are made up, and a policy lets rows of some users
take for ever.
"""

import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest

from tests.servers import ForkedService
from tests.waiting import PATIENCE, until

POOL = 3
CITUS = """
CREATE TABLE pg_dist_partition ();
CREATE TABLE pg_dist_placement (shardid bigint, groupid int);
CREATE TABLE pg_dist_node (groupid int, nodename text, nodeport int);
INSERT INTO pg_dist_placement VALUES (1, 1), (2, 2);
INSERT INTO pg_dist_node VALUES (1, 'good', 5432), (2, 'frozen', 5432);
CREATE FUNCTION get_shard_id_for_distribution_column(regclass, varchar) RETURNS bigint
    LANGUAGE sql AS $$ SELECT CASE WHEN $2 LIKE 'frozen%' THEN 2 ELSE 1 END $$;
"""
# The login owns the tables, and is subject to the policy, too: it is the login that looks.
FREEZE = """
CREATE TABLE frozen (one int);
GRANT SELECT ON frozen TO PUBLIC;
CREATE FUNCTION answers(id text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    IF id LIKE 'frozen%' AND EXISTS (SELECT FROM frozen) THEN PERFORM pg_sleep(600); END IF;
    RETURN true;
END $$;
CREATE POLICY answers ON users AS RESTRICTIVE USING (answers(id));
CREATE POLICY owner ON users TO CURRENT_USER USING (true);
ALTER TABLE users FORCE ROW LEVEL SECURITY;
"""


@pytest.fixture
def service(postgresql_url, tmp_path):
    name = f"frozen_{secrets.token_hex(6)}"
    about = psycopg.conninfo.conninfo_to_dict(postgresql_url)
    url = f"postgresql://{name}@/{name}?host={about['host']}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE")
        admin.execute(f"CREATE DATABASE {name} OWNER {name}")
    few = {
        "DATABASE_POOL_SIZE": str(POOL),
        "DATABASE_TIMEOUT": "2",
        "WEB_CONCURRENCY": "1",
        "DATABASE_ROLE": f"{name}_service",
    }
    service = ForkedService(url, tmp_path, **few)
    service.migrate()
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(CITUS)
        owner.execute(FREEZE)
        service.start()
        service.owner = owner
        try:
            yield service
        finally:
            service.stop()
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.execute(f"DROP ROLE {name}_service; DROP ROLE {name}")


def test_users_of_other_nodes_are_served(service):
    over = Event()

    def ask(user_id):
        """Ask for the user's tasks until the end, and return the answers that were not 200."""
        refused = []
        with service.session(user_id) as session:
            tasks = f"{service.url}/api/{user_id}/tasks"
            assert session.post(tasks, json={"title": "t"}).status_code == 201
            while not over.wait(0.01):
                answer = session.get(tasks, timeout=PATIENCE)
                counts[user_id] += answer.status_code == 200
                if answer.status_code != 200:
                    refused.append(answer)
                elif user_id.startswith("frozen"):
                    assert len(answer.json()) == 1
        return refused

    many = [f"frozen-{number}" for number in range(2 * POOL)]
    counts = dict.fromkeys(["alice", *many], 0)
    with ThreadPoolExecutor(len(counts)) as pool:
        asked = {user_id: pool.submit(ask, user_id) for user_id in counts}
        try:
            until(lambda: all(counts.values()), "answers for everybody")
            service.owner.execute("INSERT INTO frozen VALUES (1)")
            until(lambda: "node frozen:5432 does not answer" in service.log.read_text(), "a look")
            before = counts.copy()
            until(lambda: counts["alice"] > before["alice"] + 50, "answers for Alice")
            meanwhile = [counts[user_id] - before[user_id] for user_id in many]
            service.owner.execute("DELETE FROM frozen")
            after = counts.copy()
            until(lambda: all(counts[each] > after[each] for each in counts), "the end")
        finally:
            over.set()
    refused = {user_id: future.result() for user_id, future in asked.items()}

    assert meanwhile == [0] * len(many)
    for user_id, answers in refused.items():
        statuses = {(answer.status_code, "Retry-After" in answer.headers) for answer in answers}
        assert statuses <= {(503, True)}
        assert statuses or user_id == "alice"
