"""Makes up a market by a seed: the companies, people and stories of a B2B software vendor's CRM.

The same arguments give the same world, on every machine. Every address lies in a domain that is
reserved for examples, every telephone number in a range kept for fiction.
"""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connector.sandbox.diary import Diary
from connector.sandbox.population import Character, Population
from connector.sandbox.stories import MEAN_WEIGHT, Plot, fill, plot_at
from connector.sandbox.world import DEAL_PROBABILITY, Deal, Happening, Person, World

HORIZON_DAYS = 730
_OLDEST = HORIZON_DAYS - 12  # a weekend and a registration some days ahead still fit in


def generate(
    *, people: int, seed: int, ends_at: datetime, activities_per_person: float = 20.0
) -> World:
    """Return a world of so many people whose stories end by `ends_at` and reach two years back.

    `activities_per_person` is an average: suspects have fewer, customers more. A story is never
    cut short, so below about 6 there are more happenings than asked for. Happenings come person by
    person, the oldest first; each has a `key` of its own that rises with them.
    """
    # A made-up market needs to be repeatable, not unguessable.
    rng = random.Random(seed)  # noqa: S311
    population = Population(rng, people)
    writer = _Writer(rng, ends_at.astimezone(UTC), activities_per_person / MEAN_WEIGHT)
    for number, plot in enumerate(_plots(rng, people), start=1):
        writer.tell(plot, population.person(number, plot))
    return World(
        reps=population.reps,
        companies=[site.company for site in population.sites],
        people=writer.people,
        happenings=writer.happenings,
        deals=writer.deals,
        ends_at=writer.ends_at,
    )


def _plots(rng: random.Random, people: int) -> list[Plot]:
    """Return a plot for each person, in the intended shares even where there are few people."""
    plots = [plot_at((number + rng.random()) / people) for number in range(people)]
    rng.shuffle(plots)
    return plots


class _Writer:
    """Tells one story after the other, and keeps what they add up to."""

    def __init__(self, rng: random.Random, ends_at: datetime, mean_length: float) -> None:
        self.ends_at = ends_at
        self.people: list[Person] = []
        self.happenings: list[Happening] = []
        self.deals: list[Deal] = []
        self._rng = rng
        self._mean_length = mean_length

    def tell(self, plot: Plot, character: Character) -> None:
        """Let the character live the plot."""
        newest, oldest = self._span(plot)
        diary = Diary(
            self._rng,
            ends_at=self.ends_at,
            zone=character.zone,
            language=character.person.language,
            oldest=oldest,
            newest=newest,
            has_gateway=character.has_gateway,
        )
        plot.tell(diary)
        length = self._mean_length * plot.weight * self._rng.uniform(0.5, 1.5)
        fill(diary, plot, max(1, round(length)))
        self._keep(character.person, diary)

    def _span(self, plot: Plot) -> tuple[int, int]:
        """Return the ages in days of the story's end and beginning."""
        newest = self._rng.randint(*plot.newest) if plot.newest else self._recent()
        return newest, min(_OLDEST, newest + self._rng.randint(*plot.span))

    def _recent(self) -> int:
        """Return an age that mostly lies within the last 120 days, most often within weeks."""
        if self._rng.random() < 0.8:
            return int(120 * self._rng.random() ** 1.6)
        return self._rng.randint(120, 560)

    def _keep(self, person: Person, diary: Diary) -> None:
        # By time alone: what happened at the same instant stays in the order of telling.
        diary.entries.sort(key=lambda entry: entry[0])
        begins_at = diary.entries[0][0]
        self.people.append(replace(person, created_at=begins_at - timedelta(minutes=1)))
        first = len(self.happenings) + 1
        self.happenings.extend(
            Happening(
                key=f"h{number}",
                person=person.key,
                deed=deed,
                at=at,
                details=details,
                rep=person.rep if by_rep else "",
            )
            for number, (at, deed, details, by_rep) in enumerate(diary.entries, start=first)
        )
        for entry in diary.deals:
            self.deals.append(
                Deal(
                    key=f"d{len(self.deals) + 1}",
                    person=person.key,
                    name=f"{diary.topic.capitalize()} – {person.last_name}",
                    stage=entry.stage,
                    amount=entry.amount,
                    probability=DEAL_PROBABILITY[entry.stage],
                    created_at=entry.created_at,
                    close_at=entry.close_at,
                    rep=person.rep,
                )
            )
