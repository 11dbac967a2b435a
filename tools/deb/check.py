"""`make deb-check`: the package in clean roots of Debian 12 and 13, from its installation to its purge.

Each step is a function with a sentence for a name; what does not hold is raised as `Failed`.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pvesdn.node.program.record import json_bytes
from tools.deb import asking
from tools.deb.build import ROOT
from tools.deb.former import former_package
from tools.deb.repo import KEYRING, SUITE, how_to_use, make_repository
from tools.deb.roots import Root, clean_root
from tools.deb.staging import UNITS, Failed, run
from tools.release_check import version_of

SUITES = ("bookworm", "trixie")
STATE = "/var/lib/pvesdn"
_SNAPSHOT = ROOT / "tests/golden/asymmetric/snapshot"
_BROKEN = "vxlan: tenant\n\tmtu many\n"
_ASIDE = ("proc", "sys", "dev", "tmp", "run", "root", "var/cache", "var/log", "var/lib/apt", "var/lib/dpkg")
"""What changes by itself, or is another package's business."""
_HTTPS = """\
[api]
backend = "https"
host = "127.0.0.1"
port = 9
user = "pvesdn@pve"
token_name = "sdn"
token_value = "00000000-0000-0000-0000-000000000000"
"""

Step = Callable[[Root, Path], None]


def check(package: Path, say: Callable[[str], None]) -> None:
    """Try the package, and a repository that has it.

    :raises Failed: something does not hold.
    """
    _no_error_of_lintian(package)
    say("lintian: no errors")
    for suite in SUITES:
        began = time.monotonic()
        with clean_root(suite) as root:
            for step in STEPS:
                step(root, package)
                say(f"{suite}: {step.__name__.strip('_').replace('_', ' ')}")
        say(f"{suite}: all of it in {time.monotonic() - began:.0f} s")
    _it_works_on_when_the_release_is_upgraded(package)
    say(f"{' to '.join(SUITES)}: it works on, compiled for the new Python")


def _it_works_on_when_the_release_is_upgraded(package: Path) -> None:
    """As a node goes from PVE 8 to PVE 9: the package stays the same, and Python becomes another."""
    old, new = SUITES
    with clean_root(old) as root:
        root.apt("install", root.bring(package))
        sources = root.folder / "etc/apt/sources.list"
        sources.write_text(sources.read_text("utf-8").replace(old, new), "utf-8")
        root.apt("update")
        root.apt("full-upgrade")
        _expect(root.run("pvesdn", "--version"), version_of(ROOT))
        root.run("pvesdn", "check", "/usr/share/doc/pvesdn/docs/examples/routed.cfg")
        version = root.run("python3", "-c", "import sys; print(sys.implementation.cache_tag)").strip()
        compiled = root.run("find", "/usr/lib/pvesdn", "-name", "*.pyc").split()
        if not compiled or not all(f".{version}." in name for name in compiled):
            raise Failed(f"not all of pvesdn was compiled anew for {version}")


def _no_error_of_lintian(package: Path) -> None:
    if shutil.which("lintian") is None:
        raise Failed("lintian is not installed; run: sudo apt-get install lintian")
    argv: list[str | Path] = ["lintian", "--fail-on", "error", "--allow-root"]
    if "DEBEMAIL" not in os.environ:  # nobody has said who makes this package
        argv += ["--suppress-tags", "bogus-mail-host,bogus-mail-host-in-debian-changelog"]
    run([*argv, package], cwd=package.parent)


# --- steps, in their order --------------------------------------------------------------------------------------------


def _what_it_depends_on_comes_from_debian_alone(root: Root, package: Path) -> None:
    depends = run(["dpkg-deb", "--field", package, "Depends"], cwd=package.parent).strip()
    root.apt("satisfy", depends)
    files = root.folder / "root/before"
    files.write_text("\n".join(_files(root)), "utf-8")


def _apt_as_it_is_called_by_people_installs_nothing_else(root: Root, package: Path) -> None:
    """With what is recommended, as apt does it by default."""
    said = root.run("apt-get", "--simulate", "install", root.bring(package))
    _expect(" ".join(re.findall(r"^Inst (\S+)", said, re.MULTILINE)), "pvesdn", is_all=True)


def _the_version_before_installs_with_dpkg(root: Root, package: Path) -> None:
    root.run("dpkg", "--install", root.bring(former_package(package)))
    _expect(root.run("dpkg-query", "--show", "--showformat=${Status}", "pvesdn"), "install ok installed")


def _an_upgrade_takes_what_is_gone_away_and_keeps_what_was_edited(root: Root, package: Path) -> None:
    defaults = root.folder / "etc/default/pvesdn"
    edited = defaults.read_text("utf-8") + "PVESDN_CONFIG=/root/settings.toml\n"
    defaults.write_text(edited, "utf-8")
    root.apt("install", root.bring(package))
    if (root.folder / "usr/lib/pvesdn/pvesdn/gone.py").exists():
        raise Failed("the upgrade has left a module of the version before")
    _expect(defaults.read_text("utf-8"), edited)


def _it_runs_with_the_python_of_the_release(root: Root, _: Path) -> None:
    _expect(root.run("pvesdn", "--version"), version_of(ROOT))
    shutil.copytree(_SNAPSHOT, root.folder / "root/snapshot")
    _expect(root.run("pvesdn", "plan", "--from", "/root/snapshot"), "Plan: ")
    settings = root.folder / "root/settings.toml"
    settings.write_text(_HTTPS, "utf-8")
    settings.chmod(0o600)
    # The private requests and urllib3 get as far as the network.
    done = root.ask("pvesdn", "--config", "/root/settings.toml", "plan")
    _expect(done.stderr, "https://127.0.0.1:9: GET")
    _expect(root.ask("pvesdn", "lab", "list").stderr, "the lab is not part of Debian's package")


def _it_checks_definitions(root: Root, _: Path) -> None:
    for name in ("routed", "bridged", "table-main"):
        root.run("pvesdn", "check", f"/usr/share/doc/pvesdn/docs/examples/{name}.cfg")
    (root.folder / "root/broken.cfg").write_text(_BROKEN, "utf-8")
    done = root.ask("pvesdn", "check", "/root/broken.cfg")
    if done.returncode != 1:
        raise Failed(f"check took broken definitions: {done.stdout}{done.stderr}")
    _expect(done.stdout, "broken.cfg:2:")


def _it_is_compiled_and_compiles_nothing_later(root: Root, _: Path) -> None:
    compiled = root.run("find", "/usr/lib/pvesdn", "-name", "*.pyc").split()
    sources = root.run("find", "/usr/lib/pvesdn", "-name", "*.py").split()
    if len(compiled) != len(sources):
        raise Failed(f"{len(sources)} modules, {len(compiled)} of them compiled")
    root.run("/usr/share/python3/runtime.d/pvesdn.rtupdate", "rtupdate", "python3.11", "python3.13")
    _expect(str(len(root.run("find", "/usr/lib/pvesdn", "-name", "*.pyc").split())), str(len(sources)))


def _man_prints_its_pages(root: Root, _: Path) -> None:
    listed = root.run("dpkg", "--listfiles", "pvesdn")
    for page in re.findall(r"/usr/share/man/man(\d)/(.+)\.\d\.gz$", listed, re.MULTILINE):
        _expect(root.run("man", *page), "NAME")
    _expect(root.run("man", "pvesdn.cfg"), "evpn-controller")
    _expect(root.run("whatis", "pvesdn-plan"), "show what apply would change")


def _systemd_takes_the_units_and_none_is_enabled(root: Root, _: Path) -> None:
    units = sorted(path.name for path in (root.folder / UNITS).glob("pvesdn-*") if path.is_file())
    root.run("systemd-analyze", "verify", *(f"/{UNITS}/{unit}" for unit in units))
    links = root.run("find", "/etc/systemd/system", "-name", "pvesdn*")
    if links:
        raise Failed(f"enabled by the installation: {links}")


def _bash_and_zsh_complete(root: Root, _: Path) -> None:
    """Verbs, and names of the definitions and members in /etc/pve."""
    sdn = root.folder / "etc/pve/sdn"
    sdn.mkdir(parents=True)
    (sdn / "pvesdn.cfg").write_text("vxlan: tenant\n", "utf-8")
    (root.folder / "etc/pve/nodes/node7").mkdir(parents=True)
    for line, wanted in {"ver": "verify", "verify --zone ": "tenant", "apply --canary node": "node7"}.items():
        argv, environ = asking.bash(["pvesdn", *line.split(" ")])
        _expect(root.run(*argv, environ=environ), f"{wanted}\n")
        argv, environ = asking.zsh(f"pvesdn {line}")
        _expect(root.run("timeout", "30", *argv, environ=environ), f"<<{wanted}")
    shutil.rmtree(root.folder / "etc/pve")


def _removal_keeps_the_way_back_and_purge_waits_for_it(root: Root, _: Path) -> None:
    state = root.folder / STATE.lstrip("/")
    state.mkdir(mode=0o700, exist_ok=True)
    for name in ("program.py", "checkpoint.json", "written.json"):
        (state / name).write_text("{}", "utf-8")
    root.apt("remove", "pvesdn")
    if (root.folder / "usr/lib/pvesdn").exists() or not (root.folder / "etc/default/pvesdn").exists():
        raise Failed("a removal takes the programs and keeps what was configured; this one did not")
    done = root.ask("dpkg", "--purge", "pvesdn")
    _expect(done.stderr, "an apply is open on this node")
    if done.returncode == 0 or not (state / "checkpoint.json").exists() or not (state / "program.py").exists():
        raise Failed("the purge did not wait for the end of an apply")
    (state / "checkpoint.json").unlink()


def _the_signed_repository_installs_it_again_and_a_forged_one_does_not(root: Root, package: Path) -> None:
    """By a key of a moment, which only apt's keyring in the root knows."""
    served = root.folder / "srv/repo"
    with _key_of_a_moment() as key:
        make_repository(package, key, served)
    (root.folder / "etc/apt/keyrings").mkdir(exist_ok=True)
    keyring = shutil.move(served / KEYRING, root.folder / "etc/apt/keyrings" / KEYRING)
    source = root.folder / "etc/apt/sources.list.d/pvesdn.list"
    source.write_text(f"{how_to_use(Path('/srv/repo'), is_signed=True)}\n", "utf-8")
    only_this = (
        "-o",
        "Dir::Etc::SourceList=/etc/apt/sources.list.d/pvesdn.list",
        "-o",
        "Dir::Etc::SourceParts=/dev/null",
    )
    root.apt("update", *only_this)
    root.apt("install", "pvesdn", *only_this)
    version = run(["dpkg-deb", "--field", package, "Version"], cwd=package.parent).strip()
    _expect(root.run("dpkg-query", "--show", "--showformat=${Version} ${Status}", "pvesdn"), f"{version} install ok")
    for name in ("InRelease", "Release"):
        release = served / "dists" / SUITE / name
        release.write_text(release.read_text("utf-8").replace("Label: pvesdn", "Label: forged"), "utf-8")
    root.run("find", "/var/lib/apt/lists", "-name", "*srv_repo*", "-delete")
    done = root.ask("apt-get", "update", *only_this)
    if done.returncode == 0:
        raise Failed(f"apt took a repository whose signature does not fit:\n{done.stdout}{done.stderr}")
    source.unlink()
    Path(keyring).unlink()
    shutil.rmtree(served)
    root.apt("update")


@contextmanager
def _key_of_a_moment() -> Iterator[str]:
    """A signing key in a keyring of its own, both gone afterwards."""
    before = os.environ.get("GNUPGHOME")
    with tempfile.TemporaryDirectory(prefix="pvesdn-key-") as home:
        os.environ["GNUPGHOME"] = home
        try:
            words = ("--quick-generate-key", "pvesdn-of-a-moment", "ed25519", "sign", "1d")
            run(["gpg", "--batch", "--passphrase", "", *words], cwd=Path(home))
            yield "pvesdn-of-a-moment"
        finally:
            run(["gpgconf", "--kill", "gpg-agent"], cwd=Path(home))
            os.environ.pop("GNUPGHOME")
            if before is not None:
                os.environ["GNUPGHOME"] = before


def _a_purge_keeps_the_record_of_networks_that_stay(root: Root, package: Path) -> None:
    """On a node with bridges, and on one that has nothing but a route reflector's FRR."""
    state = root.folder / STATE.lstrip("/")
    for name in ("etc/network/interfaces.d/pvesdn", "etc/frr/frr.conf"):
        root.apt("install", root.bring(package))
        ours = root.folder / name
        ours.parent.mkdir(parents=True)
        ours.write_text("! of pvesdn\n", "utf-8")
        state.mkdir(mode=0o700, exist_ok=True)
        (state / "written.json").write_bytes(json_bytes({"format": 1, "files": {f"/{name}": ""}, "unfinished": False}))
        root.apt("purge", "pvesdn")
        if [path.name for path in state.iterdir()] != ["written.json"]:
            raise Failed(f"a purge does not keep the record, and nothing else, where there is a /{name} of ours")
        shutil.rmtree(root.folder.joinpath(*Path(name).parts[:2]))
        shutil.rmtree(state)


def _a_purge_leaves_nothing(root: Root, package: Path) -> None:
    root.apt("install", root.bring(package))
    state = root.folder / STATE.lstrip("/")
    state.mkdir(mode=0o700, exist_ok=True)
    (state / "watch.json").write_text("{}", "utf-8")
    root.run("pvesdn", "check", "/usr/share/doc/pvesdn/docs/examples/routed.cfg")
    root.apt("purge", "pvesdn")
    before = set((root.folder / "root/before").read_text("utf-8").splitlines())
    now = set(_files(root))
    if now != before:
        raise Failed(f"left behind: {sorted(now - before)}; taken away: {sorted(before - now)}")


STEPS: tuple[Step, ...] = (
    _what_it_depends_on_comes_from_debian_alone,
    _apt_as_it_is_called_by_people_installs_nothing_else,
    _the_version_before_installs_with_dpkg,
    _an_upgrade_takes_what_is_gone_away_and_keeps_what_was_edited,
    _it_runs_with_the_python_of_the_release,
    _it_checks_definitions,
    _it_is_compiled_and_compiles_nothing_later,
    _man_prints_its_pages,
    _systemd_takes_the_units_and_none_is_enabled,
    _bash_and_zsh_complete,
    _removal_keeps_the_way_back_and_purge_waits_for_it,
    _the_signed_repository_installs_it_again_and_a_forged_one_does_not,
    _a_purge_keeps_the_record_of_networks_that_stay,
    _a_purge_leaves_nothing,
)


def _files(root: Root) -> Iterator[str]:
    """Every file, folder and link, with its mode and size."""
    for path in sorted(root.folder.rglob("*")):
        name = str(path.relative_to(root.folder))
        if not any(name == aside or name.startswith(f"{aside}/") for aside in _ASIDE):
            found = path.lstat()
            size = found.st_size if path.is_file() and not path.is_symlink() else 0
            yield f"{name} {found.st_mode:o} {size}"


def _expect(text: str, wanted: str, *, is_all: bool = False) -> None:
    if wanted not in text or (is_all and wanted != text):
        raise Failed(f"expected: {wanted}\nfound: {text}")
