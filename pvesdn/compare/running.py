"""What PVE committed compared with what the nodes have: on a node that is behind, PVE's zones are pending (docs/pve.md
§4.5).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from pvesdn.decode.nodes.sdn_version import sdn_version
from pvesdn.model.files import SDN_INTERFACES
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.running import PveRunning, SdnFile, SdnFileState

_HINT = "apply the node's network configuration in PVE, which rewrites it"
_WITH_OURS = "run pvesdn apply, which puts its own file in place before the reload that rewrites PVE's"


def compare_running(version: int | None, files: Mapping[str, Mapping[str, str]]) -> PveRunning:
    """The state of every node's `interfaces.d/sdn`.

    :param version: what was committed last; None when nothing ever was, and then no node has a state.
    :param files: text by path, by node.
    """
    if version is None:
        return PveRunning()
    return PveRunning(version, {node: _state(version, files[node].get(SDN_INTERFACES)) for node in sorted(files)})


def running_findings(running: PveRunning, reloading: Container[str] = ()) -> Iterator[Finding]:
    """A warning for each node that is behind.

    :param reloading: nodes whose network an apply of the plan reloads.
    """
    for node, file in running.nodes.items():
        match file.state:
            case SdnFileState.OLD:
                what = f"{SDN_INTERFACES} has version {file.version}, but PVE runs version {running.version}"
            case SdnFileState.MISSING:
                what = f"{SDN_INTERFACES} was never generated, but PVE runs version {running.version}"
            case SdnFileState.CURRENT:
                continue
        what = f"{what}: its zones are pending here"
        hint = _WITH_OURS if node in reloading else _HINT
        yield Finding(severity=Severity.WARNING, node=node, where=node, what=what, hint=hint)


def _state(running: int, text: str | None) -> SdnFile:
    version = sdn_version(text)
    if version is None:
        return SdnFile(None, SdnFileState.MISSING)
    return SdnFile(version, SdnFileState.OLD if version < running else SdnFileState.CURRENT)
