"""Somebody else's login: it publishes a key set over HTTP and signs tokens."""

import base64
import contextlib
import http.server
import json
import secrets
import threading
import time
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from tests.waiting import PATIENCE

MAKERS: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
}


class SigningKey:
    def __init__(self, algorithm: str = "EdDSA", kid: str | None = "", **members: Any) -> None:
        self.algorithm = algorithm
        self.kid = secrets.token_hex(8) if kid == "" else kid
        self.private = MAKERS[algorithm]()
        public = get_default_algorithms()[algorithm].to_jwk(self.private.public_key(), as_dict=True)
        # Neither `use` nor `key_ops`, as Better Auth has it.
        public = {
            name: public[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in public
        }
        self.jwk = {**public, "alg": algorithm} | ({"kid": self.kid} if self.kid else {}) | members

    def sign(self, header: bytes | str, payload: bytes | str) -> str:
        """Sign whatever these are, sensible or not."""
        text = f"{base64url(header)}.{base64url(payload)}"
        algorithm = get_default_algorithms()[self.algorithm]
        return f"{text}.{base64url(algorithm.sign(text.encode(), self.private))}"


class Login:
    """Serves its key set at `jwks_url`; it may rotate keys, be slow, or be stopped."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = list(keys) or [SigningKey()]
        self.fetches = 0
        self.asked: list[tuple[str, str | None]] = []
        self.delay = 0.0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.answer: bytes | None = None  # instead of the key set
        self.status = 200
        self.location = "/elsewhere"
        self.port = 0

    def __enter__(self) -> Self:
        login = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                login.fetches += 1
                login.asked.append((self.path, self.headers.get("Proxy-Authorization")))
                login.may_answer.wait(PATIENCE)
                time.sleep(login.delay)
                body = json.dumps({"keys": [key.jwk for key in login.keys]}).encode()
                body = body if login.answer is None else login.answer
                with contextlib.suppress(ConnectionError):  # who waited too long is gone
                    self.send_response(login.status)
                    self.send_header("Content-Length", str(len(body)))
                    self.send_header("Location", login.location)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/api/auth/jwks"

    def rotate(self, algorithm: str = "EdDSA", *, keep: bool = True) -> None:
        self.keys = [SigningKey(algorithm), *(self.keys if keep else [])]

    def claims(self, user_id: str, **claims: Any) -> dict[str, Any]:
        now = int(time.time())
        base = {"sub": user_id, "iss": self.url, "aud": self.url, "iat": now, "exp": now + 900}
        merged = {**base, **claims}
        return {name: value for name, value in merged.items() if value is not None}

    def token(
        self, user_id: str, *, key: SigningKey | None = None, header: Any = None, **claims: Any
    ) -> str:
        """Sign a token like Better Auth's: `kid` in its header, and no `typ`."""
        key = key or self.keys[0]
        head = {"alg": key.algorithm} | ({"kid": key.kid} if key.kid else {}) | (header or {})
        return key.sign(json.dumps(head), json.dumps(self.claims(user_id, **claims)))


def base64url(text: bytes | str) -> str:
    text = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
