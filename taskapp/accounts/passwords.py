"""Passwords: argon2id hashes, and which passwords are too easy to guess."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from taskapp import cooperation, problems

SHORTEST = 8  # characters: OWASP ASVS 5.0, 6.2.1
LONGEST = 128  # characters; there is no rule on which ones
# OWASP's password storage cheat sheet: 19 MiB, two passes, one lane; about 25 ms here.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Hashing is bounded, so that a burst of sign-ins can't take all memory and cores; and so is who
# waits for it, a second or two at most.
AT_ONCE = 2
WAITING = 40
_turns = BoundedSemaphore(AT_ONCE)
_room = BoundedSemaphore(AT_ONCE + WAITING)


def normal(password: str) -> str:
    """Return the password as it is hashed, however a keyboard has composed it.

    NIST SP 800-63B-4, section 3.1.1.2, and Unicode Standard Annex 15.
    """
    return normalize("NFKC", password)


def hash_(password: str) -> str:
    """Return the argon2id hash of the password, in the PHC string format.

    Raises `problems.Unavailable` where too many wait for theirs.
    """
    with _turn():
        return str(cooperation.aside(_hasher.hash, normal(password)))


def verify(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is the hashed one.

    Without a hash the answer is False after the same time, so that it does not tell whether
    there is an account. Raises `problems.Unavailable` where too many wait for theirs.
    """
    # Older releases hashed it as it was sent.
    forms = dict.fromkeys([normal(password), password])
    return any(_is(password_hash, form) for form in forms)


def is_outdated(password_hash: str, password: str) -> bool:
    """Tell whether the hash of this password would be made otherwise today."""
    if _hasher.check_needs_rehash(password_hash):
        return True
    return password != normal(password) and not _is(password_hash, normal(password))


def is_common(password: str) -> bool:
    """Tell whether the password is among the 30,000 commonest ones."""
    return normal(password).lower() in _common()


def _is(password_hash: str | None, password: str) -> bool:
    stand_in = _stand_in()
    with _turn():
        try:
            cooperation.aside(_hasher.verify, password_hash or stand_in, password)
            return password_hash is not None
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


@contextmanager
def _turn() -> Iterator[None]:
    if not _room.acquire(blocking=False):
        raise problems.Unavailable("Too many sign in right now. Please try again.")
    try:
        with _turns:
            yield
    finally:
        _room.release()


@cache
def _common() -> frozenset[str]:
    # Only a registration needs the list, and it takes megabytes.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


@cache
def _stand_in() -> str:
    return _hasher.hash("the password of nobody")
