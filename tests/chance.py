"""How much that is drawn by chance is tried: all of it by `.ci/run`, a quarter otherwise."""

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
    """Let this hold for tests that name no number, too."""
    settings.register_profile("taskapp", max_examples=some(settings.default.max_examples))
    settings.load_profile("taskapp")
