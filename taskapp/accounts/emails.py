"""E-mail addresses: which of them are the same."""

from unicodedata import normalize


def normal(email: str) -> str:
    """Return the address as accounts have it: in small letters, and composed (RFC 6532, 3.1)."""
    return normalize("NFC", normalize("NFC", email).lower())


def forms(email: str) -> list[str]:
    """Return how an account may have it: older releases did not compose."""
    return list(dict.fromkeys([normal(email), email.lower(), normalize("NFD", normal(email))]))
