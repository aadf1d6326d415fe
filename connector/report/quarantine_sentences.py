"""Says in sentences how robots are told from people, in English or French."""

from collections.abc import Iterator

from connector.rules.conditions import AnyOf, Condition, Test
from connector.rules.explain import Words
from connector.rules.model import Label
from connector.rules.operators import Op
from connector.rules.quarantine import SECOND_US, Sign

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
        "en": "A click of a known gateway is a robot's: its user agent contains {gateway}, or the"
        " CRM says so.",
        "fr": "Un clic d’une passerelle connue est celui d’un robot : son agent utilisateur"
        " contient {gateway}, ou le CRM le dit.",
    },
    Sign.WHOLE_DOMAIN: {
        "en": "Where all recipients of a mail domain, at least {recipients}, click {links} or more"
        " links of one mail within {within} s, all their clicks in it are a robot's.",
        "fr": "Si tous les destinataires d’un domaine, au moins {recipients}, cliquent {links}"
        " liens ou plus d’un même e-mail en {within} s, tous leurs clics dans cet e-mail sont ceux"
        " d’un robot.",
    },
}


_OR: Label = {"en": " or ", "fr": " ou "}


class QuarantineSpeaker:
    """Says how robots are told from people, in one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def signs(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each sign that counts, and a sentence on it."""
        quarantine = self._words.rules.quarantine
        figures = {
            "links": quarantine.links,
            "within": quarantine.links_within_us // SECOND_US,
            "at_once": quarantine.at_once_us // SECOND_US,
            "recipients": quarantine.recipients,
            "hidden": self._texts(quarantine.hidden_link),
            "gateway": self._texts(quarantine.gateway),
        }
        for sign, label in _SAID.items():
            if sign in quarantine.signs:
                yield sign, self._words.label(label).format(**figures)

    def _texts(self, condition: Condition) -> str:
        """Return the texts of which one has to be contained."""
        parts = condition.parts if isinstance(condition, AnyOf) else ()
        found = [
            f"«{part.values[0]}»"
            for part in parts
            if isinstance(part, Test) and part.op is Op.CONTAINS
        ]
        last = self._words.label(_OR).join(found[-2:])
        return ", ".join([*found[:-2], last])
