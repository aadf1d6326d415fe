"""The rules file as an admin writes it (`docs/rules.md`); `rules_file` says what it means."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from connector.config.account_rules import AccountSection, ContactRuleSection
from connector.config.activity_rules import GroupSection, RuleSection
from connector.config.document import DataPath
from connector.config.fit_rules import FitSection, PersonaSection
from connector.config.interest_rules import InterestsSection
from connector.config.nurture_rules import NurtureSection, PressureSection
from connector.config.opportunity_rules import OpportunitiesSection
from connector.config.points import Label, Points
from connector.config.quarantine_rules import QuarantineSection
from connector.config.section import Name, Section, refuse
from connector.config.stage_rules import HandOffSection, SalesSection, StagesSection
from connector.config.where import Where


class BoundsSection(Section):
    """One of several scores: its bounds."""

    label: Label | None = None
    """What people read; by default the name."""
    lowest: Points = Decimal(0)
    """The least it can be."""
    highest: Points = Decimal(100)
    """The most it can be."""
    contact: Where | None = None
    """Conditions on the contact, its `grade` and `persona` too: others have no points in it."""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.lowest >= self.highest:
            raise refuse("bounds", "«lowest» must be below «highest»", "lowest")
        return self


class ScoreSection(BoundsSection):
    """The one score: its name and its bounds."""

    name: Name = "engagement"
    """What it is called."""


class RulesDocument(Section):
    """Everything that decides a score, a stage and a hand-off."""

    version: Literal[1]
    """The version of this file's format."""
    score: ScoreSection = ScoreSection()
    """The score's name and bounds, if there is only one."""
    scores: Annotated[dict[Name, BoundsSection], Field(min_length=1)] | None = None
    """Several scores, by name. The first moves stages and hands off, unless `stages` names
    another."""
    rules: Annotated[tuple[RuleSection, ...], Field(min_length=1)]
    """Points for activities."""
    contact_rules: tuple[ContactRuleSection, ...] = ()
    """Points for what a contact is."""
    account: AccountSection | None = None
    """Which contacts are of one account; without this section, nothing is known of accounts."""
    groups: dict[Name, GroupSection] = Field(default_factory=dict)
    """Groups of rules with a cap."""
    personas: tuple[PersonaSection, ...] = ()
    """The kinds of buyers."""
    fit: FitSection = FitSection()
    """How the match with a persona becomes a grade."""
    stages: StagesSection = StagesSection()
    """When a contact enters and leaves a stage."""
    hand_off: HandOffSection = HandOffSection()
    """When a contact is handed to sales."""
    sales: SalesSection = SalesSection()
    """By which activities sales acts."""
    quarantine: QuarantineSection | None = None
    """How robots are told from people; without this section none are."""
    interests: InterestsSection | None = None
    """How topics of activities become interests; without this section none do."""
    nurture: NurtureSection | None = None
    """Which track a contact is on and what comes next; without this section none is."""
    pressure: PressureSection | None = None
    """How often a contact may be touched; without this section nobody counts."""
    opportunities: OpportunitiesSection | None = None
    """The score of open opportunities; without this section they have none."""

    @model_validator(mode="after")
    def _one_way_to_name_scores(self) -> Self:
        if self.scores is not None and "score" in self.model_fields_set:
            raise refuse(
                "two_ways", "«score» and «scores» exclude each other: list all in «scores»", "score"
            )
        return self

    @property
    def named_scores(self) -> Mapping[str, BoundsSection]:
        """{name: bounds} of every score, in the order of the file."""
        return self.scores if self.scores is not None else {self.score.name: self.score}

    @property
    def giving(self) -> Mapping[DataPath, RuleSection | ContactRuleSection]:
        """{place: rule} of every rule that gives points."""
        return {
            **{("rules", place): rule for place, rule in enumerate(self.rules)},
            **{("contact_rules", place): rule for place, rule in enumerate(self.contact_rules)},
        }

    def score_of(self, rule: RuleSection | ContactRuleSection) -> str:
        """Return the name of the score that a rule gives points to; by default the first."""
        return rule.score or next(iter(self.named_scores))

    @property
    def leading_score(self) -> str:
        """The name of the score that moves stages and hands off."""
        return self.stages.score or next(iter(self.named_scores))
