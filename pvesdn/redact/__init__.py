"""A snapshot that may be handed on: every word that could be a secret is replaced."""
