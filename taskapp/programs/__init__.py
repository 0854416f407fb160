"""Tokens for programs: scripts and services that come in without a browser, within scopes."""

from flask import Flask, current_app

from taskapp import config
from taskapp.auth import guard, programs
from taskapp.auth.tokens import Identity
from taskapp.programs.queries import TOKENS
from taskapp.programs.routes import blueprint
from taskapp.programs.schemas import ProgramTokenSchema
from taskapp.rest import personal
from taskapp.rest.openapi import OWNER, Api


def init_app(app: Flask, api: Api) -> None:
    guard.look_up_programs(app, _find)
    personal.register(
        app,
        personal.Many(
            "program_tokens", ProgramTokenSchema(), read=TOKENS.of_user, erase=TOKENS.erase
        ),
    )
    api.register_blueprint(blueprint, parameters=OWNER)


def _find(encoded: str) -> programs.Program | None:
    token = TOKENS.find(encoded)
    if token is None:
        return None
    claims = {config.of(current_app).jwt_identity_claim: token.user_id, "scope": token.scopes}
    scopes = frozenset(token.scopes.split())
    # The user's row is there as long as this one: no write begins somebody anew who was erased.
    owner = Identity(token.user_id, has_account=True)
    return programs.Program(owner, scopes, token.expires_at, claims)
