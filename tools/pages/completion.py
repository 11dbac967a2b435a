"""The completion scripts that the package installs: click's own, with pvesdn's name in them."""

from __future__ import annotations

from click.shell_completion import BashComplete, ZshComplete

from pvesdn.cli.app import pvesdn

_VARIABLE = "_PVESDN_COMPLETE"


def completions() -> dict[str, str]:
    """Each script by its place below /usr/share."""
    return {
        "bash-completion/completions/pvesdn": _script(BashComplete),
        "zsh/vendor-completions/_pvesdn": _script(ZshComplete),
    }


def _script(shell: type[BashComplete | ZshComplete]) -> str:
    made = shell(pvesdn, {}, "pvesdn", _VARIABLE)
    return made.source_template % made.source_vars()
