"""Tracks that nobody is ever on, and contents that nobody is ever sent, proved."""

from collections.abc import Collection, Iterator, Mapping
from itertools import product

from connector.config.document import DataPath
from connector.config.review.dead import contradiction
from connector.config.review.remark import Remark, Weight
from connector.config.wording import listed
from connector.rules.conditions import All, AnyOf
from connector.rules.model import Nurture, RuleSet, Track
from connector.rules.satisfiable import follows, never_holds

_NONE = ("",)
TEMPERATURES: Mapping[str, tuple[str, ...]] = {
    "suspect": _NONE,
    "lead": ("cold", "warm", "hot"),
    "prospect": ("cold", "hot"),
    "client": _NONE,
    "recycled": _NONE,
    "disqualified": _NONE,
}
"""The temperatures that a contact of a stage may have."""

_CORRECT = "Correct the condition, or take it out."

Segment = tuple[str, str]


def unreached_tracks(rules: RuleSet) -> Iterator[Remark]:
    """Yield tracks and contents that are there for nobody."""
    nurture = rules.nurture
    if nurture is None:
        return
    if never_holds(nurture.where):
        yield Remark(
            ("nurture", "where"),
            Weight.ERROR,
            "never_fires",
            f"nobody can be on a track: {contradiction(nurture.where)}",
            _CORRECT,
        )
        return
    empty: set[str] = set()
    for place, track in enumerate(nurture.tracks):
        found = _of_track(rules, nurture, place, empty)
        if found is not None:
            empty.add(track.id)
            yield found
        yield from _stages_in_vain(place, track)
    yield from _contents(nurture, empty)


def segments(track: Track) -> frozenset[Segment]:
    """Return the stages with their temperatures that a track is for."""
    return frozenset(
        (stage, temperature)
        for stage, possible in TEMPERATURES.items()
        if not track.stages or stage in track.stages
        for temperature in possible
        if not track.temperatures or temperature in track.temperatures
    )


def _of_track(
    rules: RuleSet, nurture: Nurture, place: int, empty: Collection[str]
) -> Remark | None:
    """Return why nobody is ever on a track; `empty`: those above it of which that is known."""
    track = nurture.tracks[place]
    path: DataPath = ("nurture", "tracks", place)
    nobody = f"nobody can be on «{track.id}»"
    if not segments(track):
        what = f"{nobody}: a lead is cold, warm or hot, a prospect cold or hot, others are neither"
        do = "Take «temperatures» out, or name stages that have them."
        return Remark((*path, "temperatures"), Weight.ERROR, "never_fires", what, do)
    if never_holds(track.where):
        what = f"{nobody}: {contradiction(track.where)}"
        return Remark((*path, "where"), Weight.ERROR, "never_fires", what, _CORRECT)
    if never_holds(All((nurture.where, track.where))):
        what = f"{nobody}: its «where» and that of the section contradict each other"
        return Remark((*path, "where"), Weight.ERROR, "never_fires", what, _CORRECT)
    takers = _takers(rules, nurture, place, empty)
    if not takers:
        return None
    which = listed([f"«{name}»" for name in takers], "and")
    return Remark(
        (*path, "id"),
        Weight.WARNING,
        "shadowed",
        f"nobody is ever on «{track.id}»: {which} above it {'take' if takers[1:] else 'takes'} all "
        "of its contacts",
        f"Put it above {which}, or narrow what stands there.",
    )


def _takers(
    rules: RuleSet, nurture: Nurture, place: int, empty: Collection[str]
) -> tuple[str, ...]:
    """Return the tracks that take all contacts of a later one; none if some may be left to it."""
    track = nurture.tracks[place]
    everyone = ("", *(persona.id for persona in rules.fit.personas))
    wanted = All((nurture.where, track.where))
    above = {each.id: each for each in nurture.tracks[:place] if each.id not in empty}
    met = {
        tuple(name for name, each in above.items() if _is_for(each, segment, persona))
        for segment, persona in product(segments(track), track.personas or everyone)
    }
    if not all(follows(wanted, AnyOf(tuple(above[name].where for name in some))) for some in met):
        return ()
    taking = {name for some in met for name in some}
    return tuple(name for name in above if name in taking)


def _is_for(track: Track, segment: Segment, persona: str) -> bool:
    return segment in segments(track) and (not track.personas or persona in track.personas)


def _stages_in_vain(place: int, track: Track) -> Iterator[Remark]:
    reached = {stage for stage, _ in segments(track)}
    lost = [stage for stage in TEMPERATURES if stage in track.stages - reached]
    if reached and lost:
        stages = listed([f"«{stage}»" for stage in lost])
        yield Remark(
            ("nurture", "tracks", place, "stages"),
            Weight.WARNING,
            "unused",
            f"nobody of stage {stages} is ever on «{track.id}»: there is no such temperature there",
            "Give these stages a track of their own, without «temperatures».",
        )


def _contents(nurture: Nurture, empty: Collection[str]) -> Iterator[Remark]:
    tracks = [track.id for track in nurture.tracks]
    for place, content in enumerate(nurture.content):
        path: DataPath = ("nurture", "content", place)
        if content.where is not None and never_holds(content.where):
            yield Remark(
                (*path, "seen"),
                Weight.ERROR,
                "never_fires",
                f"no activity can ever show that «{content.id}» was seen:"
                f" {contradiction(content.where)}",
                _CORRECT,
            )
        if set(content.tracks or tracks) <= set(empty):
            yield Remark(
                (*path, "id"),
                Weight.WARNING,
                "unused",
                f"«{content.id}» comes next for nobody: nobody is ever on a track that offers it",
                "Name another track in «tracks», or take it out.",
            )
    for place, track in enumerate(nurture.tracks):
        has_any = any(not each.tracks or track.id in each.tracks for each in nurture.content)
        if nurture.content and not has_any and track.id not in empty:
            yield Remark(
                ("nurture", "tracks", place, "id"),
                Weight.NOTE,
                "without_content",
                f"nothing ever comes next on «{track.id}»: no content is for it",
                "Name it in the «tracks» of a content, or leave it: the track alone is written.",
            )
