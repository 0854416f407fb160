"""Addresses, however proxies write them; an IPv6 client is counted by its /64."""

import secrets

import pytest

from taskapp import clients
from tests.conftest import app_with

PERSON = {"email": "nobody@example.com", "password": "wrong horse battery"}


@pytest.mark.parametrize(
    ("text", "address", "network"),
    [
        ("203.0.113.6", "203.0.113.6", "203.0.113.6"),
        ("203.0.113.6:50001", "203.0.113.6", "203.0.113.6"),
        (" 203.0.113.6 ", "203.0.113.6", "203.0.113.6"),
        ("::ffff:203.0.113.6", "203.0.113.6", "203.0.113.6"),
        ("[::ffff:203.0.113.6]:50001", "203.0.113.6", "203.0.113.6"),
        ("[64:ff9b::203.0.113.6]:50001", "203.0.113.6", "203.0.113.6"),
        ("2001:DB8:0:1::a", "2001:db8:0:1::a", "2001:db8:0:1::/64"),
        ("[2001:db8:0:1::b]:443", "2001:db8:0:1::b", "2001:db8:0:1::/64"),
        ("[2001:db8:0:1::b]", "2001:db8:0:1::b", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("unknown", "unknown", "unknown"),
        ("_hidden:1", "_hidden", "_hidden"),
        ("x" * 999, "x" * 64, "x" * 64),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_an_address_has_one_form(text, address, network):
    assert (clients.address(text), clients.network(text)) == (address, network)


@pytest.fixture
def ask(app, environ):
    """Sign in, register or send a bad token from an address, as a proxy in front says it."""
    strict = environ | {
        "TRUSTED_PROXIES": "1",
        "ACCOUNTS": "on",
        "LOGIN_ATTEMPTS_PER_ADDRESS": "2",
        "RATE_LIMIT_ADDRESS": "2/minute",
    }
    client = app_with(strict).test_client()

    def sent(way, address):
        headers = {"X-Forwarded-For": address}
        if way == "token":
            return client.get("/api/alice/tasks", headers=headers | {"Authorization": "Bearer x"})
        email = {"email": f"{secrets.token_hex(8)}@example.com"}
        return client.post(f"/api/auth/{way}", json=PERSON | email, headers=headers)

    return sent


def addresses(form):
    number = secrets.token_hex(2)
    last = secrets.randbelow(200) + 1
    return {
        "port": [f"198.51.100.{last}:{50_000 + i}" for i in range(3)],
        "IPv6": [f"2001:db8:{number}:7::{i:x}" for i in range(1, 4)],
        "IPv6 with ports": [f"[2001:db8:{number}:8::{i:x}]:4{i}" for i in range(1, 4)],
    }[form]


@pytest.mark.parametrize("form", ["port", "IPv6", "IPv6 with ports"])
@pytest.mark.parametrize("way", ["login", "register", "token"])
def test_one_client_is_counted_once_whatever_a_proxy_writes(ask, way, form, log):
    answers = [ask(way, address) for address in addresses(form)]

    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    noted = [line["address"] for line in log if line.get("event")]
    assert noted
    assert not any((":" in address and "." in address) or "[" in address for address in noted)


def test_another_network_is_another_client(ask):
    for address in ("2001:db8:a:1::1", "2001:db8:a:1::2", "2001:db8:a:2::1", "198.51.100.250"):
        assert ask("token", address).status_code == 401
