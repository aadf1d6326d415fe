"""A rule set: what an admin's rules file means, as frozen values.

The file's syntax is `connector.config.rules_file`'s business; the meaning is `scoring.md`'s,
restated here where a reader of the code needs it. All points are micro-points, all durations whole
calendar days unless a name says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.conditions import ALWAYS, Condition, Kind
from connector.rules.decay import Decay
from connector.rules.quarantine import Quarantine

Label = Mapping[str, str]
"""A text by language code, `en` always among them."""


@dataclass(frozen=True, slots=True)
class Each:
    """Every activity is a bucket of its own."""


@dataclass(frozen=True, slots=True)
class PerAttribute:
    """Activities with the same (folded) value of an attribute share a bucket.

    Those without it share one.
    """

    attribute: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class PerDays:
    """Activities in the same calendar period of `days` days share a bucket.

    Periods are counted from Monday 1969-12-29, so that 1 is the calendar day and 7 the ISO week,
    and a bucket does not move with the day of asking: period number = (local day number + 3) //
    days, where day 0 is 1970-01-01, a Thursday.
    """

    days: int


@dataclass(frozen=True, slots=True)
class Ever:
    """All activities share one bucket."""


Bucket = Each | PerAttribute | PerDays | Ever


@dataclass(frozen=True, slots=True)
class AtMost:
    """Of the activities left by `once_per`, only the latest `count` count.

    With `per`, so many in each period of `per` days; periods as in `PerDays`.
    """

    count: int
    per: int | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """The rule fires only on an activity that is at least the `count`-th within `within` days.

    Looked at before `once_per`: an activity stays if it and the matching ones on its own day and
    the `within` - 1 days before it number at least `count`.
    """

    count: int
    within: int


@dataclass(frozen=True, slots=True)
class ActivityRule:
    """Points for an activity.

    For a contact that does not meet `contact` there is no such rule. Order of work: type, inbound
    and `where` → `repeated` → `once_per` (latest by occurred_us, then by id) → `replaced_by` →
    `at_most` → points · weight of age. `replaced_by` names a rule with the
    same `once_per` attribute: a bucket in which that rule counts an activity is dropped here.
    `is_need`: each counted activity is an explicit need. `family`: signal family for gate 3; empty
    if none. `score`: the further score that it gives points to; None for the leading one.
    """

    id: RuleId
    label: Label
    activities: tuple[str, ...]
    points: int
    where: Condition = ALWAYS
    once_per: Bucket = field(default_factory=Each)
    at_most: AtMost | None = None
    repeated: Repeated | None = None
    replaced_by: RuleId | None = None
    decay: Decay = field(default_factory=Decay)
    group: str | None = None
    family: str = ""
    is_need: bool = False
    score: str | None = None
    contact: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class ContactRule:
    """Points for what a contact is, or for what is known of its account: given while `where` holds.

    They do not fade, and are no signal of a family. `group`, `score`: as for an activity rule.
    """

    id: RuleId
    label: Label
    points: int
    where: Condition
    group: str | None = None
    score: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rules whose sum is clamped to `floor`..`cap` before it joins the score.

    All of them give points to one score: `score`, None for the leading one.
    """

    id: str
    label: Label
    cap: int | None = None
    floor: int | None = None
    score: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A score beside the leading one: points of its own rules, between bounds of its own."""

    id: str
    lowest: int = 0
    highest: int = 100 * MILLION


@dataclass(frozen=True, slots=True)
class Criterion:
    """One part of a persona: known when `field` has a value; earned when `condition` holds.

    `weight` > 0.
    """

    field: str
    kind: Kind
    condition: Condition
    weight: int


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of buyer, described by weighted criteria."""

    id: str
    label: Label
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """How personas become a grade.

    For each persona: known = weight of known criteria, earned = weight of earned ones; fit in
    micro-points = earned · 100,000,000 // known. It is known enough when known · 100 ≥
    `known_enough` · total weight. A contact's persona is the one with the highest fit among those
    known enough (first in the file on a tie); grade A, B or C from `grades` (lowest fit in micro-
    points), else D. If none is known enough: grade U, no persona, and `missing` is the unknown
    field that would settle most: known, it would make the most personas known enough; on a tie it
    has the most weight over all personas; on a tie it stands first in the file. Without personas
    the grade is U and nothing is missing. A persona matches at grade A or B.

    `questions`: what to ask a contact of whom a field is missing, by field.
    """

    personas: tuple[Persona, ...] = ()
    grade_a: int = 70 * MILLION
    grade_b: int = 50 * MILLION
    grade_c: int = 30 * MILLION
    known_enough: int = 40
    questions: Mapping[str, Label] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A condition on the contact that stops a hand-off whatever the points.

    With `unless_need` it stops none while there is an explicit need.
    """

    id: str
    label: Label
    where: Condition
    unless_need: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Who acts for contacts without an active owner. `owners`: e-mail addresses, at least one.

    `where`: conditions on contact fields, none of them relative to the day or on accounts.
    """

    owners: tuple[str, ...]
    where: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Stages:
    """When a contact enters and leaves each stage and temperature (scoring.md section 7).

    `not_engaging`: activity types that are no engagement of the person's own (ads, anonymous pages,
    opens). `fall_after_hours`: how long a score must stay in a lower band before the temperature
    falls. Probabilities in millionths.
    """

    not_engaging: frozenset[str] = frozenset()
    warm_enter: int = 20 * MILLION
    warm_leave: int = 15 * MILLION
    hot_enter: int = 50 * MILLION
    hot_leave: int = 40 * MILLION
    fall_after_hours: int = 24
    need_valid_days: int = 90
    untouched_prospect_days: int = 60
    hot_probability: int = 500_000
    cold_probability: int = 300_000
    meeting_replaced_within_days: int = 14
    cooling_off_days: int = 60


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When sales works: the clock of a hand-off runs then, and stands still between.

    `weekdays`: 1 is Monday, 7 Sunday. `spans`: of each such day, from and to in minutes after local
    midnight, rising. `holidays`: days off, by their number since 1970-01-01. `zone`: an IANA name;
    None: the account's.
    """

    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    spans: tuple[tuple[int, int], ...] = ((9 * 60, 18 * 60),)
    holidays: frozenset[int] = frozenset()
    zone: str | None = None

    @property
    def minutes_a_day(self) -> int:
        """How long a working day is."""
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Sla:
    """By when sales acts on a hand-off, in minutes of working hours, and what comes of it if not.

    `warned`, `escalated`: shares of that time in millionths. `escalate_to`: e-mail addresses of
    owners; the first that is active gets a task when the clock escalates.
    """

    need: int = 60
    points: int = 9 * 60
    warned: int = 750_000
    escalated: int = 2_000_000
    escalate_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandOff:
    """The gates of scoring.md section 8, and the clock of the task.

    `weekly_limit`: tasks that one owner gets in seven days; None: as many as there are. `routes`:
    whose task it is where the contact has no active owner; the first that holds and has one.
    `reach_fields`: contact fields of which one must be known; `name_fields`: likewise.
    """

    threshold: int = 50 * MILLION
    families: int = 2
    families_within_days: int = 30
    not_rejected_within_days: int = 60
    name_fields: tuple[str, ...] = ("first_name", "last_name")
    reach_fields: tuple[str, ...] = ("email", "phone")
    blockers: tuple[Blocker, ...] = ()
    weekly_limit: int | None = None
    routes: tuple[Route, ...] = ()
    sla: Sla = field(default_factory=Sla)
    working: WorkingHours = field(default_factory=WorkingHours)


@dataclass(frozen=True, slots=True)
class SalesWork:
    """Canonical activity types by which sales acts and speaks: facts, whatever their points.

    `touch`: something a person of ours did towards the contact, or a conversation had; it stops the
    clock and closes a hand-off. `meeting_obtained`, `meeting_lost`: see prospect hot.
    """

    touch: frozenset[str] = frozenset({"call", "email_sent", "meeting"})
    meeting_obtained: frozenset[str] = frozenset({"meeting_booked", "meeting_held"})
    meeting_lost: frozenset[str] = frozenset({"meeting_cancelled"})


@dataclass(frozen=True, slots=True)
class Account:
    """Which contacts belong together, and what makes one of them count: facts for conditions.

    Contacts with the same (folded) value of the field `by` are of one account. A contact's own
    points are those that its activities alone give the leading score, between its bounds.
    `engaged_from`: the own points from which a person counts as engaged. `sum_cap`: the most that
    the sum of own points comes to. `role`: the field by which roles are told apart.
    """

    by: str
    kind: Kind = Kind.TEXT
    role: str | None = None
    role_kind: Kind = Kind.TEXT
    engaged_from: int = 10 * MILLION
    sum_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that the rules name. `where`: activities of which it is one; None: only by name."""

    id: str
    label: Label
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Interests:
    """How topics become interests.

    `attribute`: the one of activities that names topics, `;` between them; None if none does.
    `top`: how many interests a contact has at the most.
    """

    attribute: str | None = "topic"
    topics: tuple[Topic, ...] = ()
    top: int = 3


OPEN_TASK = "open_task"
"""The task of an open hand-off, where activity types are named that press a contact."""


@dataclass(frozen=True, slots=True)
class Budget:
    """So many touches at the most, of types `touches`, in `within` days: the day itself is one."""

    touches: frozenset[str]
    most: int
    within: int


@dataclass(frozen=True, slots=True)
class Pressure:
    """How much a contact is pressed, by marketing and sales together.

    `touches`: the activity types that press, whoever did them; `OPEN_TASK` may be among them.
    """

    touches: frozenset[str]
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """A way of nurturing the contacts of some segments; what is empty leaves out none.

    `where`: conditions on the contact.
    """

    id: str
    label: Label
    stages: frozenset[str] = frozenset()
    temperatures: frozenset[str] = frozenset()
    personas: frozenset[str] = frozenset()
    where: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Content:
    """Something to send. `tracks`: for which, by id; empty: for all. `topics`: what it is about.

    `where`: the activities that show that a contact has seen it; None: those whose attribute names
    it by id or label.
    """

    id: str
    label: Label
    url: str | None = None
    topics: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Nurture:
    """Which track a contact is on, the first that fits, and what it is sent next.

    `where`: whom marketing may write to at all. `attribute`: the one of activities that names what
    a contact has seen.
    """

    tracks: tuple[Track, ...] = ()
    content: tuple[Content, ...] = ()
    attribute: str = "asset"
    where: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the points of the people who take part in an opportunity.

    `of_sum`: of all of them together, else of the one with the most. `score`: of which score; None
    for the leading one. `percent`: how large a part, from 1 to 1000.
    """

    of_sum: bool
    percent: int
    score: str | None = None


@dataclass(frozen=True, slots=True)
class OpportunityRule:
    """Points for what an opportunity is, or for who takes part in it.

    Given while `where` holds of its fields and at least `people` of its contacts meet `contact`;
    `contact` None: nobody is asked for. With a `share` they are that part of the points of those
    who meet `contact` (None: of all who take part), and `points` is 0.
    """

    id: RuleId
    label: Label
    points: int = 0
    where: Condition = ALWAYS
    contact: Condition | None = None
    people: int = 1
    share: Share | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Opportunities:
    """The score of open opportunities. `groups`: of these rules alone."""

    rules: tuple[OpportunityRule, ...]
    groups: tuple[Group, ...] = ()
    lowest: int = 0
    highest: int = 100 * MILLION


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that decides a score, a stage and a hand-off.

    `score`, `lowest`, `highest`: name and bounds of the leading score, which alone moves stages and
    hands off. `further`: the scores beside it. `labels`: what each score is called, by its name.
    """

    rules: tuple[ActivityRule, ...]
    contact_rules: tuple[ContactRule, ...] = ()
    groups: tuple[Group, ...] = ()
    fit: Fit = field(default_factory=Fit)
    stages: Stages = field(default_factory=Stages)
    hand_off: HandOff = field(default_factory=HandOff)
    sales: SalesWork = field(default_factory=SalesWork)
    score: str = "engagement"
    lowest: int = 0
    highest: int = 100 * MILLION
    further: tuple[Score, ...] = ()
    account: Account | None = None
    labels: Mapping[str, Label] = field(default_factory=dict)
    quarantine: Quarantine = field(default_factory=Quarantine)
    interests: Interests | None = None
    pressure: Pressure | None = None
    nurture: Nurture | None = None
    opportunities: Opportunities | None = None

    @property
    def giving(self) -> "tuple[ActivityRule | ContactRule, ...]":
        """All rules that give points, in the order in which their lines stand on a tie."""
        return (*self.rules, *self.contact_rules)
