"""What our worker changes in gunicorn, where no answer shows it."""

import gc
import io
import os
import runpy
from collections import Counter
from typing import Any
from unittest.mock import Mock

import gevent
import pytest
from gevent import socket
from gevent.pool import Pool
from gunicorn import util
from gunicorn.config import Config
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.http.unreader import SocketUnreader

from taskapp.config import ROOT
from taskapp.serving import clients, origins, start, worker
from taskapp.serving.worker import Logger, Worker
from tests.conftest import SECRET


def test_what_is_loaded_is_never_looked_through_for_garbage_but_what_comes_later_is(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    frozen = gc.get_freeze_count()

    runpy.run_path(str(ROOT / "wsgi.py"))

    assert gc.get_freeze_count() > frozen
    assert gc.isenabled()


def test_nothing_is_gathered_for_an_access_log_that_nobody_writes():
    class Untouchable:
        """An answer that may not be looked at."""

        __getattribute__ = None

    config = Config()
    config.set("accesslog", os.devnull)
    logger = Logger(config)

    logger.access(Untouchable(), Untouchable(), Untouchable(), Untouchable())


@pytest.mark.parametrize("host", ["ü" * 70, "a..b", "x" * 64 + ".b"])
def test_a_host_that_is_no_name_is_one_line(host):
    assert start.not_free([(host, 8000)]).startswith(f"HOST: nobody can listen on {host!r}: ")


def test_looking_whether_a_port_is_free_lets_nobody_connect(monkeypatch):
    opened = []
    monkeypatch.setattr(start.socket.socket, "listen", lambda *arguments: opened.append(arguments))

    assert start.not_free([("127.0.0.1", 0)]) is None

    assert opened == []


def test_a_port_where_somebody_listens_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert (
            start.not_free([("127.0.0.1", port)]) == f"PORT: {port} is in use already on 127.0.0.1."
        )


@pytest.fixture
def both_ends():
    """The two ends of a connection, as gevent has them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_of_those_who_send_ahead_one_is_served_in_a_turn_of_the_loop(both_ends):
    served, loop = Counter(), gevent.get_hub().loop

    def requests(client):
        for _ in range(10):
            client.give_way()
            served[loop.iteration] += 1

    eager = [gevent.spawn(requests, clients.Client(both_ends[0])) for _ in range(8)]
    gevent.joinall(eager, raise_error=True)

    assert sum(served.values()) == 80
    first = min(served)
    assert max(count for turn, count in served.items() if turn > first) == 1


def test_what_nobody_wants_is_read_piece_by_piece(both_ends):
    turns, loop, pieces = set(), gevent.get_hub().loop, 10

    def read(size):
        turns.add(loop.iteration)
        return b"x" * size if len(turns) < pieces else b""

    assert clients._skipped(read)
    assert len(turns) == pieces


def test_of_a_file_that_nobody_takes_a_piece_is_kept(both_ends):
    client = clients.Client(both_ends[0])
    file = io.BytesIO(b"x" * 2**24)
    sending = gevent.spawn(client.sendfile, file, 0, 2**24)
    gevent.sleep(0)

    assert clients.unsent._kept[client] == clients.PIECE
    both_ends[1].close()
    sending.join()
    assert clients.unsent._kept == {}


def test_a_file_is_sent_whole(both_ends):
    client, content = clients.Client(both_ends[0]), os.urandom(2**20)
    sending = gevent.spawn(client.sendfile, io.BytesIO(b"before" + content + b"after"), 6, 2**20)

    received = b""
    while len(received) < len(content):
        received += both_ends[1].recv(2**16)
    sending.get()
    assert received == content


@pytest.fixture
def answering(both_ends, monkeypatch):
    """An answer to a GET, and what of it has been sent, by one system call each."""
    client, sent = clients.Client(both_ends[0]), []
    monkeypatch.setattr(client, "_send", lambda data, end: sent.append(data))
    asked = Mock(method="GET", version=(1, 1), should_close=lambda: False)
    return worker._Response(asked, client, Config()), sent


def test_the_head_goes_with_a_short_body(answering):
    response, sent = answering

    response.start_response("200 OK", [("Content-Length", "7")])
    assert sent == []
    response.write(b"what")
    response.write(b"is")
    response.write(b"so")
    response.close()

    assert sent[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert sent[0].endswith(b"\r\nContent-Length: 7\r\n\r\nwhat")
    assert sent[1:] == [b"is", b"s"]
    assert b"Server:" not in sent[0]


def test_a_long_body_is_not_copied(answering):
    (response, sent), body = answering, b"x" * (worker.GATHERED + 1)

    response.start_response("200 OK", [("Content-Length", str(len(body)))])
    response.write(body)

    assert len(sent) == 2
    assert sent[1] is body


def test_a_head_without_a_body_goes_by_itself(answering):
    response, sent = answering

    response.start_response("304 Not Modified", [("ETag", '"7"')])
    response.close()

    assert [data.endswith(b'\r\nETag: "7"\r\n\r\n') for data in sent] == [True]


def test_a_long_head_is_read_in_few_pieces(both_ends):
    ours, theirs = both_ends
    sending = gevent.spawn(theirs.sendall, b"x" * 60_000)
    gevent.sleep(0)
    unreader, head, pieces = SocketUnreader(ours), bytearray(), 0
    request = object.__new__(origins.HeadKept)

    while len(head) < 60_000:
        request.read_into(unreader, head)
        pieces += 1

    sending.get()
    assert pieces == 2


@pytest.mark.parametrize("size", [1, 3, 7, 2**16])
def test_the_rest_of_a_refused_head_is_read_to_its_end(size):
    refused = LimitRequestHeaders("too long")
    refused.head = b"GET / HTTP/1.1\r\nORIGIN: http://a.example\r\nX: " + b"x" * 50
    rest = io.BytesIO(b"x\r\norigin:\thttps://b.example \r\nOrigin: http://c.example\r\n\r\n")

    origins.read_on(refused, lambda most: rest.read(min(size, most)))

    assert rest.read() == b""
    assert origins.of(refused) == "http://c.example"


@pytest.mark.parametrize("line", [b"X-Origin: a", b"Origin: a b", b"Origin:", b"Origins: a"])
def test_what_is_no_origin_is_none(line):
    refused = LimitRequestHeaders("too long")
    refused.head = b"GET / HTTP/1.1\r\n" + line + b"\r\n\r\n"

    assert origins.of(refused) is None


def test_the_date_of_an_answer_is_that_of_its_second(monkeypatch):
    before = util.http_date
    monkeypatch.setattr(util, "http_date", before)  # put back at the end
    Worker.setup()

    for moment in (0, 0.9, 1, 1_790_000_000.5, 1_790_000_001):
        assert util.http_date(moment) == before(moment)
    assert util.http_date() in (before(), before())


class Loop:
    """A loop that goes round when a test says so."""

    iteration = 0
    watched = False
    call: Any = None  # what the timer calls

    def io(self, file, events):
        return Mock(start=lambda call: self.watch(True), stop=lambda: self.watch(False))

    def timer(self, seconds):
        return Mock(start=lambda call: setattr(self, "call", call))

    def watch(self, watched):
        self.watched = watched


class Crowd(Pool):
    """As many connections as a test says."""

    has = 0

    def __len__(self):
        return self.has


@pytest.fixture
def accepting(monkeypatch):
    """A server that accepts: how many it has, the turn of its loop, and the time are ours."""
    server = worker._Server(("127.0.0.1", 0), print, spawn=Crowd(100))
    server.loop = Loop()
    server.clock = 100.0
    monkeypatch.setattr(worker.time, "perf_counter", lambda: server.clock)
    server.start()
    yield server
    server.close()


def turns(server, has, count, seconds=0.0):
    """Return how many it accepts in each of so many turns while somebody waits."""
    server.pool.has = has
    accepted = []
    for _ in range(count):
        server.loop.iteration += 1
        server.clock += seconds
        accepted.append(server.max_accept)
    return accepted


def test_a_worker_without_connections_accepts_at_once(accepting):
    assert turns(accepting, has=0, count=3) == [1, 1, 1]


def test_the_only_worker_waits_for_nobody(accepting, monkeypatch):
    monkeypatch.setattr(worker._Server, "has_others", False)

    assert turns(accepting, has=4, count=2) == [worker.ACCEPTED] * 2


def test_a_worker_with_connections_lets_the_others_go_first(accepting):
    hesitation = worker.HESITATION

    assert turns(accepting, has=4, count=9, seconds=hesitation) == [0, 0, 0, 0, 1, 0, 0, 0, 1]


def test_who_comes_later_is_waited_for_anew(accepting):
    turns(accepting, has=4, count=3, seconds=worker.HESITATION)
    accepting.loop.iteration += 10  # in which nobody waited

    assert turns(accepting, has=4, count=5, seconds=worker.HESITATION) == [0, 0, 0, 0, 1]


def test_a_worker_with_many_connections_rests_before_it_accepts_more(accepting):
    for _ in range(2):
        assert turns(accepting, has=90, count=1) == [0]
        assert not accepting.loop.watched
        accepting.loop.call()
        assert accepting.loop.watched
        assert turns(accepting, has=90, count=1) == [worker.ACCEPTED]


def test_a_server_that_was_closed_while_it_rested_accepts_nobody(accepting):
    turns(accepting, has=90, count=1)
    accepting.close()

    accepting.loop.call()

    assert not accepting.loop.watched
