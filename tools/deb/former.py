"""A version before this one, to try the upgrade while none is published: this one, lower, and with more in it."""

from __future__ import annotations

from pathlib import Path

from tools.deb.staging import run

_LOWER = "0.0.1"


def former_package(package: Path) -> Path:
    """Made beside the package, in a folder of its own."""
    folder = package.parent / "former"
    tree = folder / "tree"
    made = folder / f"pvesdn_{_LOWER}_amd64.deb"
    if not made.exists():
        folder.mkdir(exist_ok=True)
        run(["dpkg-deb", "--raw-extract", package, tree], cwd=folder)
        control = tree / "DEBIAN/control"
        lines = control.read_text("utf-8").splitlines()
        fields = [f"Version: {_LOWER}" if line.startswith("Version:") else line for line in lines]
        control.write_text("\n".join([*fields, ""]), "utf-8")
        (tree / "usr/lib/pvesdn/pvesdn/gone.py").write_text('"""The next version does not have this."""\n', "utf-8")
        run(["dpkg-deb", "--root-owner-group", "--build", tree, made], cwd=folder)
    return made
