"""Saved plans: `plan --out` writes one, `apply PLAN` plans again and holds the two against each other."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

from pvesdn import __version__
from pvesdn.cli.offer import Offer, make_offer
from pvesdn.cli.whole import read_whole, require_size, write_whole
from pvesdn.compare.fingerprint import differences, origin_of, result_of
from pvesdn.decode.saved_plan import LARGEST, decode_saved_plan, is_saved_plan
from pvesdn.encode.saved_plan import encode_saved_plan
from pvesdn.errors import ApplyRefused, SettingsError
from pvesdn.model.saved_plan import Fingerprint, SavedPlan, Terms
from pvesdn.model.snapshot import Snapshot

_LONGEST_VERSION = 40
_MOST_LINES = 20
_STDIN = "<stdin>"


def save_plan(offer: Offer, place: Path, now: float) -> None:
    """Write a plan to a file that its owner alone can read: passwords in a draft stand there as they are.

    :param now: seconds of the Unix epoch.
    :raises SettingsError: it cannot be written, or something else is there.
    """
    known = offer.known
    text = encode_saved_plan(
        SavedPlan(
            pvesdn=__version__,
            saved=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            cluster=known.given.cluster.name,
            terms=offer.terms,
            origin=_origin(offer),
            result=result_of(offer.own),
        )
    )
    if len(text) > LARGEST:
        raise SettingsError(
            f"{place}: the plan has more than {LARGEST >> 20} MiB", hint="save it for some nodes: --node"
        )
    try:
        _require_plan(place)
        write_whole(place, text)
    except OSError as error:
        raise SettingsError(f"{place}: {error.strerror}", hint="choose another place for the plan") from None


def read_plan(place: Path) -> SavedPlan:
    """The plan in a file.

    :raises SettingsError: there is none that this version has written, byte for byte.
    """
    try:
        data = read_whole(place, LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"{place}: {error.strerror}", hint="save a plan with pvesdn plan --out") from None
    require_size(str(place), data, LARGEST)
    text = data.decode("utf-8", "replace")
    plan = decode_saved_plan(text, str(place))
    if plan.pvesdn != __version__:
        what = f"{place}: was saved by pvesdn {plan.pvesdn[:_LONGEST_VERSION]}, and this is {__version__}"
        raise SettingsError(what, hint=_again(plan.terms, place))
    if encode_saved_plan(plan) != text:
        raise SettingsError(f"{place}: was edited after pvesdn wrote it", hint=_again(plan.terms, place))
    return plan


def offer_again(saved: SavedPlan, place: Path, snapshot: Snapshot) -> Offer:
    """The same plan, of the cluster as it is now.

    :raises ApplyRefused: it is another plan now, or it is made from something else.
    :raises PvesdnError: the cluster cannot be planned for any more.
    """
    offer = make_offer(snapshot, saved.terms)
    given = offer.known.given
    if given.cluster.name != saved.cluster:
        what = f"{place}: is a plan for cluster {saved.cluster}, and this is {given.cluster.name}"
        raise ApplyRefused(what, hint="apply it where it was saved")
    # What it comes to can only differ where what it was made from does, as far as that is kept.
    found = differences(saved.origin, _origin(offer))
    found = found or differences(saved.result, result_of(offer.own))
    if found:
        head = f"{place}: is out of date: something has changed since it was saved at {saved.saved}"
        how = _again(saved.terms, place) if offer.has_work else "nothing of the plan is left to do"
        last = f"nothing was touched; {how}"
        raise ApplyRefused("\n".join([head, *_first(found), last]))
    return offer


def changed_meanwhile(then: Offer, now: Offer) -> tuple[str, ...]:
    """What has changed that makes another plan, one line for each thing; empty where the plan is the same."""
    comes_to = differences(result_of(then.own), result_of(now.own))
    # What it is made from says better what somebody has done.
    return _first((comes_to and differences(_origin(then), _origin(now))) or comes_to)


def _first(found: tuple[str, ...]) -> tuple[str, ...]:
    more = len(found) - _MOST_LINES
    return (*found[:_MOST_LINES], *([f"and {more} more"] if more > 0 else []))


def _origin(offer: Offer) -> Fingerprint:
    return origin_of(offer.snapshot, offer.known.given, offer.known.vteps, offer.terms.only)


def _require_plan(place: Path) -> None:
    """Return if a plan may be put here: the place is free, or has an empty file or another plan.

    :raises OSError: something else is there.
    """
    try:
        start = read_whole(place, 64).decode("utf-8", "replace")
    except FileNotFoundError:
        return
    if start and not is_saved_plan(start):
        raise OSError(0, "exists and is not a saved plan", str(place))


def _again(terms: Terms, place: Path) -> str:
    """What to run for the same plan, made anew."""
    words = ["pvesdn", "plan", "--out", str(place)]
    for node in terms.nodes or ():
        words += ["--node", node]
    if terms.draft is not None:
        name = terms.draft.name if terms.draft.name.isprintable() else "FILE"
        words += ["--definitions", "-" if name == _STDIN else name]
    words += ["--sync-peers"] * terms.sync_peers
    words += ["--overwrite"] * terms.flags.overwrite + ["--detach-guests"] * terms.flags.detach_guests
    words += ["--with-interfaces-new"] * terms.flags.interfaces_new
    for node in sorted(terms.flags.allow_management):
        words += ["--allow-management", node]
    return f"save it again: {shlex.join(words)}"
