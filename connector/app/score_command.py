"""`leadripe score`: which rules, which files, and where the result goes."""

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from connector.app.score import OpportunitiesOut, ScoreResult, score_files
from connector.app.score_output import Form
from connector.app.score_store import score_store
from connector.config.settings import load_settings
from connector.errors import UsageError
from connector.sync.progress import Progress

_WHERE = "leadripe score --opportunities-out"
_FORMS: dict[str, Form] = {
    ".json": "json",
    ".jsonl": "json",
    ".csv": "csv",
    ".parquet": "parquet",
}


@dataclass(frozen=True, slots=True)
class ScoreWish:
    """What the command line asks for. `as_json`: all rows as lines on stdout."""

    contacts: str | None = None
    activities: str | None = None
    opportunities: str | None = None
    rules: Path | None = None
    zone: str = "UTC"
    language: str = "en"
    out: Path | None = None
    form: Literal["json", "csv", "parquet"] | None = None
    opportunities_out: Path | None = None
    as_of: datetime | None = None
    as_json: bool = False


def score(config: Path, wish: ScoreWish, progress: Progress) -> ScoreResult:
    """Score the files, or without them what was pulled.

    The rules are those named, else those of the settings.
    """
    out = sys.stdout.buffer if wish.as_json else wish.out
    form = form_of(wish.out, wish.form, as_json=wish.as_json, where="leadripe score")
    if wish.contacts is None:
        _refuse_options_of_files(wish)
        return score_store(
            config,
            as_of=wish.as_of,
            out=out,
            form=form,
            opportunities_out=_of_opportunities(wish),
            progress=progress,
        )
    return score_files(
        wish.rules or _rules_of(config),
        wish.contacts,
        wish.activities,
        wish.opportunities,
        as_of=wish.as_of,
        zone=wish.zone,
        language=wish.language,
        out=out,
        form=form,
        opportunities_out=_of_opportunities(wish),
        progress=progress,
    )


def _of_opportunities(wish: ScoreWish) -> OpportunitiesOut:
    """Return where the rows of opportunities go; their file's ending goes before --form."""
    file = wish.opportunities_out
    if file is None:
        return OpportunitiesOut()
    by_ending = _FORMS.get(file.suffix.lower())
    form = by_ending or form_of(file, wish.form, as_json=False, where=_WHERE)
    return OpportunitiesOut(file, form)


def _refuse_options_of_files(wish: ScoreWish) -> None:
    named = {"--activities": wish.activities, "--opportunities": wish.opportunities}
    named["--rules"] = str(wish.rules) if wish.rules else None
    for option, value in named.items():
        if value is not None:
            raise UsageError(
                what=f"{option} goes with --contacts",
                where="leadripe score",
                do="Name the contacts' file too; without files, what was pulled is scored.",
            )


def _rules_of(config: Path) -> Path:
    if not config.exists():
        raise UsageError(
            what="no rules file is named, and there are no settings to name one",
            where="leadripe score",
            do="Add --rules mappings/rules.yaml; `leadripe init` writes one.",
        )
    return load_settings(config).rules


def form_of(
    out: Path | None,
    form: Literal["json", "csv", "parquet"] | None,
    *,
    as_json: bool,
    where: str,
) -> Form:
    """Return the form of what is written: as asked for, or as the file's ending says."""
    if as_json:
        return "json"
    if out is None:
        return "table"
    found = form or _FORMS.get(out.suffix.lower())
    if found is None:
        raise UsageError(
            what=f"the ending of {out.name} does not say which form it is to have",
            where=where if "--" in where else f"{where} --out",
            do="End it in .json, .jsonl, .csv or .parquet, or add --form.",
        )
    return found
