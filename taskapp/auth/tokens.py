"""Access tokens: the rules for their header and claims (RFC 7519, RFC 8725).

Knows neither the network nor a request. Where keys come from is a `KeySource`'s business.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt

LEEWAY = 10  # seconds that clocks may differ
LIFETIME = timedelta(minutes=15)
# What the database can store: no NUL, no lone surrogate.
USER_ID = re.compile("[^\0\ud800-\udfff]{1,255}", re.DOTALL)


class Refused(Exception):
    """A token that is not accepted; the text says why, in words for the client."""


@dataclass(frozen=True)
class Key:
    """Key material and the one algorithm that may be used with it (RFC 8725, section 3.1)."""

    algorithm: str
    material: Any


class KeySource(Protocol):
    """Where verification keys come from."""

    def key_for(self, header: Mapping[str, Any]) -> Key:
        """Return the one key for a token with this header; raises `Refused` if there is none."""


@dataclass(frozen=True)
class SharedSecret:
    """The secret that the login and this service share: one HS256 key for every token."""

    secret: str

    def key_for(self, header: Mapping[str, Any]) -> Key:
        return Key("HS256", self.secret)


@dataclass(frozen=True)
class Verifier:
    """Checks tokens against the keys of one source."""

    keys: KeySource
    identity_claim: str = "sub"

    def verify(self, encoded: str) -> dict[str, Any]:
        """Return the claims of a valid token; raises `Refused`."""
        if encoded.count(".") != 2:
            raise Refused("The token is not a JWT. Send the JWT, not a session token.")
        try:
            key = self.keys.key_for(jwt.get_unverified_header(encoded))
            claims = self._decode(encoded, key)
        except jwt.ExpiredSignatureError:
            raise Refused("The token has expired.") from None
        except jwt.ImmatureSignatureError:
            raise Refused("The token is not valid yet.") from None
        except jwt.MissingRequiredClaimError as error:
            raise Refused(f"The token lacks the claim {error.claim!r}.") from None
        except (jwt.InvalidTokenError, ValueError, OverflowError, RecursionError):
            raise Refused("The token is not valid.") from None
        self._check_identity(claims.get(self.identity_claim))
        return claims

    def _decode(self, encoded: str, key: Key) -> dict[str, Any]:
        # A shared secret has no agreed audience, so `aud` is not looked at.
        options: Any = {"require": ["exp"], "verify_aud": False, "verify_sub": False}
        return jwt.decode(
            encoded, key.material, algorithms=[key.algorithm], options=options, leeway=LEEWAY
        )

    def _check_identity(self, identity: object) -> None:
        if not isinstance(identity, str) or not USER_ID.fullmatch(identity):
            raise Refused(f"The token's {self.identity_claim!r} is not a user id.")


def issue(user_id: str, secret: str, identity_claim: str) -> str:
    """Return a signed token for `user_id` that is valid for 15 minutes."""
    issued = datetime.now(UTC)
    claims = {identity_claim: user_id, "iat": issued, "exp": issued + LIFETIME}
    return jwt.encode(claims, secret, algorithm="HS256")
