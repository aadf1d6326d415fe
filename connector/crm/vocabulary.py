"""What people read in the CRM: the labels of our properties and of their choices."""

from collections.abc import Mapping

from connector.domain.stages import Grade, Stage, Temperature

Words = tuple[str, str]
"""A text in English and French."""

LANGUAGES = ("en", "fr")
STAGES: Mapping[str, Words] = {
    Stage.SUSPECT: ("Suspect", "Suspect"),
    Stage.LEAD: ("Lead", "Lead"),
    Stage.PROSPECT: ("Prospect", "Prospect"),
    Stage.CLIENT: ("Client", "Client"),
    Stage.RECYCLED: ("Recycled", "Recyclé"),
    Stage.DISQUALIFIED: ("Disqualified", "Disqualifié"),
}
TEMPERATURES: Mapping[str, Words] = {
    Temperature.COLD: ("Cold", "Froid"),
    Temperature.WARM: ("Warm", "Tiède"),
    Temperature.HOT: ("Hot", "Chaud"),
}
GRADES: Mapping[str, Words] = {
    **{grade: (grade, grade) for grade in Grade if grade is not Grade.U},
    Grade.U: ("Too little is known", "Trop peu d’éléments"),
}
FEEDBACK: Mapping[str, Words] = {
    "accepted": ("Accepted", "Accepté"),
    "rejected_wrong_profile": ("Rejected: wrong profile", "Refusé : mauvais profil"),
    "rejected_no_need": ("Rejected: no need", "Refusé : pas de besoin"),
    "rejected_not_now": ("Rejected: not now", "Refusé : pas maintenant"),
    "rejected_no_authority": ("Rejected: does not decide", "Refusé : ne décide pas"),
    "rejected_no_budget": ("Rejected: no budget", "Refusé : pas de budget"),
    "rejected_unreachable": ("Rejected: unreachable", "Refusé : injoignable"),
    "rejected_duplicate": ("Rejected: duplicate", "Refusé : doublon"),
    "rejected_already_customer": ("Rejected: customer already", "Refusé : déjà client"),
    "rejected_out_of_market": ("Rejected: out of market", "Refusé : hors marché"),
    "rejected_bad_data": ("Rejected: bad data", "Refusé : données fausses"),
}
SLA: Mapping[str, Words] = {
    "running": ("Running", "En cours"),
    "warned": ("Due soon", "Bientôt échu"),
    "breached": ("Overdue", "En retard"),
    "escalated": ("Escalated", "Escaladé"),
    "met": ("Met", "Tenu"),
    "late": ("Late", "Tardif"),
}
LABELS: Mapping[str, Words] = {
    "score": ("Lead score", "Score"),
    "fit": ("Fit", "Adéquation"),
    "grade": ("Grade", "Note"),
    "persona": ("Persona", "Persona"),
    "stage": ("Maturity", "Maturité"),
    "temperature": ("Temperature", "Température"),
    "reasons": ("Why this score", "Pourquoi ce score"),
    "need_at": ("Need expressed on", "Besoin exprimé le"),
    "handed_off_at": ("Handed to sales at", "Transmis aux ventes le"),
    "interests": ("Interests", "Centres d’intérêt"),
    "question": ("Question to ask", "Question à poser"),
    "due_at": ("Sales to act by", "À traiter avant le"),
    "sla": ("Response time", "Délai de réponse"),
    "segment": ("Segment", "Segment"),
    "grid": ("Fit and engagement", "Adéquation et engagement"),
    "track": ("Nurture track", "Parcours de nurturing"),
    "next_content": ("Next content", "Prochain contenu"),
    "next_content_url": ("Next content: link", "Prochain contenu : lien"),
    "do_not_press_until": ("Do not press until", "Ne pas solliciter avant le"),
    "touches_7d": ("Touches in 7 days", "Sollicitations en 7 jours"),
    "touches_30d": ("Touches in 30 days", "Sollicitations en 30 jours"),
    "opportunity_score": ("Opportunity score", "Score de l’opportunité"),
    "opportunity_reasons": ("Why this score", "Pourquoi ce score"),
    "feedback": ("Sales feedback", "Retour des ventes"),
    "not_before": ("Come back from", "Recontacter à partir du"),
    "key": ("Leadripe: task key", "Leadripe : clé de tâche"),
}
"""Results, and what else stands in the CRM: what people read above each."""


def label(result: str) -> Words:
    """Return what people read above a result; one of several scores is known by its name."""
    if result in LABELS:
        return LABELS[result]
    _, name, *part = result.split(".")
    spoken = name.replace("_", " ").capitalize()
    of = LABELS["reasons" if part else "score"]
    return f"{of[0]}: {spoken}", f"{of[1]} : {spoken}"


def word(language: str) -> int:
    """Return the place of a language in `Words`; English for those that we do not speak."""
    return LANGUAGES.index(language) if language in LANGUAGES else 0


def feedback_name(property_: str | None, language: str) -> str | None:
    """Return how a rep finds the property for feedback: the label that we give it, and its name.

    Reps see labels; the name is there for accounts in which an admin chose another label.
    """
    return None if property_ is None else f"{LABELS['feedback'][word(language)]} ({property_})"
