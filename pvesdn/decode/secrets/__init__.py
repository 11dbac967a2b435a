"""Secrets in foreign text: a snapshot holds only words known to be harmless, and screens hide
what looks like a secret.
"""

from pvesdn.decode.secrets.shown import hide_secrets
from pvesdn.decode.secrets.veil import HIDDEN

__all__ = ["HIDDEN", "hide_secrets"]
