"""Nodes through the node program (`ProgramAgent`), on this machine, over OpenSSH, or each node its own way."""

from __future__ import annotations

from pvesdn.adapters.nodes.agent import ProgramAgent, Transport
from pvesdn.adapters.nodes.local import LocalTransport
from pvesdn.adapters.nodes.routed import RoutedTransport
from pvesdn.adapters.nodes.ssh import SshHost, SshTransport

__all__ = ["LocalTransport", "ProgramAgent", "RoutedTransport", "SshHost", "SshTransport", "Transport"]
