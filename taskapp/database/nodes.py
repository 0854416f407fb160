"""The nodes of a cluster: one that does not answer is given up for a while.

Whoever works for a user of such a node holds a connection until a time limit ends it. So after a
failure the node is looked at, and if it does not answer, its users are refused at once; now and
then one of them looks again. Users of other nodes are served meanwhile.
"""

import logging
import time
from threading import Lock

import psycopg
from psycopg.pq import TransactionStatus

from taskapp.database.exchange import ROLLBACK, Connection, Query
from taskapp.database.turns import Unavailable

PAUSE = 2.0  # seconds between two looks at a node that was given up
LOOK = (  # it waits for no lock of the user's, and no longer than that
    Query(b"BEGIN", lasting=False),
    Query(b"SET LOCAL statement_timeout = '1s'", lasting=False),
)
ROW = b"SELECT 1 FROM users WHERE users.id = $1"
NODE = b"""
SELECT nodename || ':' || nodeport FROM pg_dist_placement JOIN pg_dist_node USING (groupid)
WHERE shardid = get_shard_id_for_distribution_column('users', $1::varchar)
"""

logger = logging.getLogger("taskapp")


class Nodes:
    """Which nodes this process has given up."""

    def __init__(self) -> None:
        self._given_up: dict[str, float] = {}  # when the next look is due, in monotonic time
        self._lock = Lock()

    def suspect(self, driver: Connection, user_id: str) -> None:
        """Give up the user's node if it does not answer; work for the user has failed."""
        if driver.closed or driver.pgconn.transaction_status != TransactionStatus.IDLE:
            return
        node = _node(driver, user_id)
        if node and not _answers(driver, user_id):
            self._give_up(node)

    def refuse(self, driver: Connection, user_id: str) -> None:
        """Raise `Unavailable` if the user's node was given up, and does not answer now either."""
        if not self._given_up:
            return
        node = _node(driver, user_id)
        if node not in self._given_up:
            return
        if self._is_due(node) and _answers(driver, user_id):
            self._given_up.pop(node, None)
            logger.warning("node %s answers again", node)
        else:
            raise Unavailable(f"node {node} does not answer")

    def _give_up(self, node: str) -> None:
        if node not in self._given_up:
            logger.error("node %s does not answer: its users are refused", node)
        self._given_up[node] = time.monotonic() + PAUSE

    def _is_due(self, node: str) -> bool:
        """Tell whether it is time for a look, which is the caller's then."""
        with self._lock:
            due = time.monotonic() >= self._given_up.get(node, 0)
            if due:
                self._given_up[node] = time.monotonic() + PAUSE
            return due


def _node(driver: Connection, user_id: str) -> str:
    """Return the node that a user is on; empty where there are none. The coordinator knows."""
    try:
        rows = driver.rows(driver.ask(Query(NODE, [user_id], lasting=False)), tuple)
    except psycopg.ProgrammingError:  # Citus is not in use
        return ""
    return rows[0][0] if rows else ""


def _answers(driver: Connection, user_id: str) -> bool:
    try:
        driver.ask(*LOOK, Query(ROW, [user_id], lasting=False), ROLLBACK)
    except psycopg.Error:
        if not driver.closed:
            driver.ask(ROLLBACK)
        return False
    return True
