"""What a lab and those outside have between them: files in one folder, which a virtual machine shares with its host."""

from __future__ import annotations

READY = "ready.json"
"""What the lab says of itself, once it is up."""
