"""What people say of a contact in the CRM: in properties of ours, or by the CRM's own fields."""

from collections.abc import Mapping

from connector.domain.stages import Stage
from connector.ports import Watched
from connector.ports.native import VERDICTS

Shown = Mapping[str, str | None]
"""{property: value}"""

_STAGES = frozenset(Stage)
_BETWEEN = "="


def spoken(
    watched: Watched, found: Shown, wrote: Shown, before: object
) -> tuple[str | None, str | None]:
    """Return the value in which sales gives its verdict, and the verdict; None, None without one.

    Ours comes first. Of a field of the CRM the value is `field=option`; it stands (`before`) when
    we move that field on ourselves.
    """
    own = found.get(watched.verdict) if watched.verdict else None
    verdict = next((each for each in sorted(VERDICTS) if own and own.startswith(each)), None)
    if own or not watched.native:
        return own, verdict
    for native in watched.native:
        option = found.get(native.name)
        said = native.read.get(option or "")
        if said in VERDICTS and wrote.get(native.name) != option:
            return f"{native.name}{_BETWEEN}{option}", said
    return _still(watched, found, wrote, before)


def _still(
    watched: Watched, found: Shown, wrote: Shown, before: object
) -> tuple[str | None, str | None]:
    """Return a verdict given by a field that shows our own value by now."""
    name, between, option = str(before or "").partition(_BETWEEN)
    native = next((each for each in watched.native if each.name == name), None)
    if not between or native is None or not found.get(name):
        return None, None
    said = native.read.get(option)
    is_moved_on = found[name] == wrote.get(name)
    return (f"{name}{between}{option}", said) if is_moved_on and said in VERDICTS else (None, None)


def human_stage(watched: Watched, found: Shown, wrote: Shown) -> str | None:
    """Return the stage that a person set since our last write, in our property or in the CRM's."""
    own = found.get(watched.stage) if watched.stage else None
    if watched.stage and own in _STAGES and wrote.get(watched.stage) not in (None, own):
        return own
    for native in watched.native:
        option = found.get(native.name)
        said = native.read.get(option or "")
        if said is not None and said not in VERDICTS and wrote.get(native.name) != option:
            return said
    return None
