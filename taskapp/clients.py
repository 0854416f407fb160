"""Where a request comes from: its address in one form, and whom that is counted as."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# A port, as some proxies append it to `X-Forwarded-For`: 203.0.113.6:50001, [2001:db8::1]:50001.
WITH_PORT = re.compile(r"\[([^]]*)\](?::\d*)?|([^:]*):\d*")
PREFIX = 64  # bits of an IPv6 address that name a network; its hosts choose the others (RFC 4291)
# In front of IPv6-only servers IPv4 clients are written so (RFC 6052, section 2.1): all in one /64.
TRANSLATED = ip_network("64:ff9b::/96")
LONGEST = 64  # characters of what is no address


def address(text: str | None) -> str:
    """Return the address without port and zone, an IPv4 one as such; other text as it is."""
    return str(_parsed(text or ""))


def network(text: str | None) -> str:
    """Return whom an address is counted as: an IPv4 address, or the /64 of an IPv6 one."""
    found = _parsed(text or "")
    if isinstance(found, IPv6Address):
        return str(ip_network((found, PREFIX), strict=False))
    return str(found)


def _parsed(text: str) -> IPv4Address | IPv6Address | str:
    if matched := WITH_PORT.fullmatch(text.strip()):
        text = matched[1] or matched[2] or ""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return text.strip()[:LONGEST]
    if isinstance(found, IPv6Address) and found in TRANSLATED:
        return IPv4Address(found.packed[-4:])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
