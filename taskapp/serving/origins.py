"""Whose page sent a request that gunicorn refuses: without CORS a browser hides the answer."""

import contextlib
import re
from collections.abc import Callable
from typing import Any

import gevent
from gunicorn.http import message
from gunicorn.http.errors import ParseException

ORIGIN = re.compile(rb"^origin:[ \t]*([!-~]+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
END = b"\r\n\r\n"
LONGEST = 2**20  # bytes of a head that is read on for it
SECONDS = 1.0


class HeadKept(message.Request):
    """A request of gunicorn's that leaves its head in the exception by which it is refused."""

    head: bytearray | None = None

    def parse(self, unreader: Any) -> Any:
        """Read the head; what is raised for one that is refused has what came of it as `head`."""
        self.head = bytearray()
        try:
            return super().parse(unreader)
        except ParseException as refused:
            vars(refused)["head"] = bytes(self.head)
            raise
        finally:
            self.head = None

    def read_into(self, unreader: Any, buf: bytearray, stop: bool | None = False) -> None:
        """Read on."""
        before = len(buf)
        super().read_into(unreader, buf, stop)
        if self.head is not None:
            self.head += buf[before:]


def of(refused: BaseException) -> str | None:
    """Return the origin of a request that was refused, as far as its head has come."""
    found = ORIGIN.findall(getattr(refused, "head", b""))
    # The last one is that of the newest request.
    return found[-1].decode() if found else None


def read_on(refused: BaseException, recv: Callable[[int], bytes]) -> None:
    """Read the rest of a head that is too long, within bounds."""
    head = getattr(refused, "head", b"")
    silently: Any = False
    with contextlib.suppress(OSError), gevent.Timeout(SECONDS, silently):
        while END not in head and len(head) < LONGEST and (piece := recv(65_536)):
            head += piece
    vars(refused)["head"] = head
