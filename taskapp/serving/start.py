"""Whether to start serving, what a worker does first, and what it lets go of at SIGTERM."""

import logging
import signal
from threading import Thread
from typing import Any

import gevent
from flask import Flask

from taskapp import config, database
from taskapp.auth import guard
from taskapp.database import Unavailable, connections, exchange, schema

logger = logging.getLogger("gunicorn.error")


def refusal(settings: config.Settings) -> str | None:
    """Return why the service should not start on this database; None if it should."""
    # Not the application itself: the workers make theirs after they were forked.
    app = Flask("taskapp", instance_path=settings.instance_path)
    config.init_app(app, settings)
    try:
        database.init_app(app)
    except config.BadSetting as bad:
        return str(bad)
    with app.app_context():
        try:
            reason = schema.trouble(newer_allowed=settings.allow_newer_database)
            if not reason and connections.loses_statements(settings):
                logger.warning("%s %s", exchange.NOT_KEPT, exchange.KEEP)
            return reason
        except Unavailable as error:
            logger.warning("%s Until it can, every answer is a 503.", schema.away(error))
            return None
        finally:
            database.db.engine.dispose()


def begin(worker: Any) -> None:
    """Prepare a worker of gunicorn that has loaded the application for its work."""
    # Each worker has keys of its own. Serving does not wait for a login that is slow.
    Thread(target=guard.warm_up, args=(worker.wsgi,), daemon=True).start()
    _release_waiters_at_the_end(worker)


def _release_waiters_at_the_end(worker: Any) -> None:
    # A long poll lasts longer than requests are given to end after SIGTERM.
    handle = signal.getsignal(signal.SIGTERM)

    def release_and_handle(number: int, frame: Any) -> None:
        # Not in here: the handler may have interrupted whoever holds the lock.
        gevent.spawn(worker.wsgi.extensions["taskapp.waiters"].close)
        handle(number, frame)  # type: ignore[operator,misc]

    signal.signal(signal.SIGTERM, release_and_handle)
