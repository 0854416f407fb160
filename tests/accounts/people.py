"""People who have an account here."""

import secrets
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

PASSWORD = "correct horse battery staple"


@dataclass
class AccountHolder:
    """Somebody who signs in here; `tokens` is what the last answer brought."""

    client: FlaskClient
    email: str
    tokens: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.tokens["user"]["id"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def tasks(self) -> Any:
        return self.client.get(f"/api/{self.id}/tasks", headers=self.headers)


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def new_address() -> str:
    return f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"


def post(
    app: Flask,
    path: str,
    body: Any = None,
    address: str = "",
    prefix: str = "/api/auth",
    **kwargs: Any,
) -> Any:
    """POST from an address of its own, so that no test gets in another's way."""
    client = kwargs.pop("client", None) or app.test_client()
    environ = {"REMOTE_ADDR": address or new_address()}
    return client.post(f"{prefix}/{path}", json=body, environ_overrides=environ, **kwargs)


def register(app: Flask, email: str = "", **fields: Any) -> AccountHolder:
    email = email or new_email()
    response = post(app, "register", {"email": email, "password": PASSWORD, **fields})
    assert response.status_code == 201, response.text
    return AccountHolder(app.test_client(), email, response.json)
