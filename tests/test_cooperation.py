"""Waiting as gevent's worker does: for sockets, for work aside, and not forever."""

import socket
import threading
import time

import gevent
import pytest

from taskapp import cooperation
from taskapp.cooperation import READ, WRITE


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def fill(ours):
    """Send until nothing more fits, and return how much that was."""
    ours.setblocking(False)
    sent = 0
    try:
        while True:
            sent += ours.send(b"x" * 65536)
    except BlockingIOError:
        return sent


def drain(theirs, size):
    while size > 0:
        size -= len(theirs.recv(65536))


def test_it_waits_for_something_to_read(pair):
    ours, theirs = pair
    assert not cooperation.is_readable(ours.fileno())
    gevent.spawn_later(0.01, theirs.send, b"x")

    assert cooperation.wait(ours.fileno(), READ) == READ

    assert cooperation.is_readable(ours.fileno())


def test_what_is_ready_is_told_at_once(pair):
    ours, theirs = pair

    assert cooperation.wait(ours.fileno(), WRITE) == WRITE
    assert cooperation.wait(ours.fileno(), READ | WRITE) == WRITE
    theirs.send(b"x")
    assert cooperation.wait(ours.fileno(), READ | WRITE) == READ | WRITE


@pytest.mark.parametrize("wanted", [WRITE, READ | WRITE])
def test_it_waits_for_room_to_write(pair, wanted):
    ours, theirs = pair
    size = fill(ours)
    gevent.spawn_later(0.01, drain, theirs, size)

    assert cooperation.wait(ours.fileno(), wanted) == WRITE


def test_a_socket_that_the_other_side_closed_can_be_read(pair):
    ours, theirs = pair
    theirs.close()

    assert cooperation.wait(ours.fileno(), READ) == READ
    assert cooperation.wait(ours.fileno(), READ | WRITE) & READ
    assert cooperation.is_readable(ours.fileno())


@pytest.mark.parametrize("is_on", [True, False])
def test_work_aside_returns_or_raises_as_it_would_here(monkeypatch, is_on):
    monkeypatch.setattr(cooperation, "is_on", lambda: is_on)

    assert cooperation.aside(divmod, 7, 3) == (2, 1)
    with pytest.raises(ZeroDivisionError):
        cooperation.aside(divmod, 7, 0)
    here = threading.get_ident()
    assert (cooperation.aside(threading.get_ident) == here) is not is_on


def test_a_limit_of_time_ends_a_wait(pair):
    ours, _ = pair
    began = time.monotonic()

    with pytest.raises(LookupError), cooperation.time_limit(0.01, LookupError()):
        cooperation.wait(ours.fileno(), READ)

    assert time.monotonic() - began < 10
