"""What scenarios prove by looking at frames and packets where they pass."""

from __future__ import annotations

from pvesdn_lab.live.testbed.sniffer import Tap, source_of, tags_of
from pvesdn_lab.live.verbs.actions import target_address
from pvesdn_lab.live.verbs.context import Context, as_proof, require


def tagged(context: Context, *, guest: str, to: str, card: str, tags: list[list[str]]) -> str:
    """What a guest sends to another leaves its node through this card with exactly these tags, the outer one first.

    Looked at on the switch. The other guest answers too.

    :param tags: ethertype and VLAN of each, such as ``[["0x88a8", "200"], ["0x8100", "12"]]``.
    """
    wires, sender, other = context.lab.wires, context.guest(guest), context.guest(to)
    address = target_address(context, to)
    tap = Tap(wires.space, wires.port(card, sender.node.name), sender.node, context.lab.folder / "tcpdump")
    with as_proof():
        words = f"ether src {sender.mac} and ether dst {other.mac}"
        frame = tap.catch(words, lambda: sender.host.reaches(address))
    found = [[ethertype, str(vlan)] for ethertype, vlan in tags_of(frame)]
    require(found == tags, f"tags {tags} from {sender.node.name} on {card}", f"{found} in: {frame}")
    require(sender.host.reaches(address, tries=3), f"an answer from {to}")
    return f"{sender.node.name} to {other.node.name}: {', '.join(f'{kind} {vlan}' for kind, vlan in found)}"


def arrives_from(context: Context, *, guest: str, to: str, router: str, source: str) -> str:
    """A guest's pings arrive at a router with this source address, and are answered.

    :param source: the address of a node that translates, or the guest's own.
    """
    sender, target = context.lab.host(guest), context.lab.host(router)
    tap = Tap(target.space, "eth0", context.nodes()[0], context.lab.folder / "tcpdump")
    with as_proof():
        packet = tap.catch(f"icmp[icmptype] == icmp-echo and dst host {to}", lambda: sender.reaches(to))
    found = source_of(packet)
    require(found == source, f"{source} as the source that {router} sees", f"{found} in: {packet}")
    require(sender.reaches(to, tries=3), f"an answer from {to}")
    return f"{router} sees {found}"
