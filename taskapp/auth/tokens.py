"""Access tokens: the rules for their header and claims (RFC 7519, RFC 8725).

Knows neither the network nor a request. Where keys come from is a `KeySource`'s business.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn, Protocol, cast

import jwt
from cachetools import LRUCache

from taskapp import cooperation
from taskapp.config import ASYMMETRIC

LIFETIME = 15 * 60  # seconds that a token issued here is valid, unless said otherwise
REMEMBERED = 2048  # tokens for each process
LAST_MOMENT = 253_402_300_799  # the end of the year 9999; anything later was not in seconds
# What the database can store: no NUL, no lone surrogate.
USER_ID = re.compile("[^\0\ud800-\udfff]{1,255}", re.DOTALL)
# RFC 7519, section 5.1, and RFC 9068, section 2.1. Better Auth, for one, signs its session cookie
# with the key, issuer and subject of its access tokens: only `typ` and `aud` tell them apart.
TYPES = {"jwt", "at+jwt", "application/jwt", "application/at+jwt"}
SESSION_COOKIE_TYPE = "better-auth.session-cache+jwt"
# 32 letters and digits; in its cookie a dot and the signature follow.
SESSION = re.compile(r"[A-Za-z0-9]{32}(\.[A-Za-z0-9+/=%_-]+)?")
EXPIRED = "The token has expired."
SESSION_SENT = (
    "This is a Better Auth session token, not a JWT: "
    "call /api/auth/token and send the token that it returns."
)
REFRESH_PREFIX = "refresh_"
# What clients put into the header where they have no token: JavaScript's own words, and Python's.
NOTHINGS = ("undefined", "null", "none", "nan", "false", "true")
# What a token may say about its algorithm, to be repeated.
ALGORITHM = re.compile("[A-Za-z0-9]{1,20}")
SHOWN = 200  # characters of a claim that operators are shown

ACCOUNTS = "taskapp"  # `iss`, `aud` and `kid` of the tokens for accounts kept here


class Refused(Exception):
    """A token that is not accepted; the text says why, in words for the client.

    `found` is what operators are told beside it: what the token says, and what is accepted.
    """

    def __init__(self, reason: str, found: str = "") -> None:
        super().__init__(reason)
        self.found = found


@dataclass(frozen=True, eq=False)
class Key:
    """Key material, the one algorithm that may be used with it, and whose tokens it signs.

    The token's own `alg` decides nothing (RFC 8725, section 3.1). An empty `issuers` or
    `audiences` means that the claim is not looked at.
    """

    algorithm: str
    material: Any = field(repr=False)
    issuers: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)


class KeySource(Protocol):
    """Where verification keys come from, and for which algorithms."""

    @property
    def algorithms(self) -> Collection[str]: ...

    def key_for(self, header: Mapping[str, Any]) -> Key:
        """Return the one key for a token with this header; raises `Refused` if there is none.

        While the key stays valid, the same object is returned.
        """


class OneKey:
    """A source of a single key."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.algorithms = (key.algorithm,)

    def key_for(self, header: Mapping[str, Any]) -> Key:
        return self.key


@dataclass(frozen=True, kw_only=True)
class Keyring:
    """The sources that are configured; every token belongs to exactly one of them."""

    accounts: KeySource | None = None
    secret: KeySource | None = None
    login: KeySource | None = None

    @cached_property
    def algorithms(self) -> Collection[str]:
        """What tokens that are not of accounts kept here may be signed with."""
        sources = [source for source in (self.secret, self.login) if source]
        return [name for source in sources for name in source.algorithms]

    def key_for(self, header: Mapping[str, Any]) -> Key:
        # The header chooses a key, and the key says the algorithm. A public key is never taken
        # for an HMAC secret, since those of the login are bound to other algorithms.
        if self.accounts and header.get("kid") == ACCOUNTS:
            return self.accounts.key_for(header)
        if not self.algorithms:
            raise Refused("The token was not made by this service.")
        if header.get("alg") not in self.algorithms:
            raise Refused(self._other_algorithm(header.get("alg")))
        if self.secret and (self.login is None or header.get("alg") == "HS256"):
            return self.secret.key_for(header)
        return cast(KeySource, self.login).key_for(header)

    def _other_algorithm(self, said: Any) -> str:
        """Return what to tell whoever sends a token that is signed with this algorithm."""
        accepted = ", ".join(self.algorithms)
        accepted += " is accepted here" if len(self.algorithms) == 1 else " are accepted here"
        if not isinstance(said, str) or not ALGORITHM.fullmatch(said):
            return f"The token does not say how it is signed; only {accepted}."
        if said.lower() == "none":
            return f"The token is not signed; only {accepted}."
        remedy = ""
        if said in ASYMMETRIC and self.login:
            remedy = f": add {said} to JWT_ALGORITHMS"
        elif said in ASYMMETRIC:
            remedy = ": set BETTER_AUTH_URL or JWT_JWKS_URL"
        elif said == "HS256":
            remedy = ": set JWT_SECRET_KEY, and JWT_SECRET_BESIDE_JWKS=true"
        return f"The token is signed with {said}; only {accepted}{remedy}."


def accounts_key(secret: str) -> Key:
    """Return the key for accounts kept here: derived, so that no outside token is one of theirs."""
    # HKDF-Expand with one block (RFC 5869, section 2.3); the secret is long and random.
    material = hmac.digest(secret.encode(), b"taskapp: access tokens of accounts\x01", "sha256")
    return Key("HS256", material, [ACCOUNTS], [ACCOUNTS])


@dataclass(frozen=True)
class Identity:
    """Whom a token is about. E-mail and name are what the login says, or None.

    One who has an account here has registered; anybody else begins with the first write.
    """

    id: str
    email: str | None = None
    name: str | None = None
    has_account: bool = False


@dataclass(frozen=True)
class Token:
    """A token that was verified: whom it is about, what it says, and the key that vouches for it.

    It is accepted until `expires`, in seconds since 1970.
    """

    identity: Identity
    header: Mapping[str, Any]
    claims: dict[str, Any]
    key: Key

    @property
    def expires(self) -> float:
        return float(self.claims["exp"])

    @property
    def session(self) -> str | None:
        """The session that it belongs to; None if it was not issued here."""
        return self.claims.get("sid", "") if self.header.get("kid") == ACCOUNTS else None


class Verifier:
    """Checks tokens against the keys of a source, and remembers those that it has verified."""

    def __init__(
        self,
        keys: KeySource,
        identity_claim: str = "sub",
        *,
        longest: int = 16_384,
        leeway: int = 10,
    ) -> None:
        """`longest` is in characters of a token, `leeway` in seconds that clocks may differ."""
        self.keys = keys
        self.identity_claim = identity_claim
        self.longest = longest
        self.leeway = leeway
        self._seen: LRUCache[bytes, Token] = LRUCache(REMEMBERED)
        self._lock = cooperation.Lock()

    def verify(self, encoded: str) -> Token:
        """Return the token if it is valid; raises `Refused`, and what the key source raises.

        A token is verified cryptographically once. After that its digest is known, and it is
        accepted for as long as it has not expired and its key is still the one to use.
        """
        if len(encoded) > self.longest:
            raise Refused("The token is too long.")
        digest = hashlib.sha256(encoded.encode("utf-8", "replace")).digest()
        with self._lock:
            seen = self._seen.get(digest)
        if (
            seen is None
            or time.time() >= seen.expires + self.leeway
            or seen.key is not self.keys.key_for(seen.header)
        ):
            seen = self._verify(encoded)
            with self._lock:
                self._seen[digest] = seen
        return seen

    def _identity(self, claims: Mapping[str, Any], key: Key) -> Identity:
        email, name = claims.get("email"), claims.get("name")
        return Identity(
            claims[self.identity_claim],
            email if isinstance(email, str) and USER_ID.fullmatch(email) else None,
            name if isinstance(name, str) and USER_ID.fullmatch(name) else None,
            has_account=key.issuers == [ACCOUNTS],
        )

    def _verify(self, encoded: str) -> Token:
        header, claims = _read(encoded)
        _check_header(header)
        _check_times(claims)
        key = self.keys.key_for(header)
        if header.get("alg") != key.algorithm:
            raise Refused(
                f"The token is signed with {header.get('alg')}, but its key is for {key.algorithm}."
            )
        self._decode(encoded, key, claims)
        # Flask-JWT-Extended marks its refresh tokens by it, and a login may be made with that. Any
        # other value is the login's own affair: Better Auth sends the fields of its user along.
        if claims.get("type") == "refresh":
            raise Refused("The token's 'type' is not that of an access token.")
        identity = claims.get(self.identity_claim)
        if isinstance(identity, int) and not isinstance(identity, bool) and identity >= 0:
            # A login whose ids are numbers; its frontends write them into paths.
            identity = claims[self.identity_claim] = str(identity)
        if not isinstance(identity, str) or not USER_ID.fullmatch(identity):
            raise Refused(f"The token's {self.identity_claim!r} is not a user id.")
        return Token(self._identity(claims, key), header, claims, key)

    def _decode(self, encoded: str, key: Key, claims: Mapping[str, Any]) -> None:
        options: Any = {"verify_aud": bool(key.audiences), "verify_sub": False, "verify_jti": False}
        try:
            jwt.decode(
                encoded,
                key.material,
                algorithms=[key.algorithm],
                options=options,
                issuer=key.issuers or None,
                audience=key.audiences or None,
                leeway=self.leeway,
            )
        except jwt.ExpiredSignatureError:
            raise Refused(EXPIRED) from None
        except jwt.ImmatureSignatureError:
            raise Refused("The token is not valid yet.") from None
        except jwt.MissingRequiredClaimError as error:
            raise Refused(f"The token lacks the claim {error.claim!r}.") from None
        except jwt.InvalidAudienceError:
            raise Refused(
                "The token is for another audience: its 'aud' is not ours.",
                _compared("aud", claims, key.audiences),
            ) from None
        except jwt.InvalidIssuerError:
            raise Refused(
                "The token is of another issuer: its 'iss' is not our login's.",
                _compared("iss", claims, key.issuers),
            ) from None
        except jwt.InvalidSignatureError:
            raise Refused("The token's signature is wrong.") from None
        except (jwt.InvalidTokenError, ValueError, OverflowError):
            raise Refused("The token is not valid.") from None


def issue(
    user_id: str, key: Key, identity_claim: str, *, lifetime: int = LIFETIME, **more: Any
) -> str:
    """Return a token for `user_id`, signed with an HS256 `key`, valid for so many seconds."""
    now = int(time.time())
    claims: dict[str, Any] = {identity_claim: user_id, "iat": now, "exp": now + lifetime, **more}
    if key.issuers:
        claims["iss"] = key.issuers[0]
    if key.audiences:
        claims["aud"] = key.audiences[0]
    headers = {"kid": ACCOUNTS} if key.issuers == [ACCOUNTS] else None
    return jwt.encode(claims, key.material, algorithm="HS256", headers=headers)


def _read(encoded: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, not verified yet, of what is strictly a JWT (RFC 7515, 5.2)."""
    parts = encoded.split(".")
    if encoded.strip("\"'") != encoded:
        raise Refused("The token is in quotes: send it without them.")
    if len(parts) != 3:
        raise Refused(_why_no_jwt(encoded, len(parts)))
    try:
        header, claims, _ = (_from_base64url(part) for part in parts)
        return _json_object(header), _json_object(claims)
    except (ValueError, RecursionError):
        raise Refused("The token is not a well-formed JWT.") from None


def _compared(name: str, claims: Mapping[str, Any], accepted: Collection[str]) -> str:
    said = json.dumps(claims.get(name))[:SHOWN]
    return f"Its {name!r} is {said}; accepted: {' or '.join(map(json.dumps, accepted))}."


def why_not_sent_well(authorization: str) -> str:
    """Return what is wrong with a value of `Authorization` that is not `Bearer <JWT>`."""
    scheme, _, rest = authorization.strip().partition(" ")
    first = rest.strip().partition(" ")[0].lower()
    if scheme.lower() == "bearer" and (first in NOTHINGS or first == "[object"):
        return _nothing(rest.strip())
    if scheme.lower() == "bearer" and first == "bearer":
        return "The word Bearer stands twice in the Authorization header; it must be: Bearer <JWT>."
    return "The Authorization header must be: Bearer <JWT>."


def _nothing(sent: str) -> str:
    word = sent[:20]
    return f"The client sent {word!r} in place of a token: it had none, or had not waited for it."


def _why_no_jwt(encoded: str, parts: int) -> str:
    if encoded.lower() in NOTHINGS:
        return _nothing(encoded)
    if encoded.startswith(REFRESH_PREFIX):
        return "This is a refresh token: send it to /api/auth/refresh, and the access token here."
    if SESSION.fullmatch(encoded):
        return SESSION_SENT
    if parts == 5:
        return "The token is encrypted (JWE); a signed JWT is needed."
    return "The token is not a JWT. Send the JWT, not a session token."


def _from_base64url(text: str) -> bytes:
    """Decode base64url without padding, in the one way that it may be written (RFC 7515, 2)."""
    decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != text.encode():
        raise ValueError("not canonical")
    return decoded


def _json_object(text: bytes) -> dict[str, Any]:
    """Parse a JSON object in UTF-8 whose names are unique (RFC 7519, section 4)."""
    parsed = json.loads(
        text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
    )
    if not isinstance(parsed, dict):
        raise ValueError("not an object")
    return parsed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name stands twice")
    return names


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _check_header(header: Mapping[str, Any]) -> None:
    kind = header.get("typ", "JWT")
    if kind == SESSION_COOKIE_TYPE:
        raise Refused(SESSION_SENT.replace("session token", "session cookie", 1))
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise Refused("The token's type ('typ') is not that of an access token.")
    if "crit" in header:
        raise Refused("The token has a critical extension ('crit') that is not known here.")
    if not isinstance(header.get("kid", ""), str):
        raise Refused("The token's key id ('kid') is not a text.")


def _check_times(claims: Mapping[str, Any]) -> None:
    # PyJWT reads "7" and true as numbers.
    for name in ("exp", "nbf", "iat"):
        moment = claims.get(name)
        if moment is None:
            if name == "exp" or name in claims:
                raise Refused(f"The token lacks the claim {name!r}.")
        elif isinstance(moment, bool) or not isinstance(moment, int | float):
            raise Refused(f"The token's {name!r} is not a number of seconds.")
        elif not 0 <= moment <= LAST_MOMENT:
            raise Refused(f"The token's {name!r} is not a sensible number of seconds.")
