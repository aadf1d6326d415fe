"""A sandbox org with everything that runs on it: shipped files, a real store, a real engine."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from connector.app.account import Opened, open_account
from connector.app.demo_crm import write_files
from connector.domain.ids import ContactId, TaskKey
from connector.ports import Crm, FileCrm, KnownContact, MoveRecord
from connector.results import RunReport
from connector.sync.progress import Silent
from connector.sync.run import Stages
from tests.crm.salesforce_account import SalesforceAccount

SCORE, STAGE = "Leadripe_Score__c", "Leadripe_Stage__c"
DEMO = "Demo request"
PULLED = Stages(pushes=False, create_tasks=True)
PUSHED = Stages(pulls=False, plans=False)

Act = Callable[[], object]


class Interrupted:
    """An adapter before each of whose writes something happens, once."""

    def __init__(self, crm: Crm, before: Act) -> None:
        self._crm = crm
        self._before: Act | None = before

    def __getattr__(self, name: str) -> Any:
        if name in ("write", "write_tasks", "send_file") and self._before is not None:
            before, self._before = self._before, None
            before()
        return getattr(self._crm, name)


class SalesforceOffice:
    """Runs commands on one org, each with adapter and store opened anew, as a process does."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.account = SalesforceAccount(**options)
        self.clock = self.account.clock
        self.config = write_files(folder, "salesforce", self.account.sandbox)
        self._campaigns: dict[str, str] = {}
        self._opened: tuple[Sequence[bytes], Opened] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.account.__exit__(kind, error, traceback)

    @property
    def opened(self) -> Opened:
        """The account, opened anew where its files changed: that takes longer than a run."""
        files = sorted(self.config.parent.glob("**/*.yaml"))
        texts = [file.read_bytes() for file in files]
        if self._opened is None or self._opened[0] != texts:
            self._opened = texts, open_account(self.config, self.clock)
        return self._opened[1]

    def run(
        self, stages: Stages | None = None, *, before_write: Act | None = None, **options: Any
    ) -> RunReport:
        """Run a command; options are the adapter's."""
        opened = self.opened
        crm: Crm = self.account.connect(**options)
        assert isinstance(crm, FileCrm)
        with opened.store(read_only=False) as store:
            wrapped: Any = Interrupted(crm, before_write) if before_write else crm
            runner = opened.runner(wrapped, store)
            return runner.run("sync", stages or Stages(create_tasks=True), Silent())

    def begin(self) -> None:
        """Put the first run behind us, and let everything settle."""
        self.run()
        self.clock.turn(timedelta(hours=1))

    def asks_for_demo(self, person: str, campaign: str = DEMO) -> None:
        """Let somebody respond to a campaign: by default, ask for a demo."""
        who = "LeadId" if person.startswith("00Q") else "ContactId"
        if campaign not in self._campaigns:
            made = self.account.add("Campaign", Name=campaign, Type="Web", IsActive=True)
            self._campaigns[campaign] = made
        self.account.add(
            "CampaignMember",
            CampaignId=self._campaigns[campaign],
            Status="Responded",
            **{who: person},
        )

    def known(self, person: str) -> KnownContact | None:
        """Return what the store knows of somebody."""
        with self.opened.store(read_only=True) as store:
            return store.find_contact(person)

    def moves(self, person: str) -> Sequence[MoveRecord]:
        """Return somebody's history."""
        with self.opened.store(read_only=True) as store:
            known = store.find_contact(person)
            assert known is not None
            return store.load_moves(known.no)

    def contacts(self) -> int:
        """Return how many contacts the store holds."""
        with self.opened.store(read_only=True) as store:
            return store.count()["contacts"]

    def tasks_of(self, person: str) -> list[TaskKey]:
        """Return the keys of our tasks for somebody."""
        return [
            TaskKey(key)
            for key, values in self.account.tasks().items()
            if values["WhoId"] == ContactId(person)
        ]
