"""Why a node did not answer: our own words, and the last output of ssh, of a proxy command, or
of a shell on the node.
"""

from __future__ import annotations

import re

from pvesdn.decode.secrets.veil import Veil, is_address, is_number, is_path, word_set

_PART = re.compile(r"[^\s\"'`(),;!?\[\]]+")
_END = ".:"
_WORDS = word_set(
    """
    a abort absent absolute accept accepted access accessing address addresses after again algorithm allocate allowed
    already an and another answer answered any api are argument arguments arrived as ascii asked assign at authenticate
    authentication available back bad banner be been before begin broken busy but by byte bytes call can cannot changed
    channel character characters check cipher client client_loop close closed cluster code command commands compile
    complete connect connected connection connections could corrupted cut damaged data deep denied descriptor device did
    died different directory disk disconnected do does domain down ended ending end error established exceeded exchange
    exec executable execute exist exists exit expired fail failed failure failures family fatal fault file files for
    form format forward found from full garbled gave given group handle has have held host hostfile hostname identification
    identity illegal in incomplete input installed interface interfaces interrupted invalid is it its key keys killed
    known large larger last layout left length let lines line link list local location lock log login lost lookup mac
    many match matching may memory message method methods mib missing mode module modules more must name named names
    need needed nested network no node node's none nor not nothing number of off offer offline old on one only open
    operation option or other out output owner packet passed path peer permanently permission permitted pipe place please port
    possible preauth print printable printed problem process program progress protocol provided proxy pve pvesdn python
    quota range read read-only ready received recoverable refused regular rejected remote remove replaced replies request
    requested required reset resolution resolve resource response result root route run running s sdn sec second seconds
    secure see send sent server session set shared shell should shut signal skipped socket software some space ssh
    ssh_exchange_identification started start state status still stream strict such supported surrogate symbolic
    system takes temporarily temporary terminated text than that the their then there this time timed timeout to too took
    transport traffic tried try trying type types unable unavailable unexpected unknown unreachable unsupported until up
    usage use user username utf-8 valid value verb verification verify version via wait waiting was what when which while
    whose with within without word words write written wrong you
    show bgp neighbors evpn vni detail rmac vrrp vrrpd bgpd zebra bfdd all running-config daemons -c bridge fdb exiting
    ssh: python3 python bash sh sudo ip vtysh frr ifup ifdown json iproute2 dpkg-query sysctl kex_exchange_identification
    publickey password keyboard-interactive gssapi-with-mic gssapi-keyex hostbased ecdsa ed25519 rsa dsa ipv4 ipv6 i/o
    folder folders contains half leads object pair right these iproute2 observe stage commit discard finish flood put reload restart
    apply apt away bug changes compare component differs doing how ifupdown2 install itself kernel machine move next
    normalized openssh-client plan report save says settings shows since twice undo wildcards writes beside ends give
    staged take --node neither true false
    """
)


def hide_reason(text: str, veil: Veil) -> str:
    """The reason, with every word replaced that is not ours, ssh's or the system's own."""
    return _PART.sub(lambda found: _part(found[0], veil), text)


def _part(part: str, veil: Veil) -> str:
    word = part.rstrip(_END)
    if not word or _is_known(word, veil) or all(_is_known(piece, veil) for piece in re.split("[/:]", word) if piece):
        return part
    return veil.hide(word) + part[len(word) :]


def _is_known(word: str, veil: Veil) -> bool:
    is_value = is_number(word) or is_address(word) or is_path(word)
    return is_value or word.casefold() in _WORDS or veil.passes(word) or not any(map(str.isalnum, word))
