"""Who asks, and may they: the token check and the owner check in front of every owned route."""

from taskapp.auth.guard import init_app, require_owner

__all__ = ["init_app", "require_owner"]
