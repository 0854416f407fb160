"""Waiting for what must happen, for as long as a busy machine may take."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 300.0  # seconds: the end of a wait for what a machine that works does sooner


def until(happens: Callable[[], Any], what: str = "", *, seconds: float = PATIENCE) -> Any:
    """Ask again and again until the answer is true, and return it."""
    end = time.monotonic() + seconds
    while not (answer := happens()):
        assert time.monotonic() < end, f"{what or 'it'} did not happen within {seconds} s"
        time.sleep(0.01)
    return answer
