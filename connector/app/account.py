"""One configured account, opened: its files read, its ports made, on demand."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.app.clock import SystemClock
from connector.app.crms import open_crm
from connector.config.load import Loaded, load_all
from connector.crm.vocabulary import feedback_name
from connector.domain.moment import moment
from connector.engine.embedded import EmbeddedEngine
from connector.errors import ConfigError, StoreError, UsageError
from connector.ports import Account, Clock, Crm, KnownContact, RunRecord
from connector.rules.compile import compile_rules
from connector.rules.explain import Words
from connector.rules.plan import CompiledRules
from connector.store import EmbeddedStore, open_store
from connector.sync.compare import WritePolicy
from connector.sync.guard import Guards
from connector.sync.plan import PlanSettings
from connector.sync.run import WROTE_FROM, WROTE_UNTIL, Parts, Runner, check_account, zone_of


@dataclass(frozen=True)
class Opened:
    """An account's files, validated, and what is made of them."""

    config: Path
    loaded: Loaded
    clock: Clock

    @cached_property
    def compiled(self) -> CompiledRules:
        """The rules as a plan."""
        return compile_rules(self.loaded.rules)

    @cached_property
    def engine(self) -> EmbeddedEngine:
        """The engine that runs the plan."""
        return EmbeddedEngine()

    @property
    def judged_fields(self) -> Sequence[str]:
        """The fields of a contact that the mapping fills and the rules look at, by name."""
        return sorted(self.compiled.fields.keys() & self.loaded.mapping.shapes().fields.keys())

    @property
    def words(self) -> Words:
        """The names of the rules in the account's language."""
        return Words(self.loaded.rules, self.loaded.settings.language)

    @contextmanager
    def store(self, *, read_only: bool) -> Iterator[EmbeddedStore]:
        """Open the account's store."""
        shapes = self.loaded.mapping.shapes()
        folder = self.loaded.settings.store
        if read_only and not folder.exists():
            raise StoreError(
                what="nothing was read from the CRM yet",
                where=str(folder),
                do="Run `leadripe pull`, or `leadripe plan`, which pulls first.",
            )
        with open_store(folder, shapes, self.clock, read_only=read_only) as store:
            yield store

    def crm(self, runs: Sequence[RunRecord] = ()) -> Crm:
        """Make the adapter; nothing is sent yet. `runs`: those whose own writes may come back."""
        echoes = [_span(run.counts) for run in runs if WROTE_FROM in run.counts]
        return open_crm(self.loaded, self.clock, echoes)

    def runner(self, crm: Crm, store: EmbeddedStore) -> Runner:
        """Make a runner, after looking whose account the credentials open."""
        settings = self.loaded.settings
        account = crm.account()
        check_account(account, settings.account, where=f"{self.config}, account")
        zone = zone_of(account, settings.time_zone)
        store.bind(settings.crm, account, zone.key)
        guards = Guards(
            stage_changes=float(settings.guards.stage_changes),
            fewer_contacts=float(settings.guards.fewer_contacts),
            tasks_per_owner=settings.guards.tasks_per_owner,
        )
        parts = Parts(crm, store, self.engine, self.clock)
        return Runner(parts, self.plan_settings(account, zone), guards)

    def plan_settings(self, account: Account, zone: ZoneInfo) -> PlanSettings:
        """Return what planning needs beside the ports."""
        settings, mapping = self.loaded.settings, self.loaded.mapping
        return PlanSettings(
            account=account.id,
            rules=self.loaded.rules,
            compiled=self.compiled,
            properties=mapping.write.properties,
            zone=zone,
            language=settings.language,
            policy=WritePolicy(settings.write.min_change, settings.write.max_age),
            feedback=feedback_name(mapping.feedback, settings.language),
            has_tasks=mapping.tasks is not None,
            natives=mapping.natives,
            fields=self.judged_fields,
            label=mapping.label,
            opportunity_properties=(
                mapping.opportunities.write.properties if mapping.opportunities else {}
            ),
        )


def open_account(config: Path, clock: Clock | None = None) -> Opened:
    """Read and check the three files. Raises ConfigError with every mistake in them."""
    if not config.exists():
        raise ConfigError(
            what=f"there is no settings file {config}",
            where=str(config.absolute()),
            do="`leadripe init` writes one; or name yours with -c. Nothing was sent.",
        )
    return Opened(config, load_all(config), clock or SystemClock())


def _span(counts: Mapping[str, int]) -> tuple[datetime, datetime]:
    return moment(counts[WROTE_FROM]), moment(counts[WROTE_UNTIL])


def zone_of_store(store: EmbeddedStore) -> tuple[Account, ZoneInfo]:
    """Return whose data a store holds and in which zone its days are counted."""
    bound = store.bound()
    if bound is None:
        raise StoreError(
            what="nothing was read from the CRM yet",
            where="the store",
            do="Run `leadripe pull`, or `leadripe plan`, which pulls first.",
        )
    account, zone = bound
    return account, ZoneInfo(zone)


def find_contact(store: EmbeddedStore, contact: str, *, where: str) -> KnownContact:
    """Return a contact by the CRM's id or an e-mail address; raises UsageError without one."""
    known = store.find_contact(contact)
    if known is None:
        raise UsageError(
            what="no such contact in the store",
            where=where,
            do="Give the CRM's id or the e-mail address; run `leadripe pull` if it is new.",
        )
    return known
