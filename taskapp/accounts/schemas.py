"""What accounts and sessions look like on the wire."""

from typing import Any
from unicodedata import normalize

import marshmallow as ma
from marshmallow import fields, validate

from taskapp.accounts import emails, passwords
from taskapp.accounts.models import EMAIL_LENGTH
from taskapp.rest.bodies import FormSchema
from taskapp.rest.fields import Text, TextOrNone, Trimmed, TrueOrFalse, UTCTime, trimmed
from taskapp.users.models import NAME_LENGTH
from taskapp.users.schemas import UserSchema

TOKEN_LENGTH = 200  # characters; ours are shorter


class Email(fields.Email, Text):
    """An e-mail address, all of which can be seen, and whose normal form can be stored."""

    default_error_messages = {"long": f"Longer than maximum length {EMAIL_LENGTH}."}

    def _deserialize(self, *args: object, **kwargs: object) -> str:
        # Composed, as what looks at its form expects it.
        email = normalize("NFC", super()._deserialize(*args, **kwargs).strip())
        if not all(trimmed(letter) for letter in email.replace(" ", "")):
            raise self.make_error("invalid")
        # Some letters are two in small letters.
        if len(emails.normal(email)) > EMAIL_LENGTH:
            raise self.make_error("long")
        return email


class PasswordLength(validate.Length):
    """Counts the characters of a password, in whichever way they are composed."""

    def __call__(self, value: Any) -> Any:
        super().__call__(min(value, passwords.normal(value), key=len))
        return value


class Arguments(ma.Schema):
    """A body; unknown fields are ignored."""

    class Meta:
        unknown = ma.EXCLUDE


class CookieChoice(Arguments):
    """Where the refresh token shall go."""

    cookie = TrueOrFalse(
        load_default=False,
        metadata={
            "description": "Return the refresh token in an httpOnly cookie, not in the body.",
            "example": False,
        },
    )


EMAIL: dict[str, Any] = {
    "required": True,
    "validate": validate.Length(1, EMAIL_LENGTH),
    "metadata": {"example": "alice@example.com"},
}
PASSWORD: dict[str, Any] = {
    "required": True,
    "metadata": {"example": "correct horse battery staple", "format": "password"},
}


NAME: dict[str, Any] = {
    "allow_none": True,
    "validate": validate.Length(max=NAME_LENGTH),
    "metadata": {"example": "Alice"},
}
COMMON = "This is one of the commonest passwords; choose another."


class CredentialsSchema(CookieChoice, FormSchema):
    """E-mail and password."""

    email = Trimmed(**EMAIL)
    password = Text(validate=PasswordLength(1, passwords.LONGEST), **PASSWORD)


class RegistrationSchema(CookieChoice, FormSchema):
    """A new account."""

    email = Email(**EMAIL)
    password = Text(validate=PasswordLength(passwords.SHORTEST, passwords.LONGEST), **PASSWORD)
    name = TextOrNone(load_default=None, **NAME)

    @ma.validates("password")
    def _is_not_common(self, value: str, data_key: str) -> None:
        if passwords.is_common(value):
            raise ma.ValidationError(COMMON)


class PasswordSchema(Arguments):
    """The password, to confirm what can't be undone."""

    password = Text(validate=PasswordLength(1, passwords.LONGEST), **PASSWORD)


class ConfirmationSchema(Arguments):
    """The password, where the user has an account here."""

    password = Text(validate=PasswordLength(1, passwords.LONGEST), metadata=PASSWORD["metadata"])


class PasswordChangeSchema(PasswordSchema):
    """The password, and the one that shall take its place."""

    new_password = Text(validate=PasswordLength(passwords.SHORTEST, passwords.LONGEST), **PASSWORD)

    @ma.validates("new_password")
    def _is_not_common(self, value: str, data_key: str) -> None:
        if passwords.is_common(value):
            raise ma.ValidationError(COMMON)


class NameSchema(Arguments):
    """What may be changed about a user who has an account here."""

    name = TextOrNone(**NAME)


class WhichSessions(Arguments):
    """Which sessions shall end."""

    others = fields.Boolean(
        load_default=False,
        metadata={"description": "Keep the session of the token."},
    )


class RefreshTokenSchema(Arguments):
    """The refresh token, unless it is in the cookie."""

    refresh_token = TextOrNone(
        allow_none=True,
        validate=validate.Length(max=TOKEN_LENGTH),
        metadata={"example": "refresh_4Jx0…"},
    )


class AccountSchema(ma.Schema):
    """An account kept here."""

    email = fields.String(required=True, metadata={"example": "alice@example.com"})
    created_at = UTCTime(required=True, metadata={"example": "2026-01-31T09:30:00.000000Z"})


class SessionSchema(ma.Schema):
    """A sign-in that has not ended."""

    id = fields.String(required=True)
    created_at = UTCTime(required=True)
    expires_at = UTCTime(required=True)


class SignInSchema(SessionSchema):
    """A sign-in, as its user sees it."""

    current = fields.Boolean(
        required=True, metadata={"description": "Whether it is that of the token."}
    )


class TokensSchema(ma.Schema):
    """Tokens, in the form of OAuth 2.0 (RFC 6749, section 5.1)."""

    access_token = fields.String(required=True, metadata={"example": "eyJhbGciOi…"})
    token = fields.String(
        required=True,
        attribute="access_token",
        dump_only=True,
        metadata={"description": "The access token once more.", "example": "eyJhbGciOi…"},
    )
    token_type = fields.String(required=True, metadata={"example": "Bearer"})
    expires_in = fields.Integer(required=True, metadata={"example": 604_800})
    refresh_token = fields.String(
        metadata={"description": "Left out when it is in the cookie.", "example": "refresh_4Jx0…"}
    )


class MeSchema(UserSchema):
    """The user, whose fields are also in `user`: frontends read either."""

    user = fields.Nested(UserSchema, required=True)


class SignedInSchema(TokensSchema):
    """Tokens, and whose they are."""

    user = fields.Nested(UserSchema, required=True)
