"""Says in sentences who fits, when stages change and when sales acts, in English or French."""

from collections.abc import Iterable, Iterator

from connector.domain.numbers import from_millionths
from connector.report.condition_sentences import condition_in_words, listed, quoted
from connector.rules.conditions import ALWAYS
from connector.rules.explain import Words
from connector.rules.model import Label, Persona, Route

_SAID: dict[str, Label] = {
    "persona": {"en": "{label}: {criteria}.", "fr": "{label} : {criteria}."},
    "criterion": {"en": "{condition} (weight {weight})", "fr": "{condition} (poids {weight})"},
    "fit": {
        "en": "Fit is the share of what holds in what is known: grade A from {a} %, B from {b} %,"
        " C from {c} %, else D; U with less than {enough} % of a persona known. A and B match.",
        "fr": "L’adéquation est la part de ce qui est vrai dans ce qui est connu : note A dès"
        " {a} %, B dès {b} %, C dès {c} %, sinon D ; U si moins de {enough} % d’un persona est"
        " connu. A et B correspondent.",
    },
    "question": {
        "en": "Where {field} is what fit lacks, the rep is told to ask: {question}",
        "fr": "Si {field} manque à l’adéquation, le commercial doit demander : {question}",
    },
    "blocker": {"en": "{label}: {condition}.", "fr": "{label} : {condition}."},
    "blocker_unless": {
        "en": "{label}: {condition}, unless there is an explicit need.",
        "fr": "{label} : {condition}, sauf besoin exprimé.",
    },
    "suspect": {
        "en": "Suspects become leads by a first activity of their own{except_}.",
        "fr": "Un suspect devient lead par une première activité de son fait{except_}.",
    },
    "except": {"en": "; {types} do not count", "fr": " ; {types} ne comptent pas"},
    "warm": {
        "en": "A lead is warm from {enter} points on, until it has less than {leave}.",
        "fr": "Un lead est tiède dès {enter} points, jusqu’à moins de {leave}.",
    },
    "hot": {
        "en": "A lead is hot from {enter} points on, or by an explicit need, until it has less than"
        " {leave}.",
        "fr": "Un lead est chaud dès {enter} points, ou par un besoin exprimé, jusqu’à moins de"
        " {leave}.",
    },
    "falls": {
        "en": "A lead cools once its score was lower for {hours} hours.",
        "fr": "Un lead refroidit quand son score a été plus bas pendant {hours} heures.",
    },
    "need": {
        "en": "An explicit need counts for {days} days.",
        "fr": "Un besoin exprimé compte pendant {days} jours.",
    },
    "prospect": {
        "en": "A lead becomes a prospect when sales accepts it, when a persona matches and there is"
        " a need, or by a deal with a probability and an amount; untouched for {days} days it is a"
        " lead again.",
        "fr": "Un lead devient prospect quand les ventes l’acceptent, quand un persona correspond"
        " et qu’un besoin est exprimé, ou par une affaire avec probabilité et montant ; sans"
        " contact pendant {days} jours il redevient lead.",
    },
    "prospect_hot": {
        "en": "A prospect is hot by a meeting, or by a deal of {hot} % or more with amount and"
        " close date; no longer below {cold} %, or when a meeting fell through and none takes its"
        " place within {days} days.",
        "fr": "Un prospect est chaud par un rendez-vous, ou par une affaire à {hot} % ou plus avec"
        " montant et date ; plus en dessous de {cold} %, ou quand un rendez-vous est annulé et"
        " non remplacé en {days} jours.",
    },
    "client": {
        "en": "A deal that is won makes a client.",
        "fr": "Une affaire gagnée fait un client.",
    },
    "recycled": {
        "en": "A rejected contact rests for {days} days, or until the day that sales named, unless"
        " a need comes.",
        "fr": "Un contact rejeté se repose {days} jours, ou jusqu’au jour que les ventes ont fixé,"
        " sauf besoin exprimé.",
    },
    "person": {
        "en": "A stage that a person set in the CRM stands until the person clears it.",
        "fr": "Une étape fixée par une personne dans le CRM reste jusqu’à ce qu’elle l’efface.",
    },
    "hand_off": {
        "en": "Handed to sales at {points} points, or on an explicit need, if all gates are open:",
        "fr": "Transmis aux ventes à {points} points, ou sur besoin exprimé, si tout est réuni :",
    },
    "gate_fit": {
        "en": "grade A or B, or with a need C or U;",
        "fr": "note A ou B, ou avec un besoin C ou U ;",
    },
    "gate_families": {
        "en": "signals of {n} families within {days} days, or a need;",
        "fr": "des signaux de {n} familles en {days} jours, ou un besoin ;",
    },
    "gate_reachable": {
        "en": "one of {names} is known, and one of {reach};",
        "fr": "un des champs {names} est connu, et un de {reach} ;",
    },
    "gate_free": {
        "en": "nothing is open: no deal, no hand-off, no rejection within {days} days or before the"
        " day that sales named, unless a need came;",
        "fr": "rien n’est en cours : ni affaire, ni transmission, ni rejet depuis {days} jours ou"
        " avant le jour que les ventes ont fixé, sauf besoin exprimé ;",
    },
    "gate_unblocked": {
        "en": "it is none of those who are never handed to sales.",
        "fr": "il n’est aucun de ceux qui ne sont jamais transmis.",
    },
    "gate_capacity": {
        "en": "the owner was given fewer than {n} contacts in the last 7 days; the others wait:"
        " needs go first, then more points.",
        "fr": "le propriétaire a reçu moins de {n} contacts ces 7 derniers jours ; les autres"
        " attendent : les besoins d’abord, puis les points.",
    },
    "route": {
        "en": "The task of a contact without an active owner goes to whoever of {owners} was given"
        " the fewest in the last 7 days{condition}.",
        "fr": "La tâche d’un contact sans propriétaire actif va à celui de {owners} qui en a reçu"
        " le moins ces 7 derniers jours{condition}.",
    },
    "route_if": {"en": ", if {condition}", "fr": ", si {condition}"},
    "sales": {
        "en": "Sales touches a contact by {touch}; obtains a meeting by {got}; loses it by {lost}.",
        "fr": "Les ventes touchent un contact par {touch} ; obtiennent un rendez-vous par {got} ;"
        " le perdent par {lost}.",
    },
    "nothing": {"en": "nothing", "fr": "rien"},
}

_Sentences = Iterator[tuple[str, str]]


class StageSpeaker:
    """Says personas, blockers, stages and gates in one language: (id, sentence) each."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._rules = words.rules

    def personas(self) -> _Sentences:
        """Yield each persona, and how a match becomes a grade."""
        fit = self._rules.fit
        for persona in fit.personas:
            label = self._words.label(persona.label)
            yield persona.id, self._say("persona", label=label, criteria=self._criteria(persona))
        if fit.personas:
            grades = {"a": fit.grade_a, "b": fit.grade_b, "c": fit.grade_c}
            shares = {name: self._number(share) for name, share in grades.items()}
            yield "fit", self._say("fit", **shares, enough=fit.known_enough)
        for field, question in fit.questions.items():
            asked = quoted(self._words.label(question), self._words.language)
            yield field, self._say("question", field=field, question=asked)

    def blockers(self) -> _Sentences:
        """Yield who is never handed off."""
        for blocker in self._rules.hand_off.blockers:
            condition = condition_in_words(blocker.where, self._words.language)
            label = self._words.label(blocker.label)
            key = "blocker_unless" if blocker.unless_need else "blocker"
            yield blocker.id, self._say(key, label=label, condition=condition)

    def stages(self) -> _Sentences:
        """Yield how a contact comes to each stage and temperature, and leaves it."""
        stages, number = self._rules.stages, self._number
        types = ", ".join(sorted(stages.not_engaging))
        left_out = self._say("except", types=types) if types else ""
        yield "suspect", self._say("suspect", except_=left_out)
        for name, enter, leave in (
            ("warm", stages.warm_enter, stages.warm_leave),
            ("hot", stages.hot_enter, stages.hot_leave),
        ):
            yield name, self._say(name, enter=number(enter), leave=number(leave))
        yield "fall_after", self._say("falls", hours=stages.fall_after_hours)
        yield "need_valid", self._say("need", days=stages.need_valid_days)
        yield "prospect", self._say("prospect", days=stages.untouched_prospect_days)
        yield (
            "prospect_hot",
            self._say(
                "prospect_hot",
                hot=number(stages.hot_probability * 100),
                cold=number(stages.cold_probability * 100),
                days=stages.meeting_replaced_within_days,
            ),
        )
        yield "client", self._say("client")
        yield "recycled", self._say("recycled", days=stages.cooling_off_days)
        yield "person", self._say("person")

    def gates(self) -> _Sentences:
        """Yield when a contact goes to sales, each gate, and what sales does then."""
        hand_off = self._rules.hand_off
        yield "points", self._say("hand_off", points=self._number(hand_off.threshold))
        gates = {
            "fit": self._say("gate_fit"),
            "families": self._say(
                "gate_families", n=hand_off.families, days=hand_off.families_within_days
            ),
            "reachable": self._say(
                "gate_reachable",
                names=self._listed(hand_off.name_fields),
                reach=self._listed(hand_off.reach_fields),
            ),
            "free": self._say("gate_free", days=hand_off.not_rejected_within_days),
            "unblocked": self._say("gate_unblocked"),
        }
        if hand_off.weekly_limit is not None:
            gates["capacity"] = self._say("gate_capacity", n=hand_off.weekly_limit)
        yield from ((name, f"- {sentence}") for name, sentence in gates.items())
        for number, route in enumerate(hand_off.routes, 1):
            yield f"route {number}", self._route(route)
        yield "sales", self._sales()

    def _route(self, route: Route) -> str:
        condition = ""
        if route.where != ALWAYS:
            words = condition_in_words(route.where, self._words.language)
            condition = self._say("route_if", condition=words)
        return self._say("route", owners=self._listed(route.owners), condition=condition)

    def _sales(self) -> str:
        sales = self._rules.sales
        return self._say(
            "sales",
            touch=self._listed(sorted(sales.touch)),
            got=self._listed(sorted(sales.meeting_obtained)),
            lost=self._listed(sorted(sales.meeting_lost)),
        )

    def _criteria(self, persona: Persona) -> str:
        language = self._words.language
        return ", ".join(
            self._say(
                "criterion",
                condition=condition_in_words(each.condition, language),
                weight=each.weight,
            )
            for each in persona.criteria
        )

    def _say(self, key: str, **values: object) -> str:
        return self._words.label(_SAID[key]).format(**values)

    def _number(self, millionths: int) -> str:
        text = from_millionths(millionths)
        return text.replace(".", ",") if self._words.language == "fr" else text

    def _listed(self, names: Iterable[str]) -> str:
        return listed(list(names) or [self._say("nothing")], self._words.language)
