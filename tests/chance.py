"""How much that is drawn by chance is tried: all of it by `.ci/run`, a quarter otherwise."""

import os

from hypothesis import settings

ALL = os.environ.get("EXAMPLES") == "all"


def some(number: int) -> int:
    """Return how many of so many are tried in this run."""
    return number if ALL else -(-number // 4)


def begin() -> None:
    """Let this hold for tests that name no number, too."""
    settings.register_profile("taskapp", max_examples=some(settings.default.max_examples))
    settings.load_profile("taskapp")
