"""What changes, attribute by attribute: of an interface, of the kernel's settings, of FRR's daemons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_interface

from pvesdn.compare.options import Options
from pvesdn.decode.secrets import hide_secrets
from pvesdn.model.dhcp_filter import without_bytecode
from pvesdn.model.differences import Difference


def stanza_differences(old: Options, new: Options) -> tuple[Difference, ...]:
    """Of one interface, sorted by option. Addresses and MACs that are spelled differently are equal."""
    found = tuple(
        change
        for name in sorted(old.keys() | new.keys())
        if (change := _of(name, old.get(name, ()), new.get(name, ())))
    )
    is_other_mac = any(change.name == "hwaddress" for change in found)
    return tuple(change for change in found if not (is_other_mac and change.name == "pre-up" and _is_of_mac(change)))


def _is_of_mac(change: Difference) -> bool:
    """A bridge in a VRF may be made with its MAC before ifupdown2 would set it: that says nothing more."""
    return all("ip link add name" in value and " address " in value for value in (*change.old, *change.new))


def sysctl_differences(
    old: str | None, new: Iterable[tuple[str, str]], live: Mapping[str, str]
) -> tuple[Difference, ...]:
    """Of our kernel settings.

    :param old: the text of the file as it is.
    :param live: the kernel's present values, as far as they were read: what a new setting replaces.
    """
    before = {name.removeprefix("-"): (value,) for name, value in _assignments(old or "")}
    after = {name.removeprefix("-"): (value,) for name, value in new}  # with a dash it may be missing
    before = {name: (value,) for name, value in live.items() if name in after} | before
    return tuple(
        found
        for name in sorted(before.keys() | after.keys())
        if (found := _of(name, before.get(name, ()), after.get(name, ())))
    )


def daemon_differences(old: str | None, new: str | None) -> tuple[Difference, ...]:
    """Of /etc/frr/daemons, which is the administrator's except for the daemons that we switch on."""
    before, after = dict(_assignments(old or "")), dict(_assignments(new or ""))
    changed = (name for name in after if name.endswith("d") and after[name] == "yes" != before.get(name))
    return tuple(Difference(name, (before[name],) if name in before else (), ("yes",)) for name in sorted(changed))


def hidden(value: str, name: str = "") -> str:
    """`value` without what looks like a secret where `name` stands before it."""
    return hide_secrets(f"{name} {value}")[0][len(name) + 1 :]


def _of(name: str, old: tuple[str, ...], new: tuple[str, ...]) -> Difference | None:
    before, after = [meant(name, value) for value in old], [meant(name, value) for value in new]
    if before == after:
        return None
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    if not gone and not come:  # another order
        return Difference(name, _shown(name, old), _shown(name, new)) if name == "address" else None
    return Difference(name, _shown(name, _some(old, before, gone)), _shown(name, _some(new, after, come)))


def _some(values: tuple[str, ...], meant: list[str], wanted: Counter[str]) -> Iterator[str]:
    """Values that are removed or added, in their order."""
    for value, meaning in zip(values, meant, strict=True):
        if wanted[meaning]:
            wanted[meaning] -= 1
            yield value


def _shown(name: str, values: Iterable[str]) -> tuple[str, ...]:
    return tuple(hidden(without_bytecode(value), name) for value in values)


def meant(name: str, value: str) -> str:
    """An option's value, the same for all spellings of an address or a MAC."""
    if name == "hwaddress":
        return value.lower().removeprefix("ether ").replace("-", ":")
    return _as_address(value) if name == "address" or name.startswith("vxlan-") else value


@lru_cache(maxsize=1024)  # every tunnel of a zone has the same remotes
def _as_address(value: str) -> str:
    try:
        return str(ip_interface(value))
    except ValueError:
        return value


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith(("#", ";")):
            yield name.strip(), value.strip().strip("\"'")
