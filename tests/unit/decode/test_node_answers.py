"""Answers of the node program, good ones and others."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pvesdn.decode.nodes.answers import decode_files, decode_observed, decode_problems
from pvesdn.errors import NodeFailed
from pvesdn.model.snapshot import NodeRaw


def test_files_are_text_by_path() -> None:
    assert decode_files("pve1", {"files": {"/etc/hosts": "a\n"}}, ["/etc/hosts"]) == {"/etc/hosts": "a\n"}


def test_an_observation_has_files_and_what_commands_answered() -> None:
    value = {"hostname": "pve1", "files": {}, "commands": {"ip-link": [1]}}
    assert decode_observed("pve1", value) == NodeRaw({}, {"ip-link": [1]})


def test_each_problem_is_one_line() -> None:
    assert decode_problems("pve1", {"problems": ["line 3:\n  unknown", 7]}) == ("line 3: unknown", "7")


@pytest.mark.parametrize("value", [{}, {"files": None}, {"files": ["/etc/hosts"]}, {"files": {"/etc/hosts": 1}}])
def test_files_of_another_shape_are_their_nodes_failure(value: dict[str, Any]) -> None:
    for decode in (partial(decode_files, asked=["/etc/hosts"]), decode_observed):
        with pytest.raises(NodeFailed, match=r"^pve1: unexpected response from the node program: .*files"):
            decode("pve1", value)


@pytest.mark.parametrize(
    "path", ["etc/hosts", "", "/etc/network/interfaces.d/../../../root/.bashrc", "/etc//hosts", "/etc/./hosts", "/etc/"]
)
def test_a_path_that_could_lead_elsewhere_is_its_nodes_failure(path: str) -> None:
    with pytest.raises(NodeFailed, match="of files is not a plain absolute path"):
        decode_observed("pve1", {"files": {path: ""}, "commands": {}})


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/shadow", "/cmd/x", "/etc", "/etc/network", "/etc/network/interfaces/x", "/etc/pve/sdn/zones.cfg"),
        *("/etc/systemd/system/dnsmasq@lan.service.d/x.conf", "/etc/systemd/system/.dnsmasq@lan.service.d/pvesdn.conf"),
        *("/etc/systemd/dnsmasq@lan.service.d/pvesdn.conf", "/etc/network/interface*/x"),
        *("/etc/network/interfaces.d/a/b", "/etc/network/interfaces.d/.x", f"/etc/network/interfaces.d/{'x' * 256}"),
    ],
)
def test_a_file_that_nobody_asked_for_is_its_nodes_failure(path: str) -> None:
    """In a snapshot it would lie where it does not belong, or keep every other node's files from being written."""
    with pytest.raises(NodeFailed, match="of files is not a file that was asked for"):
        decode_observed("pve1", {"files": {path: ""}, "commands": {}})
    with pytest.raises(NodeFailed, match="of files is not a file that was asked for"):
        decode_files("pve1", {"files": {path: ""}}, ["/etc/pve/.members", "/etc/network/interfaces.d/*"])


def test_what_a_pattern_means_was_asked_for() -> None:
    files = {"/etc/network/interfaces.d/a b": "", "/etc/pve/.members": ""}
    assert decode_files("pve1", {"files": files}, ["/etc/pve/.members", "/etc/network/interfaces.d/*"]) == files


@pytest.mark.parametrize("name", ["", "shadow", "../x", "\ud800"])
def test_a_command_that_nobody_asked_for_is_its_nodes_failure(name: str) -> None:
    with pytest.raises(NodeFailed, match="of commands is not a command that was asked for"):
        decode_observed("pve1", {"files": {}, "commands": {name: []}})


@pytest.mark.parametrize("value", [{"files": {}}, {"files": {}, "commands": []}])
def test_commands_of_another_shape_are_their_nodes_failure(value: dict[str, Any]) -> None:
    with pytest.raises(NodeFailed, match="commands is not a JSON object"):
        decode_observed("pve1", value)


@pytest.mark.parametrize("value", [{}, {"problems": "none"}])
def test_problems_of_another_shape_are_their_nodes_failure(value: dict[str, Any]) -> None:
    with pytest.raises(NodeFailed, match="problems is not a JSON list"):
        decode_problems("pve1", value)
