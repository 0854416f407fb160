"""Turns at the database: as many as there are connections, given to those who ask by turns."""

import time
from contextlib import ExitStack
from threading import Event, Thread

import pytest

from taskapp.database.turns import Turns, Unavailable
from tests.waiting import PATIENCE, until


class Queue:
    """Those who ask for turns, and the order in which they had one."""

    def __init__(self, turns):
        self.turns, self.order, self.refused, self.threads = turns, [], [], []

    def ask(self, *names):
        """Let each of them wait, before the next one comes."""
        for name in names:
            before = self.turns.waiting
            thread = Thread(target=self._take, args=(name,))
            self.threads.append(thread)
            thread.start()
            until(lambda before=before: self.turns.waiting > before or self.refused)

    def end(self):
        for thread in self.threads:
            thread.join()

    def _take(self, name):
        try:
            with self.turns.of(name):
                self.order.append(name)
        except Unavailable:
            self.refused.append(name)


@pytest.fixture
def queue():
    return Queue(Turns(1, seconds=PATIENCE, room=6))


def test_whoever_waits_longest_is_next_also_before_a_newcomer(queue):
    with queue.turns.of("somebody"):
        queue.ask("first", "second", "third")
    queue.end()

    assert queue.order == ["first", "second", "third"]


def test_whoever_asks_for_many_turns_has_them_in_turn_with_the_others(queue):
    with queue.turns.of("somebody"):
        queue.ask("many", "many", "many", "many", "alice", "bob")
    queue.end()

    assert queue.order == ["many", "alice", "bob", "many", "many", "many"]


def test_where_there_is_no_room_whoever_waits_most_often_makes_some(queue):
    with queue.turns.of("somebody"):
        queue.ask(*["many"] * 6, "alice")
        with pytest.raises(Unavailable), queue.turns.of("many"):
            pass
    queue.end()

    assert queue.order == ["many", "alice", *["many"] * 4]
    assert queue.refused == ["many"]


def test_nobody_has_all_turns():
    turns = Turns(3, seconds=PATIENCE, room=6)
    queue = Queue(turns)
    with ExitStack() as held:
        held.enter_context(turns.of("many"))
        held.enter_context(turns.of("many"))
        queue.ask("many")

        with turns.of("alice"):
            assert turns.waiting == 1  # though there was one for alice
        assert turns.waiting == 1
    queue.end()

    assert queue.order == ["many"]
    assert not turns._held
    assert turns._free == 3


def test_beside_others_a_name_gets_more_turns_only_up_to_its_share():
    turns = Turns(6, seconds=PATIENCE, room=6)
    queue = Queue(turns)
    with ExitStack() as held, ExitStack() as others:
        for name in ("many", "many"):
            held.enter_context(turns.of(name))
        for name in ("alice", "bob"):
            others.enter_context(turns.of(name))

        queue.ask("many", "many", "many")  # two of six are there for each of three
        with turns.of("carol"):
            assert turns.waiting == 3
        assert turns.waiting == 3

        others.close()
        assert turns.waiting == 0
    queue.end()

    assert not turns._held
    assert turns._free == 6


def test_whoever_gives_up_waiting_leaves_a_share_to_the_others():
    turns = Turns(2, seconds=0.05, room=6)
    with turns.of("alice"), turns.of("bob"), pytest.raises(Unavailable), turns.of("carol"):
        pass

    assert not turns._held
    assert turns._free == 2


def test_waiting_ends_with_unavailable_and_takes_no_turn_away():
    turns = Turns(1, seconds=0.05, room=3)

    with turns.of("alice"), pytest.raises(Unavailable), turns.of("bob"):
        pass
    with turns.of("bob"):
        pass


def test_nobody_waits_where_the_room_is_full():
    turns = Turns(1, seconds=PATIENCE, room=0)

    began = time.monotonic()
    with turns.of("alice"), pytest.raises(Unavailable), turns.of("bob"):
        pass

    assert time.monotonic() - began < PATIENCE / 2


@pytest.mark.parametrize("given", [False, True], ids=["while waiting", "as the turn comes"])
def test_whoever_is_stopped_takes_no_turn_away(monkeypatch, given):
    turns = Turns(1, seconds=0.05, room=3)
    held = ExitStack()
    held.enter_context(turns.of("alice"))

    def wait(event, seconds):
        if given:
            held.close()
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Event, "wait", wait)
        with pytest.raises(SystemExit), turns.of("bob"):
            pass
    held.close()

    with turns.of("alice"), pytest.raises(Unavailable), turns.of("bob"):
        pass
    with turns.of("bob"):
        pass
    assert not turns._held
