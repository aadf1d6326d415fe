"""What made-up people and companies are called, in French and in English.

Telephone numbers come from the ranges that the regulators keep free for fiction, addresses lie in
domains reserved for examples: nothing here can reach anybody.
"""

import random
import unicodedata
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Market:
    """A country that is sold to; its people's language, clocks and numbers."""

    country: str
    language: str
    zones: tuple[str, ...]
    phone: str  # a `#` stands for a digit


FRANCE = Market("France", "fr", ("Europe/Paris",), "+33 1 99 00 ## ##")
UNITED_KINGDOM = Market("United Kingdom", "en", ("Europe/London",), "+44 20 7946 0###")
UNITED_STATES = Market(
    "United States",
    "en",
    ("America/New_York", "America/Chicago", "America/Los_Angeles"),
    "+1 212 555 01##",
)
MARKETS = (FRANCE, UNITED_KINGDOM, UNITED_STATES)
MARKET_SHARES = (45, 30, 25)

FREE_MAIL_DOMAINS = ("example.com", "example.net", "example.org")


@dataclass(frozen=True, slots=True)
class Title:
    """A job title in English and, for a man and a woman, in French."""

    en: str
    fr_man: str
    fr_woman: str
    seniority: str
    role: str

    def worded(self, *, language: str, is_woman: bool) -> str:
        """Return the title as its holder would write it."""
        if language != "fr":
            return self.en
        return self.fr_woman if is_woman else self.fr_man


BUYER_TITLES = (
    Title("Chief Operating Officer", "Directeur général délégué", "Directrice générale déléguée",
          "c_suite", "economic_buyer"),
    Title("CFO", "Directeur financier", "Directrice financière", "c_suite", "economic_buyer"),
    Title("VP Operations", "Directeur des opérations", "Directrice des opérations",
          "vp", "economic_buyer"),
    Title("VP Finance", "Directeur administratif et financier",
          "Directrice administrative et financière", "vp", "economic_buyer"),
    Title("IT Director", "Directeur des systèmes d’information",
          "Directrice des systèmes d’information", "director", "technical_evaluator"),
    Title("Head of Quality", "Responsable qualité", "Responsable qualité", "director", "champion"),
    Title("Head of Procurement", "Responsable des achats", "Responsable des achats",
          "director", "champion"),
    Title("Process Manager", "Chargé de l’amélioration des procédés",
          "Chargée de l’amélioration des procédés", "manager", "champion"),
    Title("Data Manager", "Responsable des données", "Responsable des données",
          "manager", "technical_evaluator"),
    Title("Security Architect", "Architecte sécurité", "Architecte sécurité",
          "individual_contributor", "technical_evaluator"),
    Title("Enterprise Architect", "Architecte d’entreprise", "Architecte d’entreprise",
          "individual_contributor", "technical_evaluator"),
)  # fmt: skip

OTHER_TITLES = (
    Title("Marketing Assistant", "Assistant marketing", "Assistante marketing",
          "individual_contributor", "end_user"),
    Title("Accountant", "Comptable", "Comptable", "individual_contributor", "end_user"),
    Title("Office Manager", "Secrétaire général", "Secrétaire générale", "manager", "end_user"),
    Title("Independent Consultant", "Consultant indépendant", "Consultante indépendante",
          "individual_contributor", "end_user"),
    Title("HR Manager", "Chargé des ressources humaines", "Chargée des ressources humaines",
          "manager", "end_user"),
    Title("Developer", "Développeur", "Développeuse", "individual_contributor", "end_user"),
    Title("Journalist", "Rédacteur", "Rédactrice", "individual_contributor", "end_user"),
    Title("Production Planner", "Agent de planification", "Agente de planification",
          "individual_contributor", "end_user"),
)  # fmt: skip

STUDENT_TITLES = (
    Title("Student", "Étudiant", "Étudiante", "", ""),
    Title("PhD Student", "Doctorant", "Doctorante", "", ""),
    Title("Intern", "Stagiaire", "Stagiaire", "", ""),
)
SELLER_TITLES = (
    Title("Account Executive", "Ingénieur commercial", "Ingénieure commerciale", "manager", ""),
    Title("Product Manager", "Chef de produit", "Cheffe de produit", "manager", ""),
    Title("Market Analyst", "Chargé d’études de marché", "Chargée d’études de marché",
          "individual_contributor", ""),
)  # fmt: skip

_FIRST_NAMES = {
    ("fr", True): (
        "Anaïs", "Chloé", "Éloïse", "Hélène", "Zoé", "Maëlle", "Noémie", "Aurélie", "Cécile",
        "Agnès", "Océane", "Léa", "Inès", "Mélanie", "Françoise", "Gaëlle", "Solène", "Camille",
        "Sophie", "Nathalie", "Fatima", "Margaux", "Adèle", "Thérèse", "Amélie", "Yasmine",
    ),
    ("fr", False): (
        "François", "Jérôme", "Benoît", "Loïc", "Gaël", "Rémi", "Sébastien", "Stéphane", "Hervé",
        "Cédric", "Frédéric", "Théo", "Léo", "Raphaël", "Grégoire", "Mathéo", "Antoine", "Julien",
        "Nicolas", "Karim", "Étienne", "Aurélien", "Noël", "Clément", "Mickaël", "Olivier",
    ),
    ("en", True): (
        "Alice", "Beth", "Charlotte", "Diane", "Emily", "Fiona", "Grace", "Hannah", "Imogen",
        "Jessica", "Kate", "Laura", "Megan", "Nora", "Olivia", "Priya", "Rachel", "Siobhán",
        "Tara", "Victoria", "Wendy", "Zara", "Renée", "Abigail", "Mei", "Joanna",
    ),
    ("en", False): (
        "Adam", "Ben", "Callum", "Daniel", "Edward", "Finn", "George", "Harry", "Ian", "James",
        "Kenneth", "Liam", "Mark", "Nathan", "Oscar", "Peter", "Raj", "Sam", "Thomas", "Victor",
        "William", "Zachary", "Seán", "Owen", "Miguel", "Andrew",
    ),
}  # fmt: skip

_LAST_NAMES = {
    "fr": (
        "Lefèvre", "Béranger", "Garnier", "Fournier", "Chevallier", "Gauthier", "Perrin",
        "Lemaître", "Bénard", "Renaud", "Duprés", "Mallet", "Bouchet", "Delaunay", "Guérin",
        "Hébert", "Legendre", "Marchand", "Noël", "Pelletier", "Rivière", "Sénéchal", "Tessier",
        "Vasseur", "Boulanger", "Besnard", "Charpentier", "Lacroix", "Évrard", "Pré", "Barthélemy",
        "Côté", "Delâge", "Faïd", "Gérard", "Huët", "Joubert", "Mérigot", "Prévost", "Saïdi",
        "Deschênes", "Trémoulet", "L’Hôpital", "Le Goff", "de La Tour", "Benali",
    ),
    "en": (
        "Ashworth", "Bradley", "Carter", "Dawson", "Ellison", "Fletcher", "Grayson", "Hartley",
        "Ingram", "Jennings", "Kingsley", "Lawson", "Mercer", "Norwood", "O’Connor", "Prescott",
        "Quigley", "Radcliffe", "Sheldon", "Thornton", "Underwood", "Vaughan", "Whitaker",
        "Yardley", "Barlow", "Coleman", "Draper", "Easton", "Farrell", "Gallagher", "Holloway",
        "Irving", "Kendrick", "Lockhart", "Marlowe", "Nolan", "Osborne", "Patel", "Rowe",
        "Sinclair", "Tanner", "Walsh", "Brontley", "García", "Nguyen", "Okafor",
    ),
}  # fmt: skip

_COMPANY_FORMS = {
    "fr": (
        "Ateliers {}", "Établissements {}", "Transports {}", "Groupe {}", "{} Logistique",
        "{} et Associés", "Mécanique {}", "Laiterie {}", "Imprimerie {}", "{} Santé",
        "Fonderie {}", "{} Ingénierie", "Société {} & Fils", "Bâtiments {}", "{} Énergie",
    ),
    "en": (
        "{} Logistics", "{} & Sons", "{} Manufacturing", "{} Foods", "{} Partners", "{} Health",
        "{} Engineering", "{} Packaging", "{} Group", "{} Advisory", "{} Freight", "{} Systems",
        "{} Components", "{} Retail", "{} Energy",
    ),
}  # fmt: skip
_PLACES = {
    "fr": ("Nord", "Sud", "Ouest", "Centre", "Côte d’Émeraude", "Val d’Orée", "Deux-Rivières",
           "Haut-Pré", "Grand Chêne", "Île-Blanche"),
    "en": ("North", "South", "West", "Midlands", "Riverside", "Highfield", "Lakeside",
           "Old Harbour", "Stonebridge", "Fairview"),
}  # fmt: skip


def first_name(rng: random.Random, *, language: str, is_woman: bool) -> str:
    """Return a first name that is usual in the language."""
    return rng.choice(_FIRST_NAMES[language, is_woman])


def last_name(rng: random.Random, *, language: str) -> str:
    """Return a last name that is usual in the language."""
    return rng.choice(_LAST_NAMES[language])


def company_name(rng: random.Random, *, language: str) -> str:
    """Return a company name; the same may come twice."""
    name = rng.choice(_COMPANY_FORMS[language]).format(last_name(rng, language=language))
    return f"{name} {rng.choice(_PLACES[language])}" if rng.random() < 0.3 else name


def phone_number(rng: random.Random, market: Market) -> str:
    """Return a number of the range that the market's regulator keeps for fiction."""
    return "".join(str(rng.randrange(10)) if sign == "#" else sign for sign in market.phone)


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """Return the text in the letters of an address: `Hélène L’Hôpital` → `helene-l-hopital`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    spaced = (sign if sign.isalnum() else " " for sign in plain.replace("'", " "))
    return "-".join("".join(spaced).split())
