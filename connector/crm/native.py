"""Holds the stage fields that a mapping names against the options that the CRM offers."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from connector.ports import Finding, Native, Severity

Options = Mapping[str, str]
"""{option: what people read}, in the CRM's own order."""


def native_findings(
    native: Native, options: Options | None, *, where: str, section: str = "native"
) -> Iterator[Finding]:
    """Yield what is wrong with one field; `options`: None if the CRM has no such choice.

    `where`, `section`: the mapping file, as messages name it, and the part of it.
    """
    if options is None:
        yield Finding(
            Severity.ERROR,
            f"{where}: {section}: the CRM has no field «{native.name}» with a list of options",
            f"Correct its name, or take it out of `{section}`.",
        )
        return
    offered = ", ".join(f"{option} ({label})" for option, label in options.items())
    for option in native.options:
        if option not in options:
            yield Finding(
                Severity.ERROR,
                f"{where}: {section}: {native.name} has no option «{option}»",
                f"{_meant(option, options)}It has {offered}.",
            )
    unordered = [option for option in options if native.order and option not in native.order]
    if unordered:
        yield Finding(
            Severity.WARNING,
            f"{where}: {section}: {native.name} has options without a place in «order»: "
            f"{', '.join(unordered)}",
            "A contact that shows one of these is left alone; give it a place if it has one.",
        )


def _bare(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _meant(option: str, options: Options) -> str:
    """Return a hint at the option that was meant, by its name or by what people read."""
    named = {_bare(text): name for name, label in options.items() for text in (name, label)}
    if _bare(option) in named:
        return f"Write its internal name, {named[_bare(option)]}. "
    near = get_close_matches(option, options, n=1)
    return f"Did you mean {near[0]}? " if near else ""
