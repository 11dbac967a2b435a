"""Environment variables that may hold secrets. No imports: the command line needs this before
anything heavy is loaded.
"""

from __future__ import annotations

SECRET_VARIABLES = {"PVESDN_TOKEN_VALUE": "token_value", "PVESDN_PASSWORD": "password"}
"""The setting of [api] that each one gives. Commands that pvesdn starts do not inherit them."""
