"""E-mail addresses: which of them are the same."""

from collections.abc import Callable
from unicodedata import normalize

import idna


def normal(email: str) -> str:
    """Return the address as accounts have it: in small letters, and composed (RFC 6532, 3.1).

    An internationalised domain is in Unicode: some browsers send it so, others in Punycode.
    """
    local, at, domain = normalize("NFC", normalize("NFC", email).lower()).rpartition("@")
    if not domain.isascii() or "xn--" in domain:
        domain = _or_same(domain, lambda: idna.decode(idna.encode(domain, uts46=True)))
    return f"{local}{at}{domain}"


def forms(email: str) -> list[str]:
    """Return how an account may have it: older releases left it as it was, but for its case."""
    found = normal(email)
    local, at, domain = found.rpartition("@")
    punycode = _or_same(domain, lambda: idna.encode(domain).decode())
    same = [found, email.lower(), normalize("NFD", found), f"{local}{at}{punycode}"]
    return list(dict.fromkeys(same))


def _or_same(domain: str, converted: Callable[[], str]) -> str:
    """Return a domain in another form, or as it is where it is none."""
    try:
        return converted()
    except UnicodeError:
        return domain
