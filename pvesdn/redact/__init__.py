"""A snapshot that may be shared: every word that could be a secret is replaced."""
