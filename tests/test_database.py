"""Turns at the database: as many as there are connections, first come, first served."""

import time
from threading import Thread

import pytest

from taskapp.database.turns import Turns, Unavailable


def starts(work):
    thread = Thread(target=work)
    thread.start()
    time.sleep(0.02)  # so that it waits before the next one comes
    return thread


def test_whoever_waits_longest_is_next_also_before_a_newcomer():
    turns = Turns(1, seconds=5, room=3)
    order = []

    def take(name):
        with turns.taken():
            order.append(name)

    with turns.taken():
        waiting = [starts(lambda name=name: take(name)) for name in ("first", "second", "third")]
    take("newcomer")
    for thread in waiting:
        thread.join()

    assert order == ["first", "second", "third", "newcomer"]


def test_waiting_ends_with_unavailable_and_takes_no_turn_away():
    turns = Turns(1, seconds=0.05, room=3)

    with turns.taken(), pytest.raises(Unavailable), turns.taken():
        pass
    with turns.taken():
        pass


def test_nobody_waits_where_the_room_is_full():
    turns = Turns(1, seconds=5, room=0)

    began = time.monotonic()
    with turns.taken(), pytest.raises(Unavailable), turns.taken():
        pass

    assert time.monotonic() - began < 1
