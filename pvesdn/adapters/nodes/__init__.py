"""Nodes through the node program: on this machine (`LocalAgent`), over OpenSSH (`SshAgent`), or each node its own way."""

from __future__ import annotations

from pvesdn.adapters.nodes.local import LocalAgent
from pvesdn.adapters.nodes.routed import RoutedAgent
from pvesdn.adapters.nodes.ssh import Host, SshAgent

__all__ = ["Host", "LocalAgent", "RoutedAgent", "SshAgent"]
