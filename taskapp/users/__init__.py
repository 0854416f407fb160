"""Accounts: the row that owns a user's tasks."""
