"""The BGP sessions of all nodes -> one controller: full mesh, route reflectors, or one list of peers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pvesdn.decode.definitions import addresses
from pvesdn.decode.definitions.values import BadValueError, integer
from pvesdn.model.findings import Where
from pvesdn.model.hand_written import FrrNeighbor, FrrRouter, HandWrittenNode
from pvesdn.model.own_sdn import EvpnController
from pvesdn.model.primitives import IpAddress
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.underlay import UnderlayFacts

_ONE_AS = "pvesdn.cfg has one AS (iBGP): write the same behind 'router bgp' and 'remote-as' on every node and its peers"

_asn = integer(1, 4_294_967_295)


@dataclass(frozen=True, slots=True)
class RouterOnNode:
    """A node that announces its VNIs.

    :param sessions: neighbours activated in `l2vpn evpn`.
    """

    node: str
    router: FrrRouter
    address: IpAddress
    sessions: Mapping[IpAddress, FrrNeighbor]


def isolated_vnis(nodes: Mapping[str, HandWrittenNode]) -> dict[str, frozenset[str]]:
    """Nodes whose frr.conf announces all VNIs, with the VNIs it keeps out of EVPN."""
    return {name: router.isolated for name, router in _routers(nodes).items()}


def read_speakers(
    nodes: Mapping[str, HandWrittenNode], ground: UnderlayFacts, book: Notebook
) -> dict[str, RouterOnNode]:
    """The BGP speakers of the overlay, by node."""
    found = {}
    for name, router in sorted(_routers(nodes).items(), key=lambda pair: pair[0]):
        if name not in ground.vteps:
            continue
        sessions: dict[IpAddress, FrrNeighbor] = {}
        for neighbor in router.neighbors:
            peer = _parsed(neighbor.address)
            where = (name, neighbor.place, f"neighbor {neighbor.address}")
            if not neighbor.is_evpn:
                continue  # told with the other lines of frr.conf
            if peer is None:
                what = "is not an address, so its peer is unknown"
                hint = (
                    f"write 'neighbor ADDRESS remote-as {router.asn}' in its place, and the peer's address wherever else "
                    f"'neighbor {neighbor.address}' stands"
                )
                book.error(*where, what, hint)
            elif neighbor.remote_as not in (router.asn, "internal"):
                what = f"remote-as {neighbor.remote_as or 'is missing'}, but the node's own AS is {router.asn}"
                missing = f"write 'neighbor {peer} remote-as {router.asn}'"
                book.error(*where, what, _ONE_AS if neighbor.remote_as else missing)
            elif (vtep := ground.vtep_of(peer)) in sessions:
                what = f"is a second session with {ground.owners[vtep]}, beside neighbor {sessions[vtep].address}"
                book.error(*where, what, "remove one of the two")
            else:
                sessions[vtep] = neighbor
                _tell_source(name, neighbor, vtep, ground, book)
        moving = [f"{n.address} ({ground.owners[v]})" for v, n in sessions.items() if v != _parsed(n.address)]
        if moving:
            what = f"sessions with addresses that are not VTEPs, {', '.join(moving)}: afterwards they are between VTEPs"
            book.lose(name, router.place, f"router bgp {router.asn}", what)
        found[name] = RouterOnNode(name, router, ground.vteps[name].address, sessions)
    return found


def propose_controller(
    controller: str, speakers: Mapping[str, RouterOnNode], ground: UnderlayFacts, book: Notebook
) -> EvpnController | None:
    """One controller for all speakers; None, and errors, where one cannot serve them all."""
    asn = _same_asn(speakers, book)
    if asn is None:
        return None
    where = Where(file=OWN_NAME, line=0, kind="controller", id=controller)
    mesh = _Mesh(speakers, ground)
    if mesh.is_full():
        return EvpnController(where=where, id=controller, asn=asn)
    if mesh.reflectors or mesh.is_outside_only():
        mesh.blame_unlike_reflected(book)
        return EvpnController(where=where, id=controller, asn=asn, route_reflectors=mesh.reflected())
    peers = mesh.peers()
    if mesh.outside and mesh.is_list(peers):
        return EvpnController(where=where, id=controller, asn=asn, peers=peers)
    mesh.blame_unlike_full(book)
    return EvpnController(where=where, id=controller, asn=asn)


class _Mesh:
    """Who has a session with whom.

    Members that were not read count as speakers where somebody has a session with them.
    """

    def __init__(self, speakers: Mapping[str, RouterOnNode], ground: UnderlayFacts) -> None:
        self._speakers = speakers
        self._ground = ground
        named = {address for speaker in speakers.values() for address in speaker.sessions}
        self._inside = {speaker.address for speaker in speakers.values()}
        self._inside |= {address for address in named if address in ground.owners}
        self.outside = tuple(sorted(named - self._inside, key=_sort_key))
        clients = {name for name, speaker in speakers.items() if any(n.is_client for n in speaker.sessions.values())}
        self.reflectors = tuple(sorted(clients))

    def is_full(self) -> bool:
        return not self.reflectors and all(
            s.sessions.keys() == self._inside - {s.address} for s in self._speakers.values()
        )

    def is_outside_only(self) -> bool:
        """Whether nobody has a session with a member."""
        return bool(self.outside) and all(not s.sessions.keys() & self._inside for s in self._speakers.values())

    def reflected(self) -> tuple[IpAddress | str, ...]:
        return (*self.reflectors, *self.outside)

    def peers(self) -> tuple[IpAddress, ...]:
        return tuple(sorted({*self._inside, *self.outside}, key=_sort_key))

    def is_list(self, peers: Iterable[IpAddress]) -> bool:
        """Whether every speaker has a session with each peer in the list except itself."""
        return all(s.sessions.keys() == set(peers) - {s.address} for s in self._speakers.values())

    def blame_unlike_full(self, book: Notebook) -> None:
        for speaker in self._speakers.values():
            self._blame(speaker, (self._inside | set(self.outside)) - {speaker.address}, book)

    def blame_unlike_reflected(self, book: Notebook) -> None:
        reflecting = {self._speakers[name].address for name in self.reflectors}
        for name, speaker in self._speakers.items():
            wanted = reflecting | set(self.outside)
            if name in self.reflectors:
                wanted |= self._inside
                self._blame_clients(speaker, self._inside - reflecting, book)
            self._blame(speaker, wanted - {speaker.address}, book)

    def _blame(self, speaker: RouterOnNode, wanted: set[IpAddress], book: Notebook) -> None:
        """:param wanted: the peers that it should have: whom it has beyond them are members."""
        missing = wanted - speaker.sessions.keys()
        if missing:
            named = ", ".join(self._ground.named(address) for address in sorted(missing, key=_sort_key))
            hint = "add it, and activate it in l2vpn evpn"
            if missing & set(self.outside):
                hint += "; or take the peer that is not a node out of every frr.conf"
            elif not self.reflectors:
                hint += ", or use the same route reflectors on every node"
            what = f"has no session with {named}"
            book.error(speaker.node, speaker.router.place, f"router bgp {speaker.router.asn}", what, hint)
        for address in sorted(speaker.sessions.keys() - wanted, key=_sort_key):
            neighbor = speaker.sessions[address]
            what, hint = "is the node itself", f"remove every 'neighbor {neighbor.address}'"
            if address != speaker.address:
                mirrors = " and ".join(self.reflectors)
                what = f"is a session between two clients of {mirrors}"
                hint += f"; or for a full mesh remove every 'route-reflector-client' of {mirrors}"
            book.error(speaker.node, neighbor.place, f"neighbor {neighbor.address}", what, hint)

    def _blame_clients(self, speaker: RouterOnNode, clients: set[IpAddress], book: Notebook) -> None:
        for address, neighbor in speaker.sessions.items():
            if neighbor.is_client != (address in clients):
                line = f"'neighbor {neighbor.address} route-reflector-client'"
                what, hint = "is not a route-reflector-client", f"write {line} in l2vpn evpn"
                if neighbor.is_client:
                    which = "a route reflector itself" if address in self._inside else "not a node of the overlay"
                    what, hint = f"is a route-reflector-client, but {which}", f"remove {line}"
                book.error(speaker.node, neighbor.place, f"neighbor {neighbor.address}", what, hint)


def _tell_source(node: str, neighbor: FrrNeighbor, peer: IpAddress, ground: UnderlayFacts, book: Notebook) -> None:
    """The source of a session is the VTEP, or what the kernel chooses for a peer of the other family; any other is
    lost.

    Members know each other's VTEPs; an outside peer may know the address that the kernel has chosen so far.
    """
    vtep = ground.vteps[node].address
    word, place = neighbor.source or ("", neighbor.place)
    if word:
        source = _parsed(word) or ground.source(node, word, peer)
        which = f"update-source {word}" if source is None or _parsed(word) else f"update-source {source} of {word}"
    else:
        if peer in ground.owners or peer.version != vtep.version:
            return
        source = ground.kernels_source(node, peer)
        which = f"its source is {source} now"
    if source == vtep or (source is None and not word):
        return
    new = f"the VTEP, {vtep}" if peer.version == vtep.version else "the address that the kernel chooses"
    what = f"{which}: afterwards the session's source is {new}"
    hint = "" if peer in ground.owners else "have the peer accept the session from there"
    book.lose(node, place, f"neighbor {neighbor.address}", what, hint)


def _routers(nodes: Mapping[str, HandWrittenNode]) -> dict[str, FrrRouter]:
    """The default BGP instance of each node that announces all VNIs."""
    return {
        name: router
        for name, node in nodes.items()
        for router in node.frr.routers
        if router.vrf is None and router.has_all_vnis
    }


def _parsed(text: str) -> IpAddress | None:
    try:
        return addresses.address(text)
    except BadValueError:
        return None


def _same_asn(speakers: Mapping[str, RouterOnNode], book: Notebook) -> int | None:
    first = next(iter(speakers.values()), None)
    if first is None:
        return None
    for speaker in speakers.values():
        if speaker.router.asn != first.router.asn:
            what = f"is not the AS of {first.node}, {first.router.asn} ({first.router.place})"
            book.error(speaker.node, speaker.router.place, f"router bgp {speaker.router.asn}", what, _ONE_AS)
    try:
        return int(_asn(first.router.asn))
    except BadValueError as error:
        book.error(first.node, first.router.place, f"router bgp {first.router.asn}", error.what, error.hint)
        return None


def _sort_key(address: IpAddress) -> tuple[int, int]:
    return address.version, int(address)
