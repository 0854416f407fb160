"""How much that is drawn by chance is tried.

By `.ci/run` all of it, and the same each time for the same code, so that a change fails by what it
changes; otherwise a quarter, others each time.
"""

import os
import random
from collections.abc import Iterable

from hypothesis import settings

ALL = os.environ.get("EXAMPLES") == "all"


def some(number: int) -> int:
    """Return how many of so many are tried in this run."""
    return number if ALL else -(-number // 4)


def some_of(every: Iterable[int]) -> list[int]:
    """Return those of them that are tried in this run, others in the next."""
    numbers = list(every)
    return sorted(random.sample(numbers, some(len(numbers))))


def begin() -> None:
    """Let this hold for what Hypothesis draws, also in tests that name no number."""
    most = some(settings.default.max_examples)
    settings.register_profile("taskapp", max_examples=most, derandomize=ALL)
    settings.load_profile("taskapp")
