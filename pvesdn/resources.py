"""Where the package's own data is: beside the sources in a checkout, inside the package when installed."""

from __future__ import annotations

from pathlib import Path


def data_dir(kind: str) -> Path:
    """The folder of `kind`, ``templates`` or ``hooks``.

    A checkout wins over the copies that an editable install leaves in site-packages, which go stale.
    """
    package = Path(__file__).resolve().parent
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / kind).is_dir():
        return checkout / kind
    return package / "_data" / kind
