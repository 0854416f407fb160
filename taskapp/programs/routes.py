"""The endpoints for tokens for programs, which are closed to programs themselves."""

from typing import Any

from taskapp import auth, problems
from taskapp.database import transaction
from taskapp.programs import queries
from taskapp.programs.schemas import (
    MadeProgramTokenSchema,
    NewProgramTokenSchema,
    ProgramTokenSchema,
)
from taskapp.rest.openapi import NOT_STORED, Blueprint, MessageSchema
from taskapp.telemetry import audit
from taskapp.users.secrets import MOST

TOKEN_ID = [{"name": "token_id", "in": "path", "description": "Which token.", "example": 7}]

blueprint = Blueprint("programs", __name__, url_prefix="/api/<user_id>/tokens")
blueprint.before_request(auth.require_owner)


@blueprint.get("")
@blueprint.doc(operationId="listTokens")
@blueprint.response(200, ProgramTokenSchema(many=True), description="The tokens, oldest first.")
def list_tokens(user_id: str) -> Any:
    """List the tokens for programs, with their last use."""
    with transaction(auth.identity().id):
        return queries.TOKENS.of_user(user_id)


@blueprint.post("")
@blueprint.doc(operationId="createToken")
@blueprint.arguments(NewProgramTokenSchema)
@blueprint.response(201, MadeProgramTokenSchema, description="The new token.")
@blueprint.alt_response(409, "CONFLICT")
def create_token(fields: dict[str, Any], user_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Make a token with which a program comes in, as this user, within its scopes.

    It is shown in this answer only. There may be 50.
    """
    with transaction(auth.identity().id):
        made = queries.create(auth.identity(), **fields)
    if made is None:
        raise problems.Conflict(f"There are {MOST} tokens already: revoke one of them.")
    row, token = made
    audit.event("token.created", token_id=row.id, scopes=row.scopes)
    return {**row._asdict(), "token": token}, NOT_STORED


@blueprint.delete("/<row_id:token_id>", parameters=TOKEN_ID)
@blueprint.doc(operationId="revokeToken")
@blueprint.response(200, MessageSchema, description="The token is refused from now on.")
def revoke_token(user_id: str, token_id: int) -> dict[str, str]:
    """Revoke a token, at once and everywhere."""
    with transaction(auth.identity().id):
        found = queries.TOKENS.revoke(user_id, token_id)
    if not found:
        raise problems.NotFound(f"Token {token_id} not found")
    audit.event("token.revoked", token_id=token_id)
    return {"message": "Token revoked"}
