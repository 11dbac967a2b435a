"""Where in the environment secrets may stand. No imports: the command line needs it before anything heavy is loaded."""

from __future__ import annotations

SECRET_VARIABLES = {"PVESDN_TOKEN_VALUE": "token_value", "PVESDN_PASSWORD": "password"}
"""The setting of [api] that each one gives. What pvesdn starts does not inherit them."""
