"""From a rules file to a rule set: what an admin wrote, as `connector.rules.model` means it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict

from connector.config.account_rules import ContactRuleSection
from connector.config.activity_rules import PERIODS, DecaySection, GroupSection, RuleSection
from connector.config.amounts import whole_days
from connector.config.found import Found
from connector.config.literals import SPOKEN
from connector.config.opportunity_rules import OpportunityRuleSection, ShareSection
from connector.config.points import LabelSection, micro
from connector.config.rules_document import RulesDocument
from connector.config.sla_rules import WEEK, WorkingHoursSection
from connector.config.where import Comparison, Report, Where, kinds_of, tests
from connector.domain.ids import RuleId
from connector.domain.moment import EPOCH
from connector.domain.numbers import MILLION
from connector.ports import Shapes
from connector.rules.accounts import KINDS
from connector.rules.conditions import ALWAYS, All, Condition, Kind
from connector.rules.decay import Decay
from connector.rules.fit import RESULTS as OF_FIT
from connector.rules.model import (
    Account,
    ActivityRule,
    AtMost,
    Blocker,
    Bucket,
    Budget,
    ContactRule,
    Content,
    Criterion,
    Each,
    Ever,
    Fit,
    Group,
    HandOff,
    Interests,
    Label,
    Nurture,
    Opportunities,
    OpportunityRule,
    PerAttribute,
    PerDays,
    Persona,
    Pressure,
    Repeated,
    Route,
    RuleSet,
    SalesWork,
    Score,
    Share,
    Sla,
    Stages,
    Topic,
    Track,
    WorkingHours,
)
from connector.rules.opportunities import OPPORTUNITY_FIELDS, RESULTS
from connector.rules.quarantine import Quarantine


class _Scores(TypedDict):
    score: str
    lowest: int
    highest: int
    further: tuple[Score, ...]
    labels: Mapping[str, Label]


@dataclass
class Meaning:
    """Turns the document into a rule set; literals of a wrong kind are noted in `mistakes`."""

    written: RulesDocument
    shapes: Shapes | None
    mistakes: list[Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        wheres = [
            topic.where
            for topic in (self.written.interests.topics if self.written.interests else ())
            if topic.where
        ]
        wheres += [rule.where for rule in self.written.rules if rule.where]
        nurture = self.written.nurture
        wheres += [each.seen for each in (nurture.content if nurture else ()) if each.seen]
        blockers = [blocker.where for blocker in self.written.hand_off.blockers]
        blockers += [rule.where for rule in self.written.contact_rules]
        blockers += [rule.contact for rule in self.written.rules if rule.contact]
        blockers += [each.contact for each in self.written.named_scores.values() if each.contact]
        blockers += [route.where for route in self.written.hand_off.routing if route.where]
        if nurture is not None:
            blockers += [nurture.where] if nurture.where else []
            blockers += [track.where for track in nurture.tracks if track.where]
        told = self.written.opportunities.rules if self.written.opportunities else ()
        blockers += [rule.contact for rule in told if rule.contact]
        criteria = [
            (one.field, one.is_) for persona in self.written.personas for one in persona.criteria
        ]
        shapes = self.shapes or Shapes({}, {})
        self._attributes = {**kinds_of(_comparisons(wheres)), **shapes.attributes}
        fields = {**kinds_of([*_comparisons(blockers), *criteria]), **shapes.fields}
        self._fields = {**fields, **KINDS} if self.written.account else fields
        self._of_opportunities = {
            **kinds_of(_comparisons([rule.where for rule in told if rule.where])),
            **shapes.of_opportunities,
            **OPPORTUNITY_FIELDS,
        }

    def rule_set(self) -> RuleSet:
        """Return the whole."""
        written = self.written
        return RuleSet(
            rules=tuple(self._rule(position, rule) for position, rule in enumerate(written.rules)),
            contact_rules=tuple(
                self._contact_rule(position, rule)
                for position, rule in enumerate(written.contact_rules)
            ),
            account=self._account(),
            groups=tuple(self._group(name, group) for name, group in written.groups.items()),
            fit=self._fit(),
            stages=self._stages(),
            hand_off=self._hand_off(),
            sales=SalesWork(
                touch=frozenset(written.sales.touch),
                meeting_obtained=frozenset(written.sales.meeting_obtained),
                meeting_lost=frozenset(written.sales.meeting_lost),
            ),
            quarantine=self._quarantine(),
            interests=self._interests(),
            nurture=self._nurture(),
            pressure=self._pressure(),
            opportunities=self._opportunities(),
            **self._scores(),
        )

    def _interests(self) -> Interests | None:
        written = self.written.interests
        if written is None:
            return None
        kind = self._attributes.get(written.attribute, Kind.TEXT)
        if kind is not Kind.TEXT:
            message = f"«{written.attribute}» holds {SPOKEN[kind]}, and no topics"
            self.mistakes.append(Found(("interests", "attribute"), message))
        return Interests(
            attribute=written.attribute,
            topics=tuple(
                Topic(
                    topic.id,
                    _label(topic.label, topic.id),
                    self._where(
                        topic.where, self._attributes, "interests", "topics", position, "where"
                    )
                    if topic.where
                    else None,
                )
                for position, topic in enumerate(written.topics)
            ),
            top=written.top,
        )

    def _nurture(self) -> Nurture | None:
        written = self.written.nurture
        if written is None:
            return None
        kind = self._attributes.get(written.attribute, Kind.TEXT)
        if kind is not Kind.TEXT and any(each.seen is None for each in written.content):
            message = f"«{written.attribute}» holds {SPOKEN[kind]}, and names nothing"
            self.mistakes.append(Found(("nurture", "attribute"), message))
        return Nurture(
            tracks=tuple(
                Track(
                    each.id,
                    _label(each.label, each.id),
                    stages=frozenset(each.stages),
                    temperatures=frozenset(each.temperatures),
                    personas=frozenset(each.personas),
                    where=self._of_contact(each.where, "nurture", "tracks", position, "where"),
                )
                for position, each in enumerate(written.tracks)
            ),
            content=tuple(
                Content(
                    each.id,
                    _label(each.label, each.id),
                    url=each.url,
                    topics=each.topics,
                    tracks=each.tracks,
                    where=self._where(
                        each.seen, self._attributes, "nurture", "content", position, "seen"
                    )
                    if each.seen
                    else None,
                )
                for position, each in enumerate(written.content)
            ),
            attribute=written.attribute,
            where=self._of_contact(written.where, "nurture", "where"),
        )

    def _of_contact(self, where: Where | None, *path: str | int) -> Condition:
        return self._where(where, self._fields, *path) if where else ALWAYS

    def _pressure(self) -> Pressure | None:
        written = self.written.pressure
        if written is None:
            return None
        return Pressure(
            touches=frozenset(written.touches),
            budgets=tuple(
                Budget(frozenset(each.touches or written.touches), each.at_most, each.within)
                for each in written.budget
            ),
        )

    def _opportunities(self) -> Opportunities | None:
        written = self.written.opportunities
        if written is None:
            return None
        return Opportunities(
            rules=tuple(
                self._opportunity_rule(position, rule)
                for position, rule in enumerate(written.rules)
            ),
            groups=tuple(_bounded_group(name, each) for name, each in written.groups.items()),
            lowest=micro(written.lowest),
            highest=micro(written.highest),
        )

    def _opportunity_rule(self, position: int, rule: OpportunityRuleSection) -> OpportunityRule:
        path = ("opportunities", "rules", position)
        of_people = {**self._fields, **RESULTS}
        return OpportunityRule(
            id=RuleId(rule.id),
            label=_label(rule.label, rule.id),
            points=0 if rule.points is None else micro(rule.points),
            where=self._where(rule.where, self._of_opportunities, *path, "where"),
            contact=self._where(rule.contact, of_people, *path, "contact")
            if rule.contact
            else None,
            people=rule.people or 1,
            share=self._share(rule.share) if rule.share else None,
            group=rule.group,
        )

    def _share(self, share: ShareSection) -> Share:
        leading = self.written.leading_score
        score = None if share.score in (None, leading) else share.score
        return Share(of_sum=share.of_ == "sum", percent=share.percent, score=score)

    def _quarantine(self) -> Quarantine:
        written = self.written.quarantine
        if written is None:
            return Quarantine()
        for path, name, wanted in written.named():
            kind = self._attributes.get(name, wanted)
            if kind is not wanted:
                message = (
                    f"«{name}» holds {SPOKEN[kind]} in the mapping, but has to hold "
                    f"{SPOKEN[wanted]}: name another attribute"
                )
                self.mistakes.append(Found(("quarantine", *path), message))
        return written.meaning()

    def _scores(self) -> _Scores:
        """Return the leading score and those beside it."""
        scores, leading = self.written.named_scores, self.written.leading_score
        bounds = {name: (micro(each.lowest), micro(each.highest)) for name, each in scores.items()}
        lowest, highest = bounds.get(leading, (0, 100 * MILLION))
        return {
            "score": leading,
            "lowest": lowest,
            "highest": highest,
            "further": tuple(
                Score(name, *between) for name, between in bounds.items() if name != leading
            ),
            "labels": {name: _label(each.label, name) for name, each in scores.items()},
        }

    def _score_of(self, rule: RuleSection | ContactRuleSection) -> str | None:
        """Return the score of a rule as the model has it: None for the leading one."""
        name = self.written.score_of(rule)
        return None if name == self.written.leading_score else name

    def _who_has(self, rule: RuleSection | ContactRuleSection) -> Condition:
        """Return the condition on contacts of the score that a rule gives its points to."""
        name = self.written.score_of(rule)
        score = self.written.named_scores.get(name)
        place = ("scores", name) if self.written.scores is not None else ("score",)
        return self._of_whom(score.contact if score else None, *place, "contact")

    def _of_whom(self, where: Where | None, *path: str | int) -> Condition:
        """Return a condition on a contact's fields and on what the personas make of it."""
        return self._where(where, {**self._fields, **OF_FIT}, *path)

    def _group(self, name: str, group: GroupSection) -> Group:
        # All rules of a group give points to one score; `rules_check` tells where they do not.
        members = (each for each in self.written.giving.values() if each.group == name)
        first = next(members, None)
        return replace(_bounded_group(name, group), score=self._score_of(first) if first else None)

    def _rule(self, position: int, rule: RuleSection) -> ActivityRule:
        return ActivityRule(
            id=RuleId(rule.id),
            label=_label(rule.label, rule.id),
            activities=tuple(dict.fromkeys(rule.activity)),
            points=micro(rule.points),
            where=self._where(rule.where, self._attributes, "rules", position, "where"),
            once_per=self._bucket(rule.once_per),
            at_most=AtMost(rule.at_most.count, rule.at_most.per) if rule.at_most else None,
            repeated=Repeated(rule.repeated.count, rule.repeated.within) if rule.repeated else None,
            replaced_by=RuleId(rule.replaced_by) if rule.replaced_by else None,
            decay=_decay(rule.decay),
            group=rule.group,
            family=rule.family or "",
            is_need=rule.need,
            score=self._score_of(rule),
            contact=_both(
                self._who_has(rule), self._of_whom(rule.contact, "rules", position, "contact")
            ),
        )

    def _contact_rule(self, position: int, rule: ContactRuleSection) -> ContactRule:
        return ContactRule(
            id=RuleId(rule.id),
            label=_label(rule.label, rule.id),
            points=micro(rule.points),
            where=_both(
                self._who_has(rule),
                self._where(rule.where, self._fields, "contact_rules", position, "where"),
            ),
            group=rule.group,
            score=self._score_of(rule),
        )

    def _account(self) -> Account | None:
        written = self.written.account
        if written is None:
            return None
        return Account(
            by=written.by,
            kind=self._fields.get(written.by, Kind.TEXT),
            role=written.role,
            role_kind=self._fields.get(written.role or "", Kind.TEXT),
            engaged_from=micro(written.engaged_from),
            sum_cap=None if written.sum_cap is None else micro(written.sum_cap),
        )

    def _where(self, where: Where | None, kinds: Mapping[str, Kind], *path: str | int) -> Condition:
        return where.condition(kinds.get, self._report(*path)) if where else ALWAYS

    def _report(self, *path: str | int) -> Report:
        return lambda below, message: self.mistakes.append(Found((*path, *below), message))

    def _bucket(self, once_per: str) -> Bucket:
        if once_per == "each":
            return Each()
        if once_per == "ever":
            return Ever()
        days = PERIODS.get(once_per) or whole_days(once_per)
        if days:
            return PerDays(days)
        return PerAttribute(once_per, self._attributes.get(once_per, Kind.TEXT))

    def _fit(self) -> Fit:
        grades, enough = self.written.fit.grades, self.written.fit.known_enough
        return Fit(
            personas=tuple(
                Persona(
                    persona.id,
                    _label(persona.label, persona.id),
                    tuple(
                        self._criterion(position, number) for number in range(len(persona.criteria))
                    ),
                )
                for position, persona in enumerate(self.written.personas)
            ),
            grade_a=micro(grades.a),
            grade_b=micro(grades.b),
            grade_c=micro(grades.c),
            known_enough=int(enough * 100),
            questions={name: asked.texts for name, asked in self.written.fit.questions.items()},
        )

    def _criterion(self, persona: int, number: int) -> Criterion:
        written = self.written.personas[persona].criteria[number]
        kind = self._fields.get(written.field, Kind.TEXT)
        report = self._report("personas", persona, "criteria", number, "is")
        parts = tuple(tests(written.field, written.is_, kind, report))
        condition = parts[0] if len(parts) == 1 else All(parts)
        return Criterion(written.field, kind, condition, written.weight)

    def _stages(self) -> Stages:
        stages = self.written.stages
        return Stages(
            not_engaging=frozenset(stages.not_engaging),
            warm_enter=micro(stages.warm.enter),
            warm_leave=micro(stages.warm.leave),
            hot_enter=micro(stages.hot.enter),
            hot_leave=micro(stages.hot.leave),
            fall_after_hours=stages.fall_after,
            need_valid_days=stages.need_valid,
            untouched_prospect_days=stages.prospect_untouched,
            hot_probability=int(stages.probability.hot * MILLION),
            cold_probability=int(stages.probability.cold * MILLION),
            meeting_replaced_within_days=stages.meeting_replaced_within,
            cooling_off_days=stages.cooling_off,
        )

    def _hand_off(self) -> HandOff:
        written = self.written.hand_off
        hours = _working_hours(written.working_hours)
        return HandOff(
            threshold=micro(written.threshold),
            families=written.families.count,
            families_within_days=written.families.within,
            not_rejected_within_days=written.not_rejected_within,
            name_fields=written.name_fields,
            reach_fields=written.reach_fields,
            working=hours,
            sla=Sla(
                need=written.due.need.in_minutes(hours.minutes_a_day),
                points=written.due.points.in_minutes(hours.minutes_a_day),
                warned=int(written.sla.warned * MILLION),
                escalated=int(written.sla.escalated * MILLION),
                escalate_to=written.sla.escalate_to,
            ),
            weekly_limit=written.weekly_limit,
            routes=tuple(
                Route(
                    route.owners,
                    self._of_contact(route.where, "hand_off", "routing", position, "where"),
                )
                for position, route in enumerate(written.routing)
            ),
            blockers=tuple(
                Blocker(
                    blocker.id,
                    _label(blocker.label, blocker.id),
                    self._where(
                        blocker.where, self._fields, "hand_off", "blockers", position, "where"
                    ),
                    unless_need=blocker.unless_need,
                )
                for position, blocker in enumerate(written.blockers)
            ),
        )


def _both(first: Condition, second: Condition) -> Condition:
    if first == ALWAYS or second == ALWAYS:
        return second if first == ALWAYS else first
    return All((first, second))


def _bounded_group(name: str, group: GroupSection) -> Group:
    return Group(
        name,
        _label(group.label, name),
        cap=None if group.cap is None else micro(group.cap),
        floor=None if group.floor is None else micro(group.floor),
    )


def _working_hours(written: WorkingHoursSection) -> WorkingHours:
    return WorkingHours(
        weekdays=frozenset(WEEK.index(day) + 1 for day in written.days),
        spans=written.hours,
        holidays=frozenset((day - EPOCH.date()).days for day in written.holidays),
        zone=written.time_zone,
    )


def _comparisons(wheres: Iterable[Where]) -> Iterator[tuple[str, Comparison]]:
    for where in wheres:
        yield from where.comparisons_within()


def _label(label: LabelSection | None, name: str) -> Label:
    return label.texts if label else {"en": name.replace("_", " ").capitalize()}


def _decay(written: DecaySection) -> Decay:
    return Decay(
        curve=written.curve,
        hold=written.hold or 0,
        expire_after=whole_days(written.expire_after),
    )
