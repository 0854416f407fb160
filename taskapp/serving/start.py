"""Whether to start serving, what a worker does first, and what it lets go of at SIGTERM."""

import errno
import logging
import signal
import socket
from collections.abc import Iterable
from threading import Thread
from typing import Any

import gevent
from flask import Flask

from taskapp import config, database
from taskapp.auth import guard
from taskapp.database import Unavailable, connections, exchange, schema

NOWHERE = "HOST: nobody can listen on {0!r}: {1}. Another tool may have set it."

logger = logging.getLogger("gunicorn.error")


def not_free(places: Iterable[Any]) -> str | None:
    """Return why nobody can listen at one of the places, a host and a port each; None if one can.

    gunicorn itself tries five times, a second apart.
    """
    for place in places:
        if isinstance(place, tuple):
            try:
                _bind(*place)
            except (UnicodeError, TypeError):  # of what can't be a name, by gevent or Python
                return NOWHERE.format(place[0], "it is no host name")
            except OSError as error:
                return _why(error, *place)
    return None


def _bind(host: str, port: int) -> None:
    # Whoever listens may be connected to, by a proxy that waits for this service to come back, and
    # would cut that off.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT: {port} is in use already on {host}."
    if error.errno == errno.EACCES:
        return f"PORT: {port} is not for ordinary users; take one above 1023."
    return NOWHERE.format(host, str(error.strerror).lower())


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
