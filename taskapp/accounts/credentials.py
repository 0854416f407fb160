"""Whether a password is the account's: to sign in, and to confirm what can't be undone."""

from flask import current_app, request

from taskapp import auth, clients, config, problems
from taskapp.accounts import attempts, passwords, queries, sessions
from taskapp.database import transaction


def address() -> str:
    """Return the address that attempts of this request are counted under."""
    return clients.network(request.remote_addr)


def check(email: str, password: str) -> queries.Row | None:
    """Return the account with this e-mail, in its normal form, if the password is its own.

    Raises `problems.TooManyRequests`.
    """
    by_address = attempts.digest("address", address())
    by_both = attempts.digest("account and address", f"{email} {address()}")
    limits = _settings()
    attempts.allow(
        {
            by_address: limits.login_attempts_per_address,
            by_both: limits.login_attempts_per_account,
        }
    )
    account, is_known = _find(email)
    # Whoever is signed in here is not kept out by what others try elsewhere.
    by_account = [] if is_known else [attempts.digest("account", email)]
    attempts.allow(dict.fromkeys(by_account, limits.login_attempts_altogether))
    return _verified(account, password, counted=[by_address, *by_account], reset=by_both)


def confirm(user_id: str, password: str | None) -> None:
    """Return if the password is that of the user's account, or there is none.

    Counted for each session, so that a stolen token is not enough, and nobody who has none can keep
    the user from it. Raises `problems.Invalid` without a password, `problems.Forbidden` for a wrong
    one, and `problems.TooManyRequests`.
    """
    with transaction():
        account = queries.get(user_id)
    if account is None:
        return
    if password is None:
        raise problems.Invalid({"password": ["The account's password is needed."]})
    by_address = attempts.digest("address", address())
    by_session = attempts.digest("session", auth.session_id() or user_id)
    limits = _settings()
    attempts.allow(
        {
            by_address: limits.login_attempts_per_address,
            by_session: limits.login_attempts_per_account,
        }
    )
    if _verified(account, password, counted=[by_address], reset=by_session) is None:
        raise problems.Forbidden("password: The password is wrong.")


def _find(email: str) -> tuple[queries.Row | None, bool]:
    """Return the account, and whether it is signed in at this request's address."""
    with transaction():
        account = queries.find(email)
        if account is None:
            return None, False
        here = sessions.place(account.user_id, address())
        return account, queries.knows_place(account.user_id, here)


def _verified(
    account: queries.Row | None, password: str, *, counted: list[str], reset: str
) -> queries.Row | None:
    # Not inside a transaction: it takes as long as a hundred statements.
    if not passwords.verify(account.password_hash if account else None, password):
        return None
    with transaction():
        # In the order in which they were counted.
        first, *others = counted
        queries.take_attempt_back(first)
        queries.forget_attempts(reset)
        for digest in others:
            queries.take_attempt_back(digest)
    return account


def _settings() -> config.Settings:
    return config.of(current_app)
