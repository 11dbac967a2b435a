"""The verb `probe`: VXLAN datagrams to other nodes as the kernel would send them, and who has heard whose.

A datagram carries a frame of its own ethertype to the bridge of a VNet on the other node, which its kernel takes out
and delivers like any guest's; a packet socket there sees it arrive. Nothing is changed, and nothing is forwarded.
"""

import contextlib
import errno
import ipaddress
import select
import socket
import struct
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.request import VERBS, Value, checked_address, checked_interface, list_at, text_at

ETHERTYPE = 0x88B5
"""For local experiments (IEEE 802), so that nobody takes it for something else."""
_MAGIC = b"pvesdn probe"
_NONCE = 8
_NAMED = struct.Struct("!12s8sI")
"""What a frame carries: magic, nonce of the run, number of the probe."""
_HEADER = struct.Struct("!B3xI")
_HAS_VNI = 0x08
_NEVER_FRAGMENT = {4: (socket.IPPROTO_IP, 10, 3), 6: (socket.IPPROTO_IPV6, 23, 3)}
"""IP_MTU_DISCOVER and IPV6_MTU_DISCOVER with PMTUDISC_PROBE: DF is set, and no learned path MTU counts. Python has no
names for them.
"""
_MOST_PROBES = 10000
_MOST_SIZE = 65000
_LONGEST = 30.0
_PAUSES = (0.2, 0.3, 0.5)
"""Seconds between two rounds; the last for all that follow."""
_LINGER = 1.0
"""Seconds for which probes are still sent after the last news: a node that began late has to hear them, too."""
_BUFFER = 4 * 1024 * 1024


class Probe(NamedTuple):
    """One datagram. :param size: bytes of the frame's payload: what a guest calls the MTU."""

    number: int
    source: str
    target: str
    port: int
    vni: int
    source_mac: bytes
    target_mac: bytes
    size: int


class Ear(NamedTuple):
    """A probe that should come: its number, and the bridge that it has to come out of."""

    number: int
    bridge: str


def probe(machine: Machine, arguments: Value) -> Value:
    """Send and listen: ``{"nonce": 16 hex digits, "seconds": number, "send": [...], "hear": [{"number", "bridge"}]}``
    -> ``{"heard": [numbers], "unsent": {number: why}, "lasted": seconds}``, or ``{"unable": why}`` where no packets can
    be seen here.

    Each of ``send`` has what `Probe` has, MACs with colons. It ends when all has been heard and nothing new has come
    for a while, or when the time is up.
    """
    nonce = _nonce_in(arguments)
    sends = [_probe_of(row) for row in list_at(arguments, "send", dict)]
    ears = [_ear_of(row) for row in list_at(arguments, "hear", dict)]
    if len(sends) > _MOST_PROBES or len(ears) > _MOST_PROBES:
        raise Refused(f"more than {_MOST_PROBES} probes")
    seconds = arguments.get("seconds")
    if not isinstance(seconds, (int, float)) or not 0 < seconds <= _LONGEST:
        raise Refused(f"seconds are not between 0 and {_LONGEST:g}")
    if machine.root:
        return {"unable": "the node is a folder: it has no network"}
    try:
        with contextlib.ExitStack() as stack:
            wire = Wire(stack, {one.source for one in sends})
            return exchange(wire, nonce, sends, ears, seconds)
    except PermissionError:
        return {"unable": "only root may see packets"}


class Wire:
    """The sockets: one that hears, and one to send from for each address of the node's own.

    :raises PermissionError: the program is not root.
    """

    def __init__(self, stack: contextlib.ExitStack, sources: Set[str]) -> None:
        self._ear = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE)))
        self._ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._mouths: Dict[str, Any] = {}
        for source in sorted(sources):
            try:
                self._mouths[source] = stack.enter_context(mouth_of(source))
            except OSError as error:
                self._mouths[source] = error

    def send(self, one: Probe, datagram: bytes) -> None:
        """:raises OSError: it has not left the node."""
        mouth = self._mouths[one.source]
        if isinstance(mouth, OSError):
            raise mouth
        mouth.sendto(datagram, (one.target, one.port))

    def heard(self, seconds: float) -> Iterator[Tuple[str, bytes]]:
        """The bridge and the frame of each that comes within that time; ends early after the first few."""
        while select.select([self._ear], [], [], max(0.0, seconds))[0]:
            frame, place = self._ear.recvfrom(2048)
            yield place[0], frame
            seconds = 0.0


def mouth_of(source: str) -> socket.socket:
    """A socket that speaks from `source` and sends datagrams whole or not at all."""
    version = ipaddress.ip_address(source).version
    mouth = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        mouth.setsockopt(*_NEVER_FRAGMENT[version])
        mouth.bind((source, 0))
    except OSError:
        mouth.close()
        raise
    return mouth


def exchange(
    wire: Any,
    nonce: bytes,
    sends: List[Probe],
    ears: List[Ear],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Value:
    """Send in rounds, and listen in between. :param wire: as `Wire`."""
    places = {ear.number: ear.bridge for ear in ears}
    datagrams = [(one, datagram_of(nonce, one)) for one in sends]
    heard: Set[int] = set()
    unsent: Dict[int, str] = {}
    begin = news = clock()
    rounds = 0
    while True:
        for one, datagram in datagrams:
            try:
                wire.send(one, datagram)
                unsent.pop(one.number, None)
            except OSError as error:
                unsent[one.number] = errno.errorcode.get(error.errno or 0, "EIO")
        until = clock() + _PAUSES[min(rounds, len(_PAUSES) - 1)]
        rounds += 1
        while clock() < until:
            for bridge, frame in wire.heard(until - clock()):
                number = number_in(nonce, frame)
                if number is not None and number not in heard and places.get(number) == bridge:
                    heard.add(number)
                    news = clock()
        now = clock()
        if now - begin >= seconds or (len(heard) == len(places) and now - news >= _LINGER):
            return {
                "heard": sorted(heard),
                "unsent": {str(number): why for number, why in unsent.items()},
                "lasted": now - begin,
            }


def datagram_of(nonce: bytes, one: Probe) -> bytes:
    """The payload of UDP: VXLAN's header (RFC 7348 section 5), then the frame."""
    payload = _NAMED.pack(_MAGIC, nonce, one.number).ljust(one.size, b"\0")
    frame = one.target_mac + one.source_mac + struct.pack("!H", ETHERTYPE) + payload
    return _HEADER.pack(_HAS_VNI, one.vni << 8) + frame


def number_in(nonce: bytes, frame: bytes) -> Optional[int]:
    """The number of the probe that a frame is; None for what is not of this run."""
    payload = frame[14 : 14 + _NAMED.size]
    if len(payload) < _NAMED.size:
        return None
    magic, its, number = _NAMED.unpack(payload)
    return int(number) if (magic, its) == (_MAGIC, nonce) else None


def _nonce_in(arguments: Value) -> bytes:
    try:
        nonce = bytes.fromhex(text_at(arguments, "nonce"))
    except ValueError:
        nonce = b""
    if len(nonce) != _NONCE:
        raise Refused(f"the nonce does not have {2 * _NONCE} hexadecimal digits")
    return nonce


def _probe_of(row: Dict[str, Any]) -> Probe:
    return Probe(
        number=_integer_at(row, "number", 0xFFFFFFFF),
        source=checked_address(text_at(row, "source")),
        target=checked_address(text_at(row, "target")),
        port=_integer_at(row, "port", 0xFFFF),
        vni=_integer_at(row, "vni", 0xFFFFFF),
        source_mac=_mac_at(row, "source_mac"),
        target_mac=_mac_at(row, "target_mac"),
        size=_integer_at(row, "size", _MOST_SIZE),
    )


def _ear_of(row: Dict[str, Any]) -> Ear:
    return Ear(_integer_at(row, "number", 0xFFFFFFFF), checked_interface(text_at(row, "bridge")))


def _integer_at(row: Dict[str, Any], key: str, most: int) -> int:
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refused(f"{key!r} of a probe is not a number from 0 to {most}")
    return value


def _mac_at(row: Dict[str, Any], key: str) -> bytes:
    try:
        mac = bytes.fromhex(text_at(row, key).replace(":", ""))
    except ValueError:
        mac = b""
    if len(mac) != 6:
        raise Refused(f"{key!r} of a probe is not a MAC address")
    return mac


VERBS.update(probe=probe)
