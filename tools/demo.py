"""`make demo`: pvesdn on a simulated cluster of three nodes, as a person would use it.

pvesdn is real, and so is the program it runs on the nodes. The nodes are folders with stand-ins for ifupdown2 and FRR, the
API is simulated, and all of it is gone afterwards.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from pvesdn_lab.simulated.cluster import SimulatedCluster

NODE = "pve1"
FILES = (
    "/etc/network/interfaces.d/pvesdn",
    "/etc/frr/frr.conf",
    "/etc/sysctl.d/90-pvesdn.conf",
)

DEFINITIONS = """\
# A tenant with two networks, routed in its own VRF, and a way out through pve1.
evpn-controller: main
	asn 65000

evpn: tenant
	controller main
	irb symmetric
	vrf-vxlan 4000

vnet: web
	zone tenant
	tag 100

vnet: db
	zone tenant
	tag 200

subnet: tenant-10.0.1.0-24
	vnet web
	gateway 10.0.1.1

subnet: tenant-10.0.2.0-24
	vnet db
	gateway 10.0.2.1

exit: tenant-pve1
	zone tenant
	node pve1
	interface eno2
	address 172.16.0.1/24
	gateways 172.16.0.254

# And a plain network beside it, from every node to every other.
vxlan: plain

vnet: backup
	zone plain
	tag 300
"""


def main() -> int:
    """Run the demonstration; 1 when a step went wrong."""
    with tempfile.TemporaryDirectory(prefix="pvesdn-demo-") as folder:
        cluster = SimulatedCluster(Path(folder) / "cluster")
        cluster.write_sdn("pvesdn.cfg", DEFINITIONS)
        with cluster:
            return show(cluster, settings_file(Path(folder), cluster))


def settings_file(folder: Path, cluster: SimulatedCluster) -> Path:
    """Settings that lead to the simulated cluster; on a node of a real one none are needed."""
    api = cluster.password_settings()
    assert api.password is not None
    file = folder / "pvesdn.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'[api]\nbackend = "https"\nhost = "{api.host}"\nport = {api.port}\nca_file = "{api.ca_file}"\n'
        f'user = "{api.user}"\npassword = "{api.password.get_secret_value()}"\n\n'
        f'[lab]\nfolder = "{cluster.folder}"\n'
    )
    return file


def show(cluster: SimulatedCluster, settings: Path) -> int:
    """The steps, each as it would be typed."""
    say("A simulated cluster: three nodes (192.168.0.1 to .3) and an API. What is wanted, in /etc/pve/sdn/pvesdn.cfg:")
    print(DEFINITIONS)
    steps = (
        ("What would change on the nodes? Nothing is touched.", "plan"),
        ("The same, line by line, for one node.", f"plan --diff --node {NODE}"),
        ("Do it. (Without --yes it shows the plan and wants the word yes.)", "apply --yes"),
    )
    for words, command in steps:
        say(words)
        if (status := pvesdn(command, settings)) != 0:
            return failed(command, status)
    say(f"What is on {NODE} now:")
    for path in FILES:
        command_line(f"cat {path}")
        print(cluster.nodes[NODE].path(path).read_text())
    say("Once more: there is nothing left to do.")
    if (status := pvesdn("apply", settings)) != 0:
        return failed("apply", status)
    say("The simulated cluster is gone again. README.md has the first steps on a real one.")
    return 0


def pvesdn(arguments: str, settings: Path) -> int:
    """The real program, on this terminal; its exit status."""
    command_line(f"pvesdn {arguments}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PVESDN_")}
    done = subprocess.run(
        [sys.executable, "-m", "pvesdn", *shlex.split(arguments)],
        env=environment | {"PVESDN_CONFIG": str(settings)},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    print(flush=True)
    return done.returncode


def say(words: str) -> None:
    """What comes next."""
    print(f"# {words}", flush=True)


def command_line(text: str) -> None:
    """What a person would type."""
    print(f"$ {text}", flush=True)


def failed(command: str, status: int) -> int:
    """Say which step went wrong."""
    print(f"demo: `pvesdn {command}` ended with status {status}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
