"""What is made once in a run of pytest, and copied by whoever needs one: it takes seconds to make.

The processes of pytest-xdist share it. Without pytest there is nothing to copy.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = "TEST_PREPARED"  # in the environment, which the processes of a run have in common


def begin(config: pytest.Config) -> None:
    """Make a place for it, which goes with the run."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = folder = tempfile.mkdtemp(prefix="prepared-")
        config.add_cleanup(lambda: shutil.rmtree(folder))
        config.add_cleanup(lambda: os.environ.pop(FOLDER))


def one(name: str, make: Callable[[Path], None]) -> Path | None:
    """Return where it is, after `make` has made it if nobody has; None without pytest."""
    if FOLDER not in os.environ:
        return None
    place = Path(os.environ[FOLDER], name)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            draft = place.with_suffix(".draft")
            make(draft)
            draft.rename(place)
    return place
