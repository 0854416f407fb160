"""Waiting for a user's next write (long polling), without a database connection for each waiter.

On PostgreSQL one connection of the process, outside the pool, listens for all of its waiters, and
is opened by the first. Where an announcement can't come (SQLite, a pooler in transaction mode, a
connection that was lost) waiters look for themselves from time to time.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import Any

import psycopg
from flask import Flask, current_app, request

from taskapp import config, cooperation
from taskapp.database import autocommit, connections, now, transaction
from taskapp.users import revisions

LOOK = 0.5  # seconds between two looks where nothing is announced
LOOK_ANYWAY = 5.0  # where it should be
RETRY_AFTER = 5  # seconds, for whoever found no place to wait
OF_ONE_USER = 4  # places

logger = logging.getLogger("taskapp")


class Waiters:
    """The requests of this process that wait, by user."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = Lock()
        self._events: dict[str, set[Event]] = {}
        self._count = 0
        self._closed = False

    @contextmanager
    def place(self, user_id: str) -> Iterator[Event | None]:
        """Hold a place: an event that the user's next write sets.

        None where all are taken, or this user has taken enough of them.
        """
        event = Event()
        with self._lock:
            mine = len(self._events.get(user_id, ()))
            if self._closed or self._count >= self.most or mine >= OF_ONE_USER:
                event = None  # type: ignore[assignment]
            else:
                self._count += 1
                self._events.setdefault(user_id, set()).add(event)
        try:
            yield event
        finally:
            if event is not None:
                self._leave(user_id, event)

    def wake(self, user_id: str) -> None:
        """Wake those who wait for this user."""
        with self._lock:
            for event in self._events.get(user_id, ()):
                event.set()

    def wake_all(self) -> None:
        """Wake everybody: something may have been missed."""
        with self._lock:
            for events in self._events.values():
                for event in events:
                    event.set()

    def close(self) -> None:
        """Wake everybody and let nobody wait any more: the process is about to end."""
        self._closed = True
        self.wake_all()

    @property
    def closed(self) -> bool:
        """Whether nobody may wait any more."""
        return self._closed

    def _leave(self, user_id: str, event: Event) -> None:
        with self._lock:
            self._count -= 1
            events = self._events[user_id]
            events.discard(event)
            if not events:
                del self._events[user_id]


class Listener:
    """Listens to PostgreSQL for all waiters of this process, in a thread of its own."""

    def __init__(self, waiters: Waiters, parameters: dict[str, Any]) -> None:
        self._waiters = waiters
        self._parameters = parameters  # of libpq
        self._lock = Lock()
        self._thread: Thread | None = None
        self.listening = Event()

    def start(self) -> None:
        """Start the thread, unless it runs."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._waiters.closed:
            try:
                self._listen()
            except psycopg.Error as error:
                logger.warning("can't listen to the database: %s", type(error).__name__)
            self.listening.clear()
            self._waiters.wake_all()
            time.sleep(1)

    def _listen(self) -> None:
        with psycopg.connect(**self._parameters, autocommit=True) as connection:
            connection.execute(f"LISTEN {revisions.CHANNEL}")
            self.listening.set()
            self._waiters.wake_all()
            for notification in connection.notifies():
                self._waiters.wake(notification.payload)


def init_app(app: Flask) -> None:
    settings = config.of(app)
    waiters = Waiters(settings.waiters)
    app.extensions["taskapp.waiters"] = waiters
    if settings.database.get_backend_name() == "postgresql":
        server = connections.direct(settings, "taskapp-listener")
        app.extensions["taskapp.listener"] = Listener(waiters, server.parameters)


def until_changed(user_id: str, since: int, seconds: float) -> bool:
    """Wait until the user's revision is above `since`, for so many seconds at most.

    It ends when the client has hung up, too. False if there was no place to wait. No transaction
    may be open: no connection is held.
    """
    waiters: Waiters = current_app.extensions["taskapp.waiters"]
    client = request.environ.get("gunicorn.socket")
    with waiters.place(user_id) as event:
        if event is None:
            return False
        look = _announced(user_id, seconds)
        deadline = time.monotonic() + seconds
        with cooperation.noticing_the_end(client, event.set):
            while True:
                # The event is cleared before the look: what comes in between sets it again.
                event.clear()
                left = deadline - time.monotonic()
                over = waiters.closed or left <= 0 or cooperation.has_ended(client)
                if over or _changed(user_id, since):
                    return True
                event.wait(min(left, look()))


def _changed(user_id: str, since: int) -> bool:
    with autocommit(user_id):
        revision = revisions.current(user_id)
    # Without a row the user may have been erased: that is for the caller to see.
    return revision > since or (revision == 0 and since > 0)


def _announced(user_id: str, seconds: float) -> Callable[[], float]:
    """Ask for announcements, and return how long one may rely on them."""
    listener: Listener | None = current_app.extensions.get("taskapp.listener")
    if listener is None:
        return lambda: LOOK
    listener.start()
    with transaction(user_id):
        known = revisions.current(user_id)
        if known:
            revisions.watch(user_id, now() + timedelta(seconds=seconds + 1))
    # A user who has no row yet has nothing to be announced by.
    return lambda: LOOK_ANYWAY if known and listener.listening.is_set() else LOOK
