"""`make demo`: pvesdn on a simulated cluster of three nodes, as a person would use it.

pvesdn is real, and so is the program it runs on the nodes. The nodes are folders with stand-ins for ifupdown2 and FRR,
the API is simulated, and all of it is gone afterwards.
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
DEFINITIONS = """\
evpn-controller: main
	asn 65000

evpn: tenant
	controller main
	irb symmetric
	vrf-vxlan 4000

vnet: web
	zone tenant
	tag 100

subnet: tenant-10.0.1.0-24
	vnet web
	gateway 10.0.1.1

exit: tenant-pve1
	zone tenant
	node pve1
	interface eno2
	address 172.16.0.1/24
	gateways 172.16.0.254
"""
CHANGE = ("gateway 10.0.1.1", "gateway 10.0.1.254")
NEXT = """\
docs/models.md            ten networks like this one: definitions, picture, and what is written
README.md                 the first steps on a cluster of your own
docs/safety.md            what an apply promises, what it refuses, and the way back
docs/lab.md               the same with real FRR, ifupdown2 and kernel: packets, guests, routers
docs/troubleshooting.md   when something is not as it should be"""


def main() -> int:
    """Run the demonstration; 1 when a step went wrong."""
    with tempfile.TemporaryDirectory(prefix="pvesdn-demo-") as folder:
        cluster = SimulatedCluster(Path(folder) / "cluster")
        cluster.write_sdn("pvesdn.cfg", DEFINITIONS)
        with cluster:
            try:
                return show(cluster, settings_file(Path(folder), cluster))
            except subprocess.CalledProcessError as error:
                print(f"demo: {shlex.join(error.cmd[1:])} ended with status {error.returncode}", file=sys.stderr)
                return 1


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
    say("Three simulated nodes. A network with an anycast gateway and one exit, in /etc/pve/sdn/pvesdn.cfg:")
    print(DEFINITIONS)
    say(f"What would change on {NODE}? Nothing is touched. Without --node it shows every node.")
    pvesdn(f"plan --node {NODE}", settings)
    say("Do it, on all nodes. Without --yes it asks first; -q leaves out the plan, all but its last line.")
    pvesdn("-q apply --yes", settings)
    say(f"In pvesdn.cfg, `{CHANGE[0]}` becomes `{CHANGE[1]}`. On {NODE} that is:")
    cluster.write_sdn("pvesdn.cfg", DEFINITIONS.replace(*CHANGE))
    pvesdn(f"plan --diff --node {NODE}", settings)
    pvesdn("-q apply --yes", settings)
    say("Once more: there is nothing left to do.")
    pvesdn("apply", settings)
    say("The simulated cluster is gone again. What to look at next:")
    print(NEXT)
    return 0


def pvesdn(arguments: str, settings: Path) -> None:
    """The real program, on this terminal.

    :raises CalledProcessError: it did not end with 0.
    """
    print(f"$ pvesdn {arguments}", flush=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PVESDN_")}
    subprocess.run(
        [sys.executable, "-m", "pvesdn", *shlex.split(arguments)],
        env=environment | {"PVESDN_CONFIG": str(settings)},
        stdin=subprocess.DEVNULL,
        check=True,
    )
    print(flush=True)


def say(words: str) -> None:
    """What comes next."""
    print(f"# {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
