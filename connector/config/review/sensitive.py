"""Fields that hold, or give away, what a person must not be judged by.

Special categories of personal data (GDPR, article 9), criminal records (article 10), and what
European law against discrimination protects beside them. Names alone are looked at, in English and
French: a warning, since only a person knows what a field holds.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connector.config.document import DataPath
from connector.config.opportunity_check import opportunity_fields_in
from connector.config.review.remark import Remark, Weight
from connector.config.rules_check import attributes_in, fields_in
from connector.config.rules_document import RulesDocument

_SPECIAL = "a special category of personal data (GDPR, article 9)"
_CRIME = "criminal records (GDPR, article 10)"
_EQUAL = "what the law protects people from being judged by"

_KINDS: tuple[tuple[str, str, str], ...] = (
    (
        "health",
        _SPECIAL,
        "health medical medication illness disease diagnosis disability"
        " handicap pregnancy pregnant allergy allergies sante maladie invalidite grossesse"
        " enceinte medicament allergie",
    ),
    (
        "religion or belief",
        _SPECIAL,
        "religion religious faith belief beliefs church creed philosophy religieux religieuse"
        " confession croyance croyances culte",
    ),
    (
        "origin",
        _SPECIAL,
        "race racial ethnicity ethnic ethnicities ethnie ethnique ethnic_origin"
        " national_origin origine_ethnique skin_color skin_colour couleur_peau",
    ),
    (
        "political opinion",
        _SPECIAL,
        "political politics political_party opinion_politique parti_politique",
    ),
    (
        "membership of a union",
        _SPECIAL,
        "trade_union union_member union_membership labor_union labour_union syndicat syndicale"
        " syndical",
    ),
    (
        "sex life or orientation",
        _SPECIAL,
        "sexual sexuality sexual_orientation orientation_sexuelle sexuel sexuelle sexualite",
    ),
    (
        "genetic or biometric data",
        _SPECIAL,
        "genetic genetics biometric biometrics fingerprint dna genetique biometrique biometrie"
        " empreinte_digitale adn",
    ),
    ("criminal record", _CRIME, "criminal conviction convictions casier casier_judiciaire"),
    (
        "age",
        _EQUAL,
        "age birthday birthdate birth birth_date date_of_birth dob year_of_birth naissance"
        " date_naissance date_de_naissance anniversaire",
    ),
    ("sex", _EQUAL, "gender sex sexe genre civilite salutation"),
    (
        "family",
        _EQUAL,
        "marital marital_status married children number_of_children situation_familiale"
        " etat_civil relationship_status family_status enfants",
    ),
    (
        "nationality",
        _EQUAL,
        "nationality citizenship nationalite citoyennete birthplace place_of_birth"
        " lieu_de_naissance lieu_naissance",
    ),
    (
        "identity number",
        _EQUAL,
        "ssn social_security social_security_number national_id nir securite_sociale"
        " numero_securite_sociale passport passeport",
    ),
    (
        "money of the person",
        _EQUAL,
        "personal_income household_income salary salaire revenu_personnel",
    ),
)
_NAMES = {"first_name": "a first name", "last_name": "a family name"}
"""Names of people tell their sex and their origin, or seem to."""
_OF_THE_BUSINESS = frozenset(
    {
        *("account", "company", "customer", "client", "deal", "lead", "industry", "sector"),
        *("product", "score", "entreprise", "secteur"),
    }
)
"""Beside one of these words «health» or «age» speaks of a business, not of a person."""
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


@dataclass(frozen=True, slots=True)
class Sensitive:
    """What a name seems to hold, and what the law calls it."""

    kind: str
    law: str


def sensitive_fields(
    rules: RulesDocument, properties: Mapping[str, Iterable[str]]
) -> Iterator[Remark]:
    """Yield the criteria of rules that look at what must not count.

    `properties`: {our name of a field or attribute: the CRM's names behind it}.
    """
    for path, name in judged_by(rules):
        found = next(filter(None, map(sensitive, [name, *properties.get(name, ())])), None)
        if found is None and path[0] == "personas" and name in _NAMES:
            found = Sensitive(f"{_NAMES[name]}, which gives away sex or origin", _EQUAL)
        if found is not None:
            yield Remark(
                path,
                Weight.WARNING,
                "sensitive",
                f"«{name}» seems to hold {found.kind}: {found.law}",
                "Take it out, unless it holds something else. Who judges people by it needs their "
                "explicit consent or another ground in law, and must be able to show it.",
                of_key=path[-1] == name,
            )


def judged_by(rules: RulesDocument) -> Iterator[tuple[DataPath, str]]:
    """Yield each field or attribute by which rules judge, not those that only must be known."""
    for path, name in fields_in(rules):
        if path[:2] not in {("hand_off", "name_fields"), ("hand_off", "reach_fields")}:
            yield path, name
    yield from opportunity_fields_in(rules)
    for path, name in attributes_in(rules):
        if path[-1] != "once_per":
            yield path, name


def sensitive(name: str) -> Sensitive | None:
    """Return what a field of this name seems to hold, if a person must not be judged by it."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if _OF_THE_BUSINESS.intersection(words):
        return None
    text = f"_{'_'.join(words)}_"
    for kind, law, listed in _KINDS:
        if any(f"_{known}_" in text for known in listed.split()):
            return Sensitive(kind, law)
    return None
