"""`make deb`, `make repo` and `make deb-check`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.deb.build import BUILD, ROOT, build
from tools.deb.check import check
from tools.deb.repo import KEYRING, REPOSITORY, how_to_use, make_repository
from tools.deb.staging import Failed


def main(argv: list[str]) -> int:
    """:returns: the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.deb", description=__doc__)
    parser.add_argument("what", choices=["build", "repo", "check"])
    parser.add_argument("--key", default="", help="repo: what gpg knows the signing key by")
    given = parser.parse_args(argv)
    try:
        if given.what == "build":
            made = build().relative_to(ROOT)
            print(f"{made}: {(ROOT / made).stat().st_size:,} bytes; install it with: apt install ./{made}")
        elif given.what == "repo":
            make_repository(_package(), given.key)
            print(f"{REPOSITORY.relative_to(ROOT)}; for /etc/apt/sources.list.d/pvesdn.list:")
            print(f"  {how_to_use(REPOSITORY, is_signed=bool(given.key))}")
            if given.key:
                print(f"  and for /etc/apt/keyrings: {(REPOSITORY / KEYRING).relative_to(ROOT)}")
        else:
            check(_package(), lambda line: print(f"deb-check: {line}", flush=True))
    except Failed as error:
        print(f"deb: {error}", file=sys.stderr)
        return 1
    return 0


def _package() -> Path:
    """What was built last.

    :raises Failed: nothing was.
    """
    found = sorted(BUILD.glob("pvesdn_*.deb"))
    if not found:
        raise Failed("there is no package yet; run: make deb")
    return found[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
