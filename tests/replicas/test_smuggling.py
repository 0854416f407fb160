"""Requests that hide another one (RFC 9112, section 11.2): nobody may take that for a request.

The hidden one carries an X-Request-ID, so the service's log tells if it was ever seen as one.
"""

import contextlib
import socket
import time

import pytest

HIDDEN_ID = b"hidden-%d"
HIDDEN = b"GET /health HTTP/1.1\r\nHost: tasks.example.com\r\nX-Request-ID: %s\r\n\r\n"


def _chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def _probes(hidden: bytes) -> dict[str, tuple[list[bytes], bytes]]:
    """Return headers and body of each."""
    whole = b"Content-Length: %d"
    ended = b"0\r\n\r\n" + hidden
    everything = whole % len(ended)
    return {
        "CL.TE": ([everything, b"Transfer-Encoding: chunked"], ended),
        "TE.CL": ([b"Transfer-Encoding: chunked", b"Content-Length: 4"], _chunked(hidden)),
        "two lengths": ([b"Content-Length: 0", whole % len(hidden)], hidden),
        "two lengths, turned": ([whole % len(hidden), b"Content-Length: 0"], hidden),
        "lengths in a list": ([b"Content-Length: 0, %d" % len(hidden)], hidden),
        "a length with a sign": ([b"Content-Length: +0"], hidden),
        "a length in hexadecimal": ([b"Content-Length: 0x0"], hidden),
        "a length with an underscore": ([b"Content-Length: 0_0"], hidden),
        "a space before the colon": ([everything, b"Transfer-Encoding : chunked"], ended),
        "a tab before chunked": ([everything, b"Transfer-Encoding:\tchunked"], ended),
        "a vertical tab": ([everything, b"Transfer-Encoding: \x0bchunked"], ended),
        "in capitals": ([everything, b"TRANSFER-ENCODING: CHUNKED"], ended),
        "an x before it": ([everything, b"Transfer-Encoding: xchunked"], ended),
        "chunked twice": ([everything, b"Transfer-Encoding: chunked, chunked"], ended),
        "chunked not last": ([everything, b"Transfer-Encoding: chunked, identity"], ended),
        "a folded line": ([everything, b"Transfer-Encoding:\r\n chunked"], ended),
        "a bare carriage return": ([everything, b"X: 1\rTransfer-Encoding: chunked"], ended),
        "a bare line feed": ([everything, b"X: 1\nTransfer-Encoding: chunked"], ended),
        "a zero byte": ([everything, b"Transfer-Encoding: chunked\0"], ended),
        "an underscore for a hyphen": ([everything, b"Transfer_Encoding: chunked"], ended),
        "a chunk with a sign": ([b"Transfer-Encoding: chunked"], b"+0\r\n\r\n" + hidden),
        "a chunk in hexadecimal": ([b"Transfer-Encoding: chunked"], b"0x0\r\n\r\n" + hidden),
        "a chunk too large": (
            [b"Transfer-Encoding: chunked"],
            b"1%016x\r\n\r\n%s" % (0, hidden),
        ),
        "a chunk that ends late": (
            [b"Transfer-Encoding: chunked"],
            b"2\r\n{}XX0\r\n\r\n" + hidden,
        ),
        "an extension with a line feed": (
            [b"Transfer-Encoding: chunked"],
            b"%x;a\n0\r\n\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden),
        ),
    }


NAMES = list(_probes(b""))


def _answers(connection: socket.socket, text: bytes) -> bytes:
    connection.settimeout(3)
    answers = b""
    with connection, contextlib.suppress(OSError):
        connection.sendall(text)
        while piece := connection.recv(65536):
            answers += piece
    return answers


@pytest.mark.parametrize("way", ["nginx", "gunicorn"])
@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_request_is_never_answered(site, name, way):
    hidden_id = HIDDEN_ID % time.monotonic_ns()
    headers, body = _probes(HIDDEN % hidden_id)[name]
    head = [b"POST /api/alice/tasks HTTP/1.1", b"Host: tasks.example.com", *headers]
    text = b"\r\n".join([*head, b"", b""]) + body
    port = site.services[0].port
    connection = site.connect() if way == "nginx" else socket.create_connection(("127.0.0.1", port))

    answers = _answers(connection, text)

    assert answers.count(b"HTTP/1.1 ") <= 1, answers
    assert b"healthy" not in answers
    for service in site.services:
        assert hidden_id.decode() not in service.log.read_text()
        assert service.process.poll() is None


def test_a_request_after_another_is_no_hidden_one(site):
    """What the test above looks for would be seen."""
    seen_id = b"seen-%d" % time.monotonic_ns()
    text = b"GET /health HTTP/1.1\r\nHost: tasks.example.com\r\n\r\n" + HIDDEN % seen_id

    assert _answers(site.connect(), text).count(b"healthy") == 2
    assert any(seen_id.decode() in service.log.read_text() for service in site.services)
