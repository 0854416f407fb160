"""Frontends that can't be changed: other names, other addresses, other forms of the same answers.

What harms nobody is always on; what changes the form of answers is a setting each. Routes, queries
and schemas know nothing of it.
"""
