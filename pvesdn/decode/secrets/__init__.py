"""Secrets in foreign text: a snapshot holds only words that are known to carry none, and screens hide what looks like one."""

from pvesdn.decode.secrets.shown import hide_secrets
from pvesdn.decode.secrets.veil import HIDDEN

__all__ = ["HIDDEN", "hide_secrets"]
