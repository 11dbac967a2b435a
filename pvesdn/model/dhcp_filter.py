"""What keeps DHCP from crossing a VXLAN device: a filter of the kernel's traffic control, one for each direction.

It lives in the device: no daemon, table or unit of anybody's can flush it, and it goes when the device goes.
"""

from __future__ import annotations

_WAYS = ("ingress", "egress")
_PLACE = "pref 6768 handle 1 protocol all"
"""Said in full, so that `replace` finds it again and leaves other filters of the device alone."""

_PROGRAM = (
    "32 0 0 4294963244",  # 0: the VLAN tag, which the kernel keeps beside the frame
    "84 0 0 4095",  # its number
    "21 0 17 0",  # a tagged frame passes: in guests' VLANs PVE serves no addresses; number 0 is no VLAN
    "40 0 0 12",  # 3: the EtherType
    "21 0 8 2048",  # IPv4; or go on at 13
    "48 0 0 23",
    "21 0 13 17",  # UDP
    "40 0 0 20",
    "69 11 0 8191",  # a later fragment has no ports
    "177 0 0 14",  # the length of the IPv4 header
    "72 0 0 16",  # 10: the destination port
    "21 7 0 67",  # to a server of DHCP
    "21 6 7 68",  # to a client
    "21 0 6 34525",  # 13: IPv6
    "48 0 0 20",
    "21 0 4 17",  # UDP
    "40 0 0 56",  # the destination port
    "21 1 0 546",  # to a client of DHCPv6
    "21 0 1 547",  # to a server
    "6 0 0 2",  # 19: drop
    "6 0 0 4294967295",  # 20: pass, to whatever other filter there is
)
"""Classic BPF in the words of tc-bpf(8): code, where to if it is true, where to if not, operand."""

BYTECODE = ",".join((str(len(_PROGRAM)), *_PROGRAM))


def dhcp_filter(device: str) -> tuple[str, ...]:
    """The commands that put it on a VXLAN device; run again they change nothing."""
    return (
        f"tc qdisc replace dev {device} clsact",
        *(f"tc filter replace dev {device} {way} {_PLACE} bpf direct-action bytecode '{BYTECODE}'" for way in _WAYS),
    )


def is_dhcp_filter(command: str) -> bool:
    """Whether a command of a stanza puts it on a device, whatever the device's name."""
    return command.startswith("tc filter replace dev ") and _PLACE in command


def without_bytecode(command: str) -> str:
    """Such a command for people to read, who know the numbers from nothing else; any other one as it is."""
    start, word, _ = command.partition(" bytecode ")
    return f"{start}{word}..." if is_dhcp_filter(command) else command
