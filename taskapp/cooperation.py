"""All that knows gevent, except gunicorn's worker: waiting, work aside, time limits.

Under gunicorn the requests of a process share one thread, and whoever waits lets others go on.
Without gevent's patches, as in commands and most tests, waiting simply blocks.
"""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import gevent
from gevent import monkey

# What a socket is waited for. The numbers are those of psycopg and of gevent's watchers.
READ, WRITE = 1, 2
EVENTS = {READ: select.POLLIN, WRITE: select.POLLOUT, READ | WRITE: select.POLLIN | select.POLLOUT}
# gevent's own takes tens of microseconds, even to look without waiting.
_poll = monkey.get_original("select", "poll")

# Locks for what never waits for anything inside, so that no other request comes between. gevent's
# own take ten times as long.
Lock: Any = monkey.get_original("threading", "Lock")
RLock: Any = monkey.get_original("threading", "RLock")


def is_on() -> bool:
    """Tell whether gevent has replaced what blocks in the standard library."""
    return bool(monkey.is_module_patched("select"))


def is_readable(file: int) -> bool:
    """Look, without waiting, whether the socket has something to read, if only its end."""
    return bool(_ready(_polled(file, READ)))


def has_ended(client: Any) -> bool:
    """Look, without waiting, whether the other side of the socket has hung up; None never does."""
    if client is None or not is_readable(client.fileno()):
        return False
    try:
        return not client.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


@contextmanager
def noticing_the_end(client: Any, call: Callable[[], object]) -> Iterator[None]:
    """Inside the block, call that when the other side of the socket hangs up, or sends more."""
    if client is None or not is_on():
        yield
        return
    watcher = gevent.get_hub().loop.io(client.fileno(), READ)

    def notice() -> None:
        watcher.stop()  # what has come stays there
        gevent.spawn(call)  # the loop itself must not wait

    watcher.start(notice)
    try:
        yield
    finally:
        watcher.close()


def wait(file: int, wanted: int) -> int:
    """Wait until the socket is ready, and return what for; a broken one can be read."""
    poll = None
    # The hub is asked even where the answer is there already, so that others get their turn: a
    # client that always has its next request ready would hold the worker (p99 13 → 66 ms).
    if wanted != READ:
        poll = _polled(file, wanted)
        if ready := _ready(poll):
            return ready
    hub = gevent.get_hub()
    watcher = hub.loop.io(file, wanted)
    try:
        hub.wait(watcher)
    finally:
        watcher.close()
    return _ready(poll) if poll else READ


def aside(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what `work` returns, done in a real thread while other requests go on."""
    if is_on():
        done, error = gevent.get_hub().threadpool.apply(_outcome, (work, arguments))
        if error is not None:
            raise error
        return done
    return work(*arguments)


def give_way() -> None:
    """Let others go on, amid work that takes long and waits for nothing."""
    if is_on():
        look_around()


def look_around() -> None:
    """Let gevent's loop look at all sockets and timers once."""
    # After `sleep(0)` it would not for up to 5 ms: it goes on with whoever slept.
    hub = gevent.get_hub()
    hub.wait(hub.loop.timer(0))


def time_limit(seconds: float, error: Exception) -> AbstractContextManager[object]:
    """Return a context that raises the error if its block waits for longer than that."""
    return gevent.Timeout(seconds, error)


def _outcome(work: Callable[..., Any], arguments: Any) -> tuple[Any, BaseException | None]:
    # gevent prints what is raised in its threads, also where somebody expects it.
    try:
        return work(*arguments), None
    except BaseException as error:  # noqa: BLE001 - it is raised again by whoever waits
        return None, error


def _polled(file: int, wanted: int) -> Any:
    poll = _poll()
    poll.register(file, EVENTS[wanted])
    return poll


def _ready(poll: Any) -> int:
    found = poll.poll(0)
    if not found:
        return 0
    events = found[0][1]
    return (READ if events & ~select.POLLOUT else 0) | (WRITE if events & select.POLLOUT else 0)
