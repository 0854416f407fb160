"""A connection between two requests: how long it is kept, whatever a request itself may take."""

import io
import time
from typing import Any

from gevent import socket

HEAD = 5  # seconds for the head of a request, and for the first request of a connection
LOOK = 1.0  # seconds after which an idle connection looks whether its worker is about to end


def until_request(worker: Any, client: Any, unreader: Any, seconds: float) -> bool:
    """Wait until the client begins its next request; False if that takes longer.

    In a worker that is about to end it may take `HEAD` seconds: a proxy may be sending already.
    """
    if unreader.buf.seek(0, io.SEEK_END):
        return True  # it came together with the last one
    end = time.monotonic() + seconds
    alive = True
    while (left := end - time.monotonic()) > 0:
        if alive and not worker.alive:
            alive = False
            end = min(end, time.monotonic() + HEAD)
        try:
            socket.wait_read(client.fileno(), min(left, LOOK))
            return True
        except TimeoutError:
            continue
    return False
