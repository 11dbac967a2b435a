#!/usr/bin/python3
"""How long `ifreload -a` of ifupdown2 takes to find that nothing has changed, and where that time goes.

    sudo ./reload_unchanged.py 100 200 400               each number of pairs of a VXLAN device and its bridge
    sudo ./reload_unchanged.py --hash 400                with bridge-hashel and bridge-hashmax in every bridge
    sudo ./reload_unchanged.py --profile 400             the functions that take longest, too

In a network and a mount namespace of its own: the machine's interfaces and files stay as they are. Needs Linux,
ifupdown2 and root.
"""

from __future__ import annotations

import argparse
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

UNDERLAY = "auto lo\niface lo inet loopback\n\taddress 192.0.2.1/32\n\n"
HASH = "\tbridge-hashel 16\n\tbridge-hashmax 4096\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", type=int)
    parser.add_argument("--hash", action="store_true")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    for pairs in options.pairs:
        if os.environ.get("ALONE") != "yes":
            alone = ["unshare", "--net", "--mount", sys.executable, __file__, str(pairs)]
            alone += ["--hash"] * options.hash + ["--profile"] * options.profile
            subprocess.run(alone, env={**os.environ, "ALONE": "yes"}, check=True)
        else:
            measure(pairs, HASH if options.hash else "", with_profile=options.profile)


def measure(pairs: int, extra: str, *, with_profile: bool) -> None:
    mount("-t", "sysfs", "none", "/sys")  # of this network namespace
    for memory in (Path("/run/network"), Path("/var/tmp/network")):
        memory.mkdir(exist_ok=True)
        mount("-t", "tmpfs", "none", str(memory))
    with tempfile.NamedTemporaryFile("w") as interfaces:
        interfaces.write(UNDERLAY + "".join(pair(number, extra) for number in range(pairs)))
        interfaces.flush()
        mount("--bind", interfaces.name, "/etc/network/interfaces")
    first = seconds(["ifreload", "-a"])
    unchanged = [seconds(["ifreload", "-a"]) for _ in range(3)]
    print(f"{pairs} pairs{' with bridge-hashel and bridge-hashmax' * bool(extra)}, processor seconds:")
    print(f"  ifreload -a, first       {first:7.2f}")
    print(f"  ifreload -a, unchanged   {min(unchanged):7.2f}   {1000 * min(unchanged) / pairs:5.1f} ms a pair")
    if with_profile:
        profile()


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def pair(number: int, extra: str) -> str:
    return (
        f"auto vx{number}\niface vx{number}\n\tvxlan-id {number + 1000}\n\tvxlan-local-tunnelip 192.0.2.1\n"
        f"\tvxlan-remoteip 192.0.2.2\n\tvxlan-remoteip 192.0.2.3\n\tmtu 1450\n\n"
        f"auto br{number}\niface br{number}\n\tbridge-ports vx{number}\n\tbridge-stp off\n\tbridge-fd 0\n{extra}\tmtu 1450\n\n"
    )


def seconds(command: list[str]) -> float:
    """Processor seconds of a command and of what it calls."""
    before = used()
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=3600)
    sys.stderr.write(f"    ({' '.join(command[-2:])}: {time.monotonic() - started:.1f} s on the clock)\n")
    return used() - before


def used() -> float:
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return of_children.ru_utime + of_children.ru_stime


def profile() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = f"{folder}/profile"
        ifreload = Path("/usr/sbin/ifreload").resolve()
        # ifupdown2 tells by its own name which of its commands it is.
        code = (
            "import cProfile, sys; path, folder, out = sys.argv[1:]; sys.path.insert(0, folder)\n"
            "sys.argv = ['ifreload', '-a']; p = cProfile.Profile(); p.enable()\n"
            "try: exec(compile(open(path).read(), path, 'exec'), {'__name__': '__main__', '__file__': path})\n"
            "except SystemExit: pass\n"
            "finally: p.disable(); p.dump_stats(out)"
        )
        call = [sys.executable, "-c", code, str(ifreload), str(ifreload.parent), found]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL, timeout=3600)
        pstats.Stats(found).strip_dirs().sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
