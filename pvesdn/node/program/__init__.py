"""The node program: everything pvesdn does on a node, in parts that become one text when it is sent
(`pvesdn.node.assembly`).

The parts run ON a node: standard library only, Python 3.9 syntax (PVE 7), nothing of pvesdn imported but each other,
nothing to install. `dialogue` is where a request comes in.
"""

from pvesdn.node.program.dialogue import MARKER, VERBS, answer
from pvesdn.node.program.machine import Machine, Refused

__all__ = ["MARKER", "VERBS", "Machine", "Refused", "answer"]
