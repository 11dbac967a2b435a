"""Debian packages unpacked into a private folder: the machine's own packages stay as they are."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pvesdn.errors import SettingsError

Say = Callable[[str], None]

_FORMAT = "4"
"""Raised when what is unpacked, or how, changes."""

_MERGED = ("bin", "sbin", "lib", "lib64")
_SECONDS = 900
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_ANY_MIRROR = "http://deb.debian.org/debian"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A set of packages.

    :param always: unpacked even where they are installed, since installed ones may be configured.
    :param missing: unpacked where they are not installed; dependencies are treated so too.
    :param kernel: also the newest kernel of the release, without what its package wants for booting from disk.
    :param compiled: folders of Python sources to compile, which saves seconds a call under emulation.
    :param suite: of Debian, where it is not the machine's own release. Nothing of another one is installed, so all that
        the packages need is unpacked with them.
    """

    name: str
    always: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    kernel: bool = False
    compiled: tuple[str, ...] = ()
    suite: str = ""


NODE = Bundle(
    "node",
    always=("dnsmasq", "frr", "frr-pythontools", "ifupdown2", "iptables", "openvswitch-switch"),
    missing=("iproute2", "iputils-ping", "openssh-client", "openssh-server", "procps", "python3", "systemd", "tcpdump"),
    compiled=("usr/share/ifupdown2", "usr/lib/frr"),
)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What `fetch` leaves behind.

    :param root: laid out as a root directory with merged /usr.
    :param versions: of each package in it.
    """

    root: Path
    versions: dict[str, str]


def cache_folder() -> Path:
    """Where unpacked packages are kept between runs: ``$XDG_CACHE_HOME/pvesdn`` or ``~/.cache/pvesdn``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pvesdn"


def fetch(bundle: Bundle, say: Say) -> Unpacked:
    """The bundle's packages, from the cache or downloaded and unpacked now.

    :raises SettingsError: this is no Debian, or the packages cannot be had.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SettingsError(
            "the lab takes FRR and ifupdown2 from Debian's packages", hint="run it on Debian or in its image"
        )
    home = cache_folder() / f"{_release()}-{_FORMAT}"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / bundle.name
    with (home / f".{bundle.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "versions").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=home, prefix=f".{bundle.name}-") as work:
                _unpack(bundle, Path(work), say)
                Path(work).rename(folder)
                Path(work).mkdir()  # for its own removal
    rows = (folder / "versions").read_text("utf-8").splitlines()
    return Unpacked(folder / "root", dict(row.split(" ", 1) for row in rows))


def _release() -> str:
    """Such as ``debian-12-amd64``: packages of another release do not fit."""
    words = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text("utf-8").splitlines() if "=" in line)
    architecture = _output(["dpkg", "--print-architecture"]).strip()
    return "-".join((words.get("ID", "unknown"), words.get("VERSION_ID", "testing"), architecture)).replace('"', "")


def _unpack(bundle: Bundle, folder: Path, say: Say) -> None:
    apt = ["apt-get", *(_options(bundle.suite, folder / "apt") if bundle.suite else ())]
    names = _names(bundle, apt)
    if not names:
        say(f"updating apt's lists{bundle.suite and ' of Debian ' + bundle.suite}")
        _run([*apt, "update", "-qq"])
        names = _names(bundle, apt)
    if not names:
        raise SettingsError(f"apt knows no {', '.join(bundle.always)}", hint="look at apt-get update and its sources")
    say(f"fetching {len(names)} packages for the lab, to be unpacked below {cache_folder()}; none is installed")
    debs, root = folder / "debs", folder / "root"
    debs.mkdir()
    try:
        _run([*apt, "download", "-qq", *names], cwd=debs)
    except SettingsError:
        _run([*apt, "update", "-qq"])
        _run([*apt, "download", "-qq", *names], cwd=debs)
    for name in _MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    versions = []
    for deb in sorted(debs.iterdir()):
        _unpack_one(deb, root)
        versions.append(_output(["dpkg-deb", "--show", "--showformat=${Package} ${Version}\n", str(deb)]))
    shutil.rmtree(debs)
    shutil.rmtree(folder / "apt", ignore_errors=True)
    _finish(bundle, root)
    (folder / "versions").write_text("".join(versions), "utf-8")


def _options(suite: str, folder: Path) -> list[str]:
    """Have apt know that suite of Debian and nothing else: not the machine's sources, nor what is installed on it."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {mirror()} {suite} main\n", "utf-8")
    values = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder / "cache",
        **dict.fromkeys(("Dir::Etc::SourceParts", "Dir::Etc::Preferences", "Dir::Etc::PreferencesParts"), "/dev/null"),
    }
    return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]


def mirror() -> str:
    """Where the machine has Debian from."""
    rows = _output(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)"]).splitlines()
    return next((row.split(" ", 1)[1] for row in rows if row.startswith("Debian ")), _ANY_MIRROR)


def _names(bundle: Bundle, apt: Sequence[str]) -> list[str]:
    """What to download; empty when apt's lists do not know all of it."""
    argv = [*apt, "install", "--simulate", "--no-install-recommends", *bundle.always, *bundle.missing]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode:
        return []
    wanted = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("Inst ")]
    names = [*bundle.always, *(name for name in wanted if name not in bundle.always)]
    return [*names, *([_kernel_package()] if bundle.kernel else [])]


def _kernel_package() -> str:
    """The package that the release's meta-package for kernels points to."""
    meta = f"linux-image-{_output(['dpkg', '--print-architecture']).strip()}"
    for line in _output(["apt-cache", "depends", "--important", meta]).splitlines():
        if "Depends: linux-image-" in line:
            return line.split()[-1]
    raise SettingsError(f"apt knows no kernel behind {meta}", hint="look at apt-cache depends")


def _unpack_one(deb: Path, root: Path) -> None:
    """As `dpkg -x` does, but through the links of the merged /usr instead of over them."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as source:
        _run(
            ["tar", "-x", "--keep-directory-symlink", "--no-overwrite-dir", "-f", "-", "-C", str(root)],
            stdin=source.stdout,
        )
    if source.returncode:
        raise SettingsError(f"{deb.name} cannot be unpacked", hint="remove the cache and try again")


def _finish(bundle: Bundle, root: Path) -> None:
    """What the packages' own scripts would do, as far as the lab needs it."""
    program = root / "usr/share/ifupdown2/__main__.py"
    if program.is_file():
        program.chmod(0o755)
    if (root / "usr/sbin/xtables-legacy-multi").is_file():
        # Not nft's: the user-mode kernel has no nf_tables for IP.
        for name in ("iptables", "ip6tables", "iptables-save"):
            (root / "usr/sbin" / name).symlink_to("xtables-legacy-multi")
    if (root / "usr/lib/openvswitch-switch/ovs-vswitchd").is_file():
        (root / "usr/sbin/ovs-vswitchd").symlink_to("../lib/openvswitch-switch/ovs-vswitchd")
    for folder in bundle.compiled:
        interpreter = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
        _run([interpreter, "-m", "compileall", "-q", str(root / folder)])
    if bundle.kernel:
        release = next((root / "usr/lib/modules").iterdir()).name
        _run([str(root / "usr/sbin/depmod"), "-b", str(root), release], via=root / "usr/bin/kmod", name="depmod")


def _run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    stdin: IO[bytes] | None = None,
    via: Path | None = None,
    name: str = "",
) -> None:
    done = subprocess.run(
        [name, *argv[1:]] if via else argv,
        executable=via,
        cwd=cwd,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        env=_environment(),
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise SettingsError(f"{Path(argv[0]).name} ended with status {done.returncode}: {last}", hint="is apt usable?")


def _output(argv: Sequence[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, env=_environment()).stdout


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
