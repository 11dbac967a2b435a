"""The node program through each transport: the same promises, whether the node is this machine
or behind a real sshd.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.nodes import LocalTransport, RoutedTransport, SshHost, SshTransport, Transport
from pvesdn.adapters.nodes.ssh import CONFIG, explain
from pvesdn.errors import NodeFailed, NodeUnreachable
from tests.noderoot import FRR, OURS, RECORD, NodeRoot
from tests.sshd import Sshd, free_port, make_key, running_sshd

NODE = "pve1"
UNTIL_HANGUP = "while kill -0 $PPID; do sleep 0.1; done"
"""Shell: does not end before the connection does."""


@pytest.fixture
def node(tmp_path: Path) -> NodeRoot:
    return NodeRoot(tmp_path / "node")


@pytest.fixture
def sshd(tmp_path: Path, node: NodeRoot) -> Iterator[Sshd]:
    with running_sshd(tmp_path / "sshd", NODE, {"PVESDN_ROOT": str(node.folder)}) as running:
        yield running


def over_ssh(host: SshHost, **more: Any) -> SshTransport:
    return SshTransport({NODE: host}, **{"limit": 60.0, "cluster_files": Path("/nonexistent"), **more})


def users_config(folder: Path, text: str) -> Path:
    """Our own configuration of ssh, for a user whose ssh_config is `text`."""
    (folder / "user_config").write_text(text)
    config = folder / "config"
    config.write_text(CONFIG.read_text("utf-8").replace("~/.ssh/config", str(folder / "user_config")), "utf-8")
    return config


@pytest.fixture
def ssh_agent(tmp_path: Path) -> Iterator[Path]:
    """The socket of a running ssh-agent."""
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it speaks once it listens
        yield socket
        process.terminate()


@pytest.fixture(params=["local", "ssh"])
def agent(request: pytest.FixtureRequest, node: NodeRoot) -> Transport:
    if request.param == "local":
        return LocalTransport({NODE: node.folder}, limit=60.0)
    return over_ssh(request.getfixturevalue("sshd").host())


class TestEveryTransport:
    def test_keeps_our_own_secrets_from_what_it_starts(
        self, agent: Transport, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PVESDN_PASSWORD", "hunter2")
        monkeypatch.setenv("PVESDN_TOKEN_VALUE", "hunter2")
        node.command("ip", script=f"env > {node.folder}/environment\necho '[]'")
        agent.ask(NODE, "observe", {"commands": ["ip-link"]})
        environment = node.text("/environment")
        assert "PATH=" in environment
        assert "hunter2" not in environment

    def test_reads_files_and_keeps_every_character(self, agent: Transport, node: NodeRoot) -> None:
        text = "# Zürich, 東京 🙂\n\tiface x\r\n"
        node.place(OURS).write_bytes(text.encode())
        answer = agent.ask(NODE, "read", {"files": ["/etc/network/interfaces.d/*", "/etc/frr/frr.conf"]})
        assert answer == {"files": {OURS: text}}

    def test_carries_more_than_a_pipe_holds_both_ways(self, agent: Transport, node: NodeRoot) -> None:
        text = "iface x\n" * 100_000
        entry = node.entry(OURS, text)
        assert agent.ask(NODE, "stage", {"files": [entry]}) == {"problems": []}
        agent.ask(NODE, "commit", {"files": [entry]})
        assert agent.ask(NODE, "read", {"files": [OURS]})["files"][OURS] == text

    def test_writes_all_files_after_staging_them(self, agent: Transport, node: NodeRoot) -> None:
        node.write(FRR, "old\n")
        entries = [node.entry(OURS, "auto x\n"), node.entry(FRR, "new\n", mode="0640", owner="frr:frr")]
        assert agent.ask(NODE, "stage", {"files": entries}) == {"problems": []}
        assert node.text(FRR) == "old\n"
        agent.ask(NODE, "commit", {"files": entries})
        assert (node.text(OURS), node.text(FRR)) == ("auto x\n", "new\n")
        assert node.place(FRR).stat().st_mode & 0o777 == 0o640
        assert node.leftovers() == []
        assert json.loads(node.text(RECORD))["unfinished"] is True
        assert agent.ask(NODE, "finish", {}) == {}
        assert json.loads(node.text(RECORD))["unfinished"] is False

    def test_a_refusal_of_the_program_is_the_nodes_failure_with_its_hint(self, agent: Transport) -> None:
        with pytest.raises(NodeFailed) as caught:
            agent.ask(NODE, "frr", {"action": "reload"})
        assert str(caught.value) == "pve1: FRR is not installed; apt install frr frr-pythontools"

    def test_an_unknown_verb_is_refused_by_name(self, agent: Transport) -> None:
        with pytest.raises(NodeFailed, match="has no verb 'reboot'"):
            agent.ask(NODE, "reboot", {})

    def test_a_node_it_knows_nothing_of_is_unreachable(self, agent: Transport) -> None:
        with pytest.raises(
            NodeUnreachable, match=r"^pve9: .*(run pvesdn on that node|the cluster gives the node no address)"
        ):
            agent.ask("pve9", "read", {"files": []})


class TestSsh:
    def test_what_a_login_script_prints_is_ignored(self, tmp_path: Path, node: NodeRoot) -> None:
        command = 'echo "Welcome!"; echo ----; sh -c "$SSH_ORIGINAL_COMMAND"; echo bye'
        environment = {"PVESDN_ROOT": str(node.folder)}
        with running_sshd(tmp_path / "noisy", NODE, environment, force_command=command) as sshd:
            assert over_ssh(sshd.host()).ask(NODE, "read", {"files": ["/etc/hostname"]}) == {
                "files": {"/etc/hostname": "pve1\n"}
            }

    def test_a_login_shell_that_answers_something_else_is_said_to(self, tmp_path: Path) -> None:
        with running_sshd(tmp_path / "other", NODE, {}, force_command="echo no entry") as sshd:
            self.refused(over_ssh(sshd.host()), "unexpected response from the node program", "login shell")

    def test_a_node_without_python3_is_told_to_install_it(self, tmp_path: Path) -> None:
        with running_sshd(tmp_path / "bare", NODE, {"PATH": str(tmp_path)}) as sshd:
            self.refused(over_ssh(sshd.host()), "python3 did not start: ", "apt install python3")

    def test_python3_that_fails_is_said_to_with_its_last_words(self, tmp_path: Path) -> None:
        with running_sshd(tmp_path / "broken", NODE, {}, force_command="echo No module named json >&2; exit 1") as sshd:
            self.refused(over_ssh(sshd.host()), "python3 did not run the node program: No module named json")

    def test_an_unknown_host_key_is_not_accepted(self, sshd: Sshd) -> None:
        sshd.known_hosts.write_text("")
        self.refused(over_ssh(sshd.host()), "No ED25519 host key is known for pve1", "check its fingerprint with `ssh")

    def test_a_changed_host_key_is_not_accepted(self, tmp_path: Path, sshd: Sshd) -> None:
        other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
        sshd.known_hosts.write_text(f"{NODE} {other}")
        self.refused(over_ssh(sshd.host()), "REMOTE HOST IDENTIFICATION HAS CHANGED", "pvecm updatecerts")

    def test_the_host_key_is_the_nodes_whatever_its_address(self, sshd: Sshd) -> None:
        key = sshd.known_hosts.read_text().removeprefix(NODE)
        sshd.known_hosts.write_text(f"[127.0.0.1]:{sshd.port}{key}127.0.0.1{key}pve2{key}")
        self.refused(over_ssh(sshd.host()), "host key is known for pve1", "fingerprint")

    def test_a_key_that_is_not_authorized_is_refused(self, tmp_path: Path, sshd: Sshd) -> None:
        wrong = replace(sshd.host(), identity_file=make_key(tmp_path / "wrong"))
        self.refused(over_ssh(wrong), "Permission denied (publickey)", "identity file")

    def test_a_port_where_nobody_listens_is_refused(self, sshd: Sshd) -> None:
        self.refused(over_ssh(replace(sshd.host(), port=free_port())), "Connection refused", "is sshd running there")

    def test_a_name_that_does_not_resolve_is_said_to(self, sshd: Sshd) -> None:
        self.refused(over_ssh(replace(sshd.host(), address="pve1.invalid")), "Could not resolve hostname", "HostName")

    def test_an_address_that_looks_like_an_option_reaches_no_command(self, sshd: Sshd) -> None:
        self.refused(over_ssh(replace(sshd.host(), address="-oProxyCommand=false")), "its address is not known")

    def test_a_node_that_does_not_end_is_given_up_with_a_warning_of_what_it_may_still_do(self, tmp_path: Path) -> None:
        with running_sshd(tmp_path / "slow", NODE, {}, force_command=UNTIL_HANGUP) as sshd:
            agent = over_ssh(sshd.host(), limit=0.5)
            self.refused(agent, "no answer within 0.5 s", verb="commit", hint="pvesdn plan --node pve1")
            with pytest.raises(NodeUnreachable) as caught:
                agent.ask(NODE, "read", {})
            assert caught.value.hint == ""

    def test_the_clusters_own_known_hosts_are_used_where_it_has_them(self, tmp_path: Path, sshd: Sshd) -> None:
        cluster = tmp_path / "etc pve 100%"
        (cluster / "nodes" / NODE).mkdir(parents=True)
        (cluster / "nodes" / NODE / "ssh_known_hosts").write_text(sshd.known_hosts.read_text())
        agent = over_ssh(replace(sshd.host(), known_hosts_file=None), cluster_files=cluster)
        assert agent.ask(NODE, "read", {"files": ["/etc/hostname"]})["files"] == {"/etc/hostname": "pve1\n"}

    def test_nothing_of_this_machine_goes_along_whatever_the_users_ssh_config_says(
        self, tmp_path: Path, node: NodeRoot, sshd: Sshd, ssh_agent: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(ssh_agent))
        monkeypatch.setenv("CLOUD_SECRET", "hunter2")
        node.command("ip", script=f"env > {node.folder}/environment\necho '[]'")
        own = f"SendEnv CLOUD_*\nSetEnv SET_BY_HAND=1\nForwardAgent yes\nPermitLocalCommand yes\nLocalCommand touch {tmp_path}/ran\n"
        config = users_config(tmp_path, own)
        for text in (own, f"Host *\n{own}", f"Match all\n{own}", f"{own}Host elsewhere\n{own}"):
            (tmp_path / "user_config").write_text(text)
            over_ssh(sshd.host(), config=config).ask(NODE, "observe", {"commands": ["ip-link"]})
            environment = node.text("/environment")
            assert "SSH_CONNECTION=" in environment
            assert not [word for word in ("CLOUD_SECRET", "SET_BY_HAND", "SSH_AUTH_SOCK") if word in environment]
        assert not (tmp_path / "ran").exists()

    def test_how_a_node_is_reached_may_stand_in_the_users_ssh_config(self, tmp_path: Path, sshd: Sshd) -> None:
        host = sshd.host()
        own = f"Host far-away\nHostName 127.0.0.1\nPort {host.port}\nIdentityFile {host.identity_file}\n"
        agent = over_ssh(
            replace(host, address="far-away", port=0, identity_file=None), config=users_config(tmp_path, own)
        )
        assert agent.ask(NODE, "read", {"files": ["/etc/hostname"]})["files"] == {"/etc/hostname": "pve1\n"}

    @staticmethod
    def refused(agent: Transport, message: str, hint: str = "", *, verb: str = "read") -> None:
        with pytest.raises(NodeUnreachable) as caught:
            agent.ask(NODE, verb, {"files": []})
        assert message in caught.value.message
        assert hint in caught.value.hint
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("complaints", "message", "hint"),
    [
        (
            "ssh: connect to host 10.0.0.1 port 22: Connection timed out\n",
            "connect to host 10.0.0.1 port 22: Connection timed out",
            "firewall",
        ),
        (
            "ssh: connect to host 10.0.0.1 port 22: No route to host\n",
            "connect to host 10.0.0.1 port 22: No route to host",
            "firewall",
        ),
        (
            "Connection timed out during banner exchange\r\nConnection to 10.0.0.1 port 22 timed out\n",
            "banner exchange",
            "firewall",
        ),
        (
            "kex_exchange_identification: Connection closed by remote host\nConnection closed by 10.0.0.1 port 22\n",
            "kex_exchange",
            "journalctl",
        ),
        ("Timeout, server 10.0.0.1 not responding.\n", "Timeout, server 10.0.0.1 not responding", ""),
        (
            "client_loop: send disconnect: Connection timed out\n",
            "client_loop: send disconnect: Connection timed out",
            "",
        ),
        ("something new\n\n", "something new", ""),
        ("\x1b[31mred\x07\n", "[31mred", ""),
        ("", "the connection closed without a message", ""),
    ],
)
def test_what_ssh_says_is_told_with_the_next_step(complaints: str, message: str, hint: str) -> None:
    told, step = explain(complaints, NODE, SshHost("10.0.0.1"))
    assert told.startswith("ssh: ")
    assert message in told
    assert (hint in step) if hint else step == ""


def test_ssh_asks_the_users_own_configuration_for_what_nobody_told_it(tmp_path: Path) -> None:
    argv = SshTransport({}, cluster_files=tmp_path).argv(NODE, SshHost("192.168.0.1"))
    assert "-p" not in argv
    assert not [
        word for word in argv if word.startswith(("IdentityFile", "UserKnownHostsFile", "GlobalKnownHostsFile"))
    ]
    assert argv[-4:-1] == ["root", "--", "192.168.0.1"]


class TestLocal:
    def test_an_interpreter_that_is_not_there_makes_the_node_unreachable(self, tmp_path: Path) -> None:
        agent = LocalTransport({NODE: tmp_path}, python=str(tmp_path / "python3"))
        with pytest.raises(NodeUnreachable, match=r"No such file or directory; apt install python3"):
            agent.ask(NODE, "read", {})

    def test_an_interpreter_that_fails_is_said_to_with_its_last_words(self, node: NodeRoot) -> None:
        node.command("python3", complains="Fatal Python error\nout of luck\n", status=1)
        agent = LocalTransport({NODE: node.folder}, python=str(node.folder / "bin" / "python3"))
        with pytest.raises(NodeUnreachable, match="did not run the node program: out of luck"):
            agent.ask(NODE, "read", {})

    def test_without_a_folder_it_is_this_machine(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PVESDN_ROOT", str(tmp_path))
        with Path("/etc/hosts").open(encoding="utf-8") as file:
            assert LocalTransport({NODE: None}).ask(NODE, "read", {"files": ["/etc/hosts"]}) == {
                "files": {"/etc/hosts": file.read()}
            }


def test_each_node_is_reached_its_own_way(tmp_path: Path) -> None:
    first, second = NodeRoot(tmp_path / "1", "pve1"), NodeRoot(tmp_path / "2", "pve2")
    agent = RoutedTransport({"pve1": LocalTransport({"pve1": first.folder})}, LocalTransport({"pve2": second.folder}))
    answers = [agent.ask(node, "observe", {"files": [], "commands": []}) for node in ("pve1", "pve2")]
    assert [answer["hostname"] for answer in answers] == ["pve1", "pve2"]


def test_nobody_is_asked_for_a_password(sshd: Sshd) -> None:
    host = replace(sshd.host(), identity_file=Path("/nonexistent"))
    with pytest.raises(NodeUnreachable, match="Permission denied"):
        over_ssh(host).ask(NODE, "read", {})


def test_a_real_kernel_lets_its_switches_be_read() -> None:
    """Not below a folder: the kernel's own files refuse what plain files allow, such as reading with a large buffer."""
    answer = LocalTransport({NODE: None}).ask(NODE, "observe", {"files": [], "commands": ["sysctl"]})
    assert answer["commands"]["sysctl"]["net.ipv4.ip_forward"] in {"0", "1"}
