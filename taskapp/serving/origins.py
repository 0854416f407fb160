"""Whose page sent a request that gunicorn refuses: without CORS a browser hides the answer."""

import contextlib
import re
from collections.abc import Callable
from typing import Any

import gevent
from gunicorn.http import message
from gunicorn.http.errors import ParseException

NAME = b"\norigin:"
ORIGIN = re.compile(rb"[ \t]*([!-~]+)[ \t]*\r?$", re.MULTILINE)
END = b"\r\n\r\n"
LONGEST = 2**18  # bytes of a head that is read on for it; browsers send no longer one
SECONDS = 1.0
LARGE = 65_536  # bytes


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
        """Read on; a long head in few pieces, since gunicorn looks at all of it after each."""
        before = len(buf)
        if before:
            unreader.mxchunk = LARGE
        super().read_into(unreader, buf, stop)
        if self.head is not None:
            self.head += buf[before:]


def of(refused: BaseException) -> str | None:
    """Return the origin of a request that was refused, as far as its head has come."""
    head: bytes = getattr(refused, "head", b"")
    # The last one is that of the newest request. An expression that looks for the name as well
    # takes a hundred times as long, in which nobody else is served.
    at = head.lower().rfind(NAME)
    found = ORIGIN.match(head, at + len(NAME)) if at >= 0 else None
    return found[1].decode() if found else None


def read_on(refused: BaseException, recv: Callable[[int], bytes]) -> None:
    """Read the rest of a head that is too long, within bounds."""
    head = bytearray(getattr(refused, "head", b""))
    silently: Any = False
    looked = 0  # at so much of it, for its end
    with contextlib.suppress(OSError), gevent.Timeout(SECONDS, silently):
        while head.find(END, looked) < 0 and len(head) < LONGEST and (piece := recv(65_536)):
            looked = max(0, len(head) - len(END))
            head += piece
    vars(refused)["head"] = bytes(head)
