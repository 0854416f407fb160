"""The nodes of a cluster: one that does not answer is given up for a while.

Whoever works for a user of such a node holds a connection until a time limit ends it. So after a
failure the node is looked at, and while it does not answer, its users are refused at once; now and
then one of them looks again. Users of other nodes are served meanwhile.
"""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from threading import Lock

import psycopg

from taskapp.database.exchange import Connection, Query
from taskapp.database.turns import Unavailable, reason

PAUSE = 2.0  # seconds between two looks at a node that was given up
PATIENCE = 1.0  # seconds
# It waits for no lock of the user's, and no longer than that.
LOOK = (
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

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._given_up: dict[str, float] = {}  # when the next look is due, in monotonic time
        self._lock = Lock()
        self._asking = Lock()

    def suspect(self, user_id: str) -> None:
        """Let the user's node be looked at before anybody works on it: work there has failed.

        Those who fail together ask one by one, and not for long if the coordinator is away.
        """
        if not self._asking.acquire(timeout=PATIENCE):
            return
        try:
            with closing(self._connect()) as driver:
                node = _node(driver, user_id)
        finally:
            self._asking.release()
        if node:
            self._given_up.setdefault(node, time.monotonic())

    def refuse(self, driver: Connection, user_id: str) -> None:
        """Raise `Unavailable` if the user's node was given up, and does not answer now either."""
        node = _node(driver, user_id) if self._given_up else ""
        if node not in self._given_up:
            return
        if not self._is_due(node) or not self._answers(node, user_id):
            raise Unavailable(f"node {node} does not answer")

    def _is_due(self, node: str) -> bool:
        """Tell whether it is time for a look, which is the caller's then."""
        with self._lock:
            due = time.monotonic() >= self._given_up.get(node, 0)
            if due:
                self._given_up[node] = time.monotonic() + PAUSE
            return due

    def _answers(self, node: str, user_id: str) -> bool:
        try:
            with closing(self._connect()) as driver:
                driver.ask(*LOOK, Query(ROW, [user_id], lasting=False))
        except psycopg.Error as error:
            logger.error("node %s does not answer: %s", node, reason(error))
            return False
        self._given_up.pop(node, None)
        return True


def _node(driver: Connection, user_id: str) -> str:
    """Return the node that a user is on; empty where there are none. The coordinator knows."""
    try:
        rows = driver.rows(driver.ask(Query(NODE, [user_id], lasting=False)), tuple)
    except psycopg.ProgrammingError:  # Citus is not in use
        return ""
    return rows[0][0] if rows else ""
