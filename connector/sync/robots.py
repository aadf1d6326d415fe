"""Finds the mail domains behind a gateway: the one sign of a robot that looks across contacts.

Asked before an evaluation, part by part, of whatever holds contacts and their activities. Nothing
is asked twice where nobody clicked many links of one mail within seconds.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.parts import in_parts
from connector.ports import Engine, Facts, Store
from connector.rules.plan import CompiledRules
from connector.rules.tables import FIELD, FOLDED
from connector.sync.batches import MOST, together

_EMAIL = FIELD + "email" + FOLDED


@dataclass(frozen=True, slots=True)
class Part:
    """Some contacts' activities; `people` are all of these contacts, with the column of `email`."""

    activity: pa.Table | Sequence[Path]
    people: Callable[[], pa.Table]


Parts = Callable[[], Iterable[Part]]
"""Yields all parts, each contact in one of them; called anew for each question."""


def robot_domains(
    engine: Engine, compiled: CompiledRules, parts: Parts, *, as_of_us: int
) -> pa.Table | None:
    """Return `tables.ROBOT_DOMAIN` as of an instant; None if there are none.

    The same whichever way the contacts are parted.
    """
    if not compiled.robots.suspect:
        return None
    asked = [_suspects(engine, compiled, part.activity, as_of_us) for part in parts()]
    suspects = pa.concat_tables(asked) if asked else None
    if suspects is None or not len(suspects):
        return None
    domains = _domains(suspects, parts())
    counts = [_recipients(engine, compiled, part, suspects, domains, as_of_us) for part in parts()]
    return _whole(pa.concat_tables(counts), compiled.robots.least_recipients)


def is_suspect(
    engine: Engine, compiled: CompiledRules, activity: pa.Table | Sequence[Path], *, as_of_us: int
) -> bool:
    """Tell whether anybody in these activities clicked so that others have to be looked at."""
    if not compiled.robots.suspect:
        return False
    return len(_suspects(engine, compiled, activity, as_of_us)) > 0


def parts_of(store: Store) -> Parts:
    """Return the parts of a store: as many buckets together as are evaluated together."""

    def parts() -> Iterator[Part]:
        buckets = store.buckets()
        contacts = store.count().get("contacts", 0)
        for some in in_parts(buckets, max(1, MOST * len(buckets) // max(1, contacts))):
            found = {bucket: store.load_activities(bucket) for bucket in some}
            # Files and rows do not mix.
            for is_rows in (False, True):
                alike = [no for no in some if isinstance(found[no], pa.Table) is is_rows]
                if alike:
                    activity = together([found[no] for no in alike])
                    yield Part(activity, partial(_people, store, alike))

    return parts


def _people(store: Store, buckets: Sequence[int]) -> pa.Table:
    return pa.concat_tables([store.load_people(bucket) for bucket in buckets])


def by_sign(flag: pa.Table | None) -> Counter[str]:
    """Return {sign: how many activities are in quarantine by it}."""
    if flag is None:
        return Counter()
    counts = pc.value_counts(flag["sign"]).to_pylist()
    return Counter({each["values"]: each["counts"] for each in counts})


def with_robots(facts: Facts, found: pa.Table | None) -> Facts:
    """Return facts that know of these mail domains."""
    return replace(facts, robot_domain=found)


def _suspects(
    engine: Engine,
    compiled: CompiledRules,
    activity: pa.Table | Sequence[Path],
    as_of_us: int,
) -> pa.Table:
    return engine.select(compiled, activity, compiled.robots.suspect, {}, as_of_us=as_of_us)


def _domains(suspects: pa.Table, parts: Iterable[Part]) -> pa.Array:
    """Return the mail domains that suspects have an address in."""
    found = [
        _members(part.people().filter(pc.field("contact").isin(suspects["contact"])))["domain"]
        for part in parts
    ]
    return pc.unique(pa.chunked_array([c for each in found for c in each.chunks], pa.string()))


def _members(people: pa.Table) -> pa.Table:
    """Return {contact, domain} of those with a mail domain: what stands behind the first @."""
    people = people.filter(pc.fill_null(pc.match_substring(people[_EMAIL], "@"), False))  # noqa: FBT003
    domain = pc.replace_substring_regex(people[_EMAIL], "^[^@]*@", "", max_replacements=1)
    members = pa.table({"contact": people["contact"], "domain": domain})
    return members.filter(pc.not_equal(domain, ""))


def _recipients(
    engine: Engine,
    compiled: CompiledRules,
    part: Part,
    suspects: pa.Table,
    domains: pa.Array,
    as_of_us: int,
) -> pa.Table:
    members = _members(part.people())
    members = members.filter(pc.is_in(members["domain"], value_set=domains))
    return engine.select(
        compiled,
        part.activity,
        compiled.robots.recipient,
        {"suspect": suspects, "member": members},
        as_of_us=as_of_us,
    )


def _whole(counts: pa.Table, least: int) -> pa.Table | None:
    """Return the mails and domains of which all recipients are suspects, and enough of them."""
    sums = counts.group_by(["mail", "domain"]).aggregate(
        [("recipients", "sum"), ("suspects", "sum")]
    )
    is_whole = pc.and_(
        pc.equal(sums["recipients_sum"], sums["suspects_sum"]),
        pc.greater_equal(sums["recipients_sum"], least),
    )
    found = sums.filter(is_whole).select(["mail", "domain"])
    return found if len(found) else None
