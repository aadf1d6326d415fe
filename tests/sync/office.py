"""An account with everything that runs on it: a CRM in memory, a real store, a real engine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from functools import cache
from pathlib import Path
from shutil import copytree
from zoneinfo import ZoneInfo

from connector.domain.contact import Contact
from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.engine.embedded import EmbeddedEngine
from connector.ports import Clock, Crm, KnownContact, Native, Shapes, Store, TaskWish, Watched
from connector.results import PlanSummary, RunReport
from connector.rules.compile import compile_rules
from connector.rules.conditions import Kind, Test
from connector.rules.decay import Constant, Decay, HalfLife
from connector.rules.model import (
    ActivityRule,
    Criterion,
    Fit,
    Interests,
    Persona,
    RuleSet,
    Topic,
)
from connector.rules.operators import Op
from connector.rules.plan import CompiledRules
from connector.store import open_store
from connector.sync.guard import Guards
from connector.sync.plan import PlanSettings
from connector.sync.progress import Silent
from connector.sync.run import Parts, Runner, Stages
from connector.sync.wanted import OUTPUTS
from tests.fakes.clock import FakeClock
from tests.fakes.crm import ACCOUNT, FakeCrm

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)

PROPERTIES = {name: f"leadripe_{name}" for name in OUTPUTS}

SHAPES = Shapes(
    fields={"first_name": Kind.TEXT, "email": Kind.TEXT, "job_title": Kind.TEXT},
    attributes={"page": Kind.TEXT},
    watched=Watched("leadripe_stage", "leadripe_verdict", "leadripe_not_before"),
)

FITS = Criterion(
    "job_title", Kind.TEXT, Test("job_title", Kind.TEXT, Op.CONTAINS, ("operations",)), weight=1
)

RULES = RuleSet(
    rules=(
        ActivityRule(
            id=RuleId("demo"),
            label={"en": "Asked for a demo", "fr": "A demandé une démo"},
            activities=("demo_request",),
            points=30 * MILLION,
            decay=Decay(Constant()),
            family="need",
            is_need=True,
        ),
        ActivityRule(
            id=RuleId("page"),
            label={"en": "Looked at a page", "fr": "A consulté une page"},
            activities=("page_view",),
            points=10 * MILLION,
            decay=Decay(HalfLife(30)),
            family="web",
        ),
        ActivityRule(
            id=RuleId("click"),
            label={"en": "Clicked in a mail", "fr": "A cliqué dans un courriel"},
            activities=("email_click",),
            points=1 * MILLION,
            decay=Decay(Constant()),
            family="mail",
        ),
    ),
    fit=Fit(
        personas=(Persona("ops", {"en": "Operations", "fr": "Exploitation"}, criteria=(FITS,)),)
    ),
    interests=Interests("page", (Topic("erp", {"en": "ERP systems", "fr": "Progiciels"}),)),
)

Cut = Callable[[str], None]


@cache
def engine() -> EmbeddedEngine:
    """Return the one engine of all tests: making one takes longer than a run."""
    return EmbeddedEngine(threads=1)


@cache
def compiled() -> CompiledRules:
    """Return `RULES` as a plan."""
    return compile_rules(RULES)


class Office:
    """Runs commands on one account, each with the store opened anew, as a process does."""

    def __init__(
        self,
        folder: Path,
        contacts: Sequence[Contact] = (),
        *,
        clock: FakeClock | None = None,
        crm: FakeCrm | None = None,
        language: str = "en",
        feedback: str | None = None,
        guards: Guards | None = None,
        has_tasks: bool = True,
        label: Native | None = None,
    ) -> None:
        self.folder = folder
        self.clock = clock or FakeClock()
        self.crm = crm or FakeCrm(self.clock, contacts)
        self.desk = self.crm.desk
        self.settings = PlanSettings(
            account=ACCOUNT.id,
            rules=RULES,
            compiled=compiled(),
            properties=PROPERTIES,
            zone=PARIS,
            language=language,
            feedback=feedback,
            has_tasks=has_tasks,
            fields=("first_name", "job_title"),
            label=label,
        )
        self.guards = guards or Guards()

    def fork(self, folder: Path) -> "Office":
        """Return an office that stands where this one does, and goes its own way from here."""
        copytree(self.folder, folder)
        clock, desk = deepcopy((self.clock, self.desk))
        crm = type(self.crm)(clock)
        crm.desk = desk
        label = self.settings.label
        return Office(folder, crm=crm, clock=clock, guards=self.guards, label=label)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store."""
        with open_store(self.folder, SHAPES, self.clock) as store:
            store.bind("fake", ACCOUNT, PARIS.key)
            yield store

    def run(self, command: str, stages: Stages) -> RunReport:
        """Run a command."""
        with self.store() as store:
            return self.run_on(store, command, stages)

    def run_on(
        self,
        store: Store,
        command: str,
        stages: Stages,
        *,
        crm: Crm | None = None,
        clock: Clock | None = None,
    ) -> RunReport:
        """Run a command on an open store."""
        return self.runner(store, crm=crm, clock=clock).run(command, stages, Silent())

    def runner(self, store: Store, *, crm: Crm | None = None, clock: Clock | None = None) -> Runner:
        """Return what runs commands on an open store."""
        parts = Parts(crm or self.crm, store, engine(), clock or self.clock)
        return Runner(parts, self.settings, self.guards)

    def sync(self, *, create_tasks: bool = False, accept: bool = False) -> RunReport:
        """Do the whole."""
        stages = Stages(create_tasks=create_tasks, accept_large_change=accept)
        return self.run("sync", stages)

    def plan(self) -> PlanSummary:
        """Plan without a trace, and return what was planned."""
        report = self.run("plan", Stages(dry_run=True))
        assert report.plan is not None
        return report.plan

    def begin(self) -> None:
        """Put the first run behind us: hand-offs create tasks from now on."""
        self.sync()
        self.clock.turn(timedelta(hours=1))

    def says(self, contact: Contact, output: str) -> str | None:
        """Return what the CRM shows of one of our outputs."""
        return self.desk.shows(contact, PROPERTIES[output])

    def tasks_of(self, contact: Contact) -> list[TaskWish]:
        """Return every task of a contact, done or not."""
        return [each for each in self.desk.wishes.values() if each.contact == contact.id]

    def known(self, contact: Contact) -> KnownContact:
        """Return what the store knows of a contact."""
        with self.store() as store:
            found = store.find_contact(contact.id)
        assert found is not None
        return found

    def counted(self) -> Mapping[str, int]:
        """Return the store's counts."""
        with self.store() as store:
            return store.count()
