"""Says in sentences how robots are told from people, in English or French."""

from collections.abc import Iterable, Iterator

from connector.report.condition_sentences import OR_ELSE, listed, quoted
from connector.rules.conditions import AnyOf, Condition, Test
from connector.rules.explain import Words
from connector.rules.model import Label
from connector.rules.operators import Op
from connector.rules.quarantine import SECOND_US, Quarantine, Sign

_SAID: dict[str, Label] = {
    Sign.MANY_LINKS: {
        "en": "Clicks on {links} or more links of one mail within {within} s are a robot's.",
        "fr": "Des clics sur {links} liens ou plus d’un même e-mail en {within} s sont ceux d’un"
        " robot.",
    },
    Sign.AT_ONCE: {
        "en": "A click within {at_once} s of the mail's delivery is a robot's.",
        "fr": "Un clic moins de {at_once} s après la remise de l’e-mail est celui d’un robot.",
    },
    Sign.HIDDEN_LINK: {
        "en": "A click on a link that no person sees is a robot's: its address contains {hidden}.",
        "fr": "Un clic sur un lien que personne ne voit est celui d’un robot : son adresse contient"
        " {hidden}.",
    },
    Sign.GATEWAY: {
        "en": "A click of a known gateway is a robot's: {gateway}.",
        "fr": "Un clic d’une passerelle connue est celui d’un robot : {gateway}.",
    },
    Sign.WHOLE_DOMAIN: {
        "en": "Where all recipients of a mail domain, at least {recipients}, click {links} or more"
        " links of one mail within {within} s, all their clicks in it are a robot's.",
        "fr": "Si tous les destinataires d’un domaine, au moins {recipients}, cliquent {links}"
        " liens ou plus d’un même e-mail en {within} s, tous leurs clics dans cet e-mail sont ceux"
        " d’un robot.",
    },
}

_CLICKS: Label = {
    "en": "Signs of robots are looked for in {clicks}; what shows one counts for nothing. {mail}"
    " tells which mail it is, {link} which link, {delivered_at} or {deliveries} when the mail was"
    " delivered.",
    "fr": "Les signes d’un robot sont cherchés dans {clicks} ; ce qui en montre un ne compte pas."
    " {mail} dit quel e-mail c’est, {link} quel lien, {delivered_at} ou {deliveries} quand l’e-mail"
    " a été remis.",
}
_AGENT: Label = {"en": "{name} contains {texts}", "fr": "{name} contient {texts}"}
_FLAGGED: Label = {
    "en": "{name} is true, since the CRM itself takes it for one",
    "fr": "{name} est vrai, le CRM lui-même le dit",
}
_NOTHING: Label = {"en": "nothing", "fr": "rien"}


class QuarantineSpeaker:
    """Says how robots are told from people, in one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def signs(self) -> Iterator[tuple[str, str]]:
        """Yield where signs are looked for, then each sign that counts: its name, a sentence."""
        quarantine = self._words.rules.quarantine
        if not quarantine.signs:
            return
        yield "clicks", self._clicks(quarantine)
        figures = {
            "links": quarantine.links,
            "within": quarantine.links_within_us // SECOND_US,
            "at_once": quarantine.at_once_us // SECOND_US,
            "recipients": quarantine.recipients,
            "hidden": self._listed(map(self._text, _tests(quarantine.hidden_link))),
            "gateway": self._gateway(quarantine.gateway),
        }
        for sign, label in _SAID.items():
            if sign in quarantine.signs:
                yield sign, self._words.label(label).format(**figures)

    def _clicks(self, quarantine: Quarantine) -> str:
        return self._words.label(_CLICKS).format(
            clicks=self._listed(sorted(quarantine.clicks)),
            mail=quarantine.mail.name,
            link=quarantine.link.name,
            delivered_at=quarantine.delivered_at.name,
            deliveries=self._listed(sorted(quarantine.deliveries)),
        )

    def _gateway(self, condition: Condition) -> str:
        """Return by what a gateway is known: texts in an attribute, or one that is true."""
        tests = _tests(condition)
        texts = [test for test in tests if test.op is Op.CONTAINS]
        parts = [
            self._words.label(_FLAGGED).format(name=test.name)
            for test in tests
            if test.op is Op.EQUALS
        ]
        if texts:
            listed_ = self._listed(map(self._text, texts))
            parts.insert(0, self._words.label(_AGENT).format(name=texts[0].name, texts=listed_))
        return self._words.label(OR_ELSE).join(parts)

    def _text(self, test: Test) -> str:
        return quoted(str(test.values[0]), self._words.language)

    def _listed(self, words: Iterable[str]) -> str:
        return listed(list(words) or [self._words.label(_NOTHING)], self._words.language)


def _tests(condition: Condition) -> list[Test]:
    """Return the comparisons of which one has to hold."""
    parts = condition.parts if isinstance(condition, AnyOf) else ()
    return [part for part in parts if isinstance(part, Test)]
