"""Real shells, asked what they would complete."""

from __future__ import annotations

from collections.abc import Sequence

BASH = """\
source /usr/share/bash-completion/bash_completion 2>/dev/null
[ -z "$SCRIPT" ] || source "$SCRIPT"
# As bash-completion does when the first Tab is pressed.
declare -F _pvesdn_completion >/dev/null || _completion_loader pvesdn || __load_completion pvesdn
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_pvesdn_completion pvesdn "${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""

ZSH = """\
zmodload zsh/zpty
zpty shell zsh -f -i
# What a person types, and then Tab; the list is what stands between the marks.
zpty -w shell 'PS1= PROMPT2= ; stty -echo; fpath=($SCRIPTS $fpath); autoload -Uz compinit; compinit -u -D'
zpty -w shell 'zstyle ":completion:*" list-prompt ""; setopt no_always_last_prompt; LISTMAX=0; COLUMNS=200'
zpty -w shell 'compadd() { builtin compadd -O given "$@"; print -r -- "<<${given}>>"; builtin compadd "$@" }'
zpty -w shell 'print ready-$((40 + 2))'
zpty -r shell before '*ready-42*'
zpty -w -n shell "$LINE"$'\\t'
zpty -r -m shell answer '*<<*>>*'
print -r -- "$answer"
zpty -d shell
"""


def bash(words: Sequence[str], script: str = "") -> tuple[list[str], dict[str, str]]:
    """The command that prints, line by line, what bash offers behind these words, and the environment it wants.

    :param words: of the command line; the last one is what was begun to be typed, and may be empty.
    :param script: the completion script, where it is not installed.
    """
    return ["bash", "--norc", "-c", BASH, "bash", *words], {"SCRIPT": script}


def zsh(line: str, scripts: str = "/usr/share/zsh/vendor-completions") -> tuple[list[str], dict[str, str]]:
    """The same for zsh; what is offered stands between ``<<`` and ``>>``.

    :param scripts: the folder with the completion script.
    """
    return ["zsh", "-f", "-c", ZSH], {"LINE": line, "SCRIPTS": scripts, "TERM": "dumb"}
