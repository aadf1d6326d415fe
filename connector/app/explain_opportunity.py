"""Explains one opportunity at an instant, with the people who take part in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.app.account import Opened, open_account, zone_of_store
from connector.app.explain import domains_for, facts_of
from connector.domain.ids import OpportunityId
from connector.domain.moment import Moment, micros
from connector.domain.numbers import MILLION, from_millionths, shown
from connector.errors import UsageError
from connector.ports import Evaluation, KnownOpportunity, OpportunityFacts
from connector.report.explanation import reason_of
from connector.report.opportunity import OpportunityExplanation, Person
from connector.rules.plan import CompiledRules
from connector.store import EmbeddedStore
from connector.sync.batches import joined
from connector.sync.opportunities import Draft, drafts_of, is_a_person_s, taking_part_of, to_show

WHERE = "leadripe explain --opportunity"


def chosen(
    contact: str | None, opportunity: str | None, *, history: bool, html: Path | None
) -> str | None:
    """Return the contact to explain; None if it is to be an opportunity.

    Raises UsageError if neither is named, or something that does not go together.
    """
    if opportunity is None:
        if contact is None:
            raise UsageError(
                what="nobody is named",
                where="leadripe explain",
                do="Name a contact by id or e-mail address, or an opportunity by --opportunity ID.",
            )
        return contact
    beside = {"a contact": contact, "--history": history, "--html": html}
    for name, value in beside.items():
        if value:
            raise UsageError(
                what=f"--opportunity and {name} do not go together",
                where="leadripe explain",
                do="Leave one of them out. An opportunity is explained here, or with --json.",
            )
    return None


def explained(config: Path, opportunity: str, as_of: datetime | None) -> OpportunityExplanation:
    """Read one opportunity from the store and score it; asks the CRM nothing.

    Raises UsageError for one that is unknown or not open, and where the rules score none.
    """
    opened = open_account(config)
    compiled = opened.compiled
    if compiled.opportunities is None:
        raise UsageError(
            what="the rules give opportunities no score",
            where=WHERE,
            do="Write a section `opportunities` into the rules file; docs/rules.md shows how.",
        )
    id_ = OpportunityId(opportunity)
    with opened.store(read_only=True) as store:
        _, zone = zone_of_store(store)
        at = as_of or opened.clock.now()
        facts = store.load_opportunities(
            compiled.opportunities.fields, at, is_past=as_of is not None, limit=1, ids=[id_]
        )
        if not len(facts.opportunity):
            raise _not_open(store, id_)
        known = store.load_known_opportunities([id_])[id_]
        numbers = store.load_people_of(id_)
        people = _evaluated(opened, store, numbers, at, as_of, zone)
        names = {no: str(each.id) for no, each in store.load_contacts(numbers).items()}
        draft = _scored(opened, compiled, facts, people, Moment.at(at, zone))
        written = [each for each in store.load_opportunity_ledger(id_) if each.at <= at]
    mapping = opened.loaded.mapping.opportunities
    properties = mapping.write.properties if mapping else {}
    rules = opened.loaded.rules.opportunities
    return OpportunityExplanation(
        opportunity=opportunity,
        as_of=at,
        time_zone=zone.key,
        score=shown(draft.points),
        points=from_millionths(draft.points),
        most=(rules.highest if rules else 0) // MILLION,
        reasons=[reason_of(line, opened.words) for line in draft.lines],
        people=_people(people, names),
        properties=properties,
        found=known.found,
        kept=_kept(properties, known, draft),
        written=written,
        rules_hash=compiled.hash,
    )


def _not_open(store: EmbeddedStore, id_: OpportunityId) -> UsageError:
    if store.has_opportunity(id_):
        return UsageError(
            what=f"opportunity {id_} is not open at that instant",
            where=WHERE,
            do="Of one that closed the last score stands in the CRM; `--as-of` a day on which it "
            "was open explains that.",
        )
    return UsageError(
        what=f"there is no opportunity {id_} in the store",
        where=WHERE,
        do="Give its id as the CRM spells it. If it is new, run `leadripe pull` first; if it is of "
        "another pipeline or record type, the mapping's section `opportunities` says which count.",
    )


def _evaluated(
    opened: Opened,
    store: EmbeddedStore,
    numbers: Sequence[int],
    at: datetime,
    as_of: datetime | None,
    zone: ZoneInfo,
) -> Evaluation | None:
    """Return what the rules make of the people; None if there are none."""
    if not numbers:
        return None
    found = (domains_for(opened, store, no, micros(at)) for no in numbers)
    domains = next((each for each in found if each is not None), None)
    facts = [facts_of(opened, store, no, at, as_of, zone, domains) for no in numbers]
    return opened.engine.evaluate(opened.compiled, joined(facts), at=Moment.at(at, zone))


def _scored(
    opened: Opened,
    compiled: CompiledRules,
    facts: OpportunityFacts,
    people: Evaluation | None,
    at: Moment,
) -> Draft:
    taking_part = taking_part_of([people] if people else [])
    scored = opened.engine.score_opportunities(compiled, facts.opportunity, taking_part, at=at)
    (draft,) = drafts_of(scored.score, scored.reason, to_show(scored, ""))
    return draft


def _people(people: Evaluation | None, names: Mapping[int, str]) -> list[Person]:
    """Return who takes part, the highest score first."""
    rows = people.score.to_pylist() if people else []
    return [
        Person(
            contact=names[row["contact"]],
            score=shown(row["points"]),
            points=from_millionths(row["points"]),
            grade=row["grade"],
            stage=row["stage"],
            temperature=row["temperature"],
        )
        for row in sorted(rows, key=lambda row: (-row["points"], row["contact"]))
    ]


def _kept(properties: Mapping[str, str], known: KnownOpportunity, draft: Draft) -> list[str]:
    score = str(shown(draft.points))
    return [
        name
        for result, name in properties.items()
        if is_a_person_s(name, known) and not (result == "score" and known.found[name] == score)
    ]
