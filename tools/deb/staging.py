"""What the package installs, laid out below one folder: pvesdn's own wheel, and the wheels that Debian has too old."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).with_name("wheels.lock")
PYTHONS = ("3.11", "3.13")
"""Of Debian 12 and 13: one package has the compiled modules for both, and works on across the upgrade of a node."""

HOME = "usr/lib/pvesdn"
UNITS = "usr/lib/systemd/system"
HOOKS = "usr/share/pvesdn/hooks"
DOCUMENTS = "usr/share/doc/pvesdn"
VIM = "usr/share/vim/vimfiles"
"""Debian's vim looks here for what other packages bring."""
UNIT_KINDS = {".service", ".timer", ".path", ".socket"}
_PLATFORM = "manylinux2014_x86_64"


class Failed(Exception):
    """A step could not be done; the text says what to do next."""


def stage(root: Path, target: Path) -> None:
    """Lay out below `target` all of the package but its pages.

    :raises Failed: a wheel cannot be had or built.
    """
    home = target / HOME
    home.mkdir(parents=True)
    _install(home, _own_wheel(root, target.parent / "wheel"), "--no-index")
    for number, python in enumerate(PYTHONS):
        folder = target.parent / f"python{python}"
        _install(
            folder, "--requirement", LOCK, "--require-hashes", "--only-binary", ":all:", "--implementation", "cp",
            "--python-version", python, "--platform", _PLATFORM,
        )  # fmt: skip
        # The compiled modules have the Python in their names; everything else is the same.
        shutil.copytree(folder, home, dirs_exist_ok=True, ignore=None if number == 0 else _all_but_compiled)
    for useless in ("bin", ".lock"):
        shutil.rmtree(home / useless, ignore_errors=True)
    _programs(root, target)
    lay_out_hooks(root, target)
    shutil.copytree(root / "editors/vim", target / VIM)


def tidy(target: Path) -> None:
    """Leave of what pip wrote down what tells the versions; licences are in the package's copyright file by now.

    What a compiled module was linked from is listed beside that file, which refers to it.
    """
    documents = target / DOCUMENTS
    documents.mkdir(parents=True, exist_ok=True)
    for folder in (target / HOME).glob("*.dist-info"):
        for parts in folder.glob("sboms/*.json"):
            shutil.copyfile(parts, documents / parts.name)
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in {"METADATA", "entry_points.txt"}:
                path.unlink()
        # Whoever asks how to add something to this installation asks dpkg.
        (folder / "INSTALLER").write_text("dpkg\n", "utf-8")


def _own_wheel(root: Path, folder: Path) -> Path:
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=root)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _install(folder: Path, *words: str | Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input"]
    run([*pip, "install", "--target", folder, "--upgrade", "--no-compile", "--no-deps", *words], cwd=folder.parent)


def _all_but_compiled(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if "." in name and not name.endswith(".so") and not name.endswith(".dist-info")}


def _programs(root: Path, target: Path) -> None:
    for name, place, mode in (
        ("launcher", "usr/bin/pvesdn", 0o755),
        ("rtupdate", "usr/share/python3/runtime.d/pvesdn.rtupdate", 0o755),
        ("environment.conf", f"{UNITS}/pvesdn-watch.service.d/environment.conf", 0o644),
        ("environment.conf", f"{UNITS}/pvesdn-metrics.service.d/environment.conf", 0o644),
        ("environment.conf", f"{UNITS}/pvesdn-report.service.d/environment.conf", 0o644),
    ):
        file = target / place
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / "debian" / name, file)
        file.chmod(mode)


def lay_out_hooks(root: Path, target: Path) -> None:
    """Units where systemd looks for them; everything else where people take it from."""
    (target / UNITS).mkdir(parents=True, exist_ok=True)
    others = target / HOOKS
    for path in sorted((root / "hooks").iterdir()):
        if path.suffix in UNIT_KINDS:
            shutil.copyfile(path, target / UNITS / path.name)
        elif path.name != "__pycache__":
            others.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if path.is_dir() else shutil.copy)(path, others / path.name)
    own = target / HOME / "pvesdn/_data/hooks"
    shutil.rmtree(own)
    if others.is_dir():
        own.symlink_to(Path(os.path.relpath("/" + HOOKS, "/" + HOME + "/pvesdn/_data")))


def run(argv: list[str | Path], *, cwd: Path, seconds: float = 600, environ: dict[str, str] | None = None) -> str:
    """What the command printed.

    :raises Failed: it ended badly, or not in time.
    """
    words = [str(word) for word in argv]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **(environ or {})}
    try:
        done = subprocess.run(
            words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=seconds,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{words[0]}: {error}") from error
    if done.returncode:
        raise Failed(f"{' '.join(words[:6])} ... ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
