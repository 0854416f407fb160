"""Turns at the database: as many as there are connections, first come, first served."""

import time
from threading import Event, Thread

import pytest

from taskapp.database.turns import Turns, Unavailable
from tests.waiting import PATIENCE, until


def starts(turns, work):
    thread = Thread(target=work)
    before = len(turns._waiting)
    thread.start()
    until(lambda: len(turns._waiting) > before)  # it waits before the next one comes
    return thread


def test_whoever_waits_longest_is_next_also_before_a_newcomer():
    turns = Turns(1, seconds=PATIENCE, room=3)
    order = []

    def take(name):
        with turns:
            order.append(name)

    with turns:
        waiting = [
            starts(turns, lambda name=name: take(name)) for name in ("first", "second", "third")
        ]
    take("newcomer")
    for thread in waiting:
        thread.join()

    assert order == ["first", "second", "third", "newcomer"]


def test_waiting_ends_with_unavailable_and_takes_no_turn_away():
    turns = Turns(1, seconds=0.05, room=3)

    with turns, pytest.raises(Unavailable), turns:
        pass
    with turns:
        pass


def test_nobody_waits_where_the_room_is_full():
    turns = Turns(1, seconds=PATIENCE, room=0)

    began = time.monotonic()
    with turns, pytest.raises(Unavailable), turns:
        pass

    assert time.monotonic() - began < PATIENCE / 2


@pytest.mark.parametrize("given", [False, True], ids=["while waiting", "as the turn comes"])
def test_whoever_is_stopped_takes_no_turn_away(monkeypatch, given):
    turns = Turns(1, seconds=0.05, room=3)
    turns.__enter__()

    def wait(event, seconds):
        if given:
            turns.__exit__()
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Event, "wait", wait)
        with pytest.raises(SystemExit), turns:
            pass
    if not given:
        turns.__exit__()

    with turns, pytest.raises(Unavailable), turns:
        pass
    with turns:
        pass
