# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""Which activities are in quarantine: `docs/semantics.md`, «Quarantine», as SQL.

`flag_steps` say it of the contacts of one evaluation, before anything is counted:

- `mail_click`: the clicks, each with what its mail, link and user agent say,
- `mail_run`, `mail_window`, `mail_burst`: many links of one mail within seconds,
- `mail_delivery`, `mail_followed`: deliveries, and the clicks that followed on one at once,
- `mail_sign`: every sign that an activity shows, `released` those that a person lifted,
- `spoken`: what people said of activities,
- `flag`: what is in quarantine, and why.

One sign looks across contacts: all recipients of a mail domain. `suspect_steps` find who clicked
like that, whichever contacts they are; `recipient_steps` count, for their mails and domains, who
else got the mail. Counts of several parts add up, so both can be asked part by part.
"""

from collections.abc import Iterator, Mapping

from connector.rules import sql
from connector.rules.condition_sql import column, condition_sql
from connector.rules.conditions import Kind
from connector.rules.plan import Step
from connector.rules.quarantine import Attribute, Quarantine, Sign
from connector.rules.tables import FOLDED

_UP_TO_HERE = "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"


def attributes_of(quarantine: Quarantine) -> Mapping[str, Kind]:
    """Return the activity attributes by which signs are told, apart from those in conditions."""
    named: list[Attribute] = []
    if quarantine.has(Sign.MANY_LINKS, Sign.WHOLE_DOMAIN, Sign.AT_ONCE):
        named.append(quarantine.mail)
    if quarantine.has(Sign.MANY_LINKS, Sign.WHOLE_DOMAIN):
        named.append(quarantine.link)
    if quarantine.has(Sign.AT_ONCE):
        named.append(quarantine.delivered_at)
    return {each.name: each.kind for each in named}


# ------------------------------------------------------------------ one batch


def flag_steps(quarantine: Quarantine) -> Iterator[Step]:
    """Yield the steps from `activity`, `contact`, `decision` and `robot_domain` to `flag`."""
    yield Step("spoken", _spoken_sql(), needs=("decision",))
    if not quarantine.signs:
        yield Step("flag", _flag_sql(has_signs=False))
        return
    yield Step("mail_click", _click_sql(quarantine, with_signs=True))
    if quarantine.has(Sign.MANY_LINKS):
        yield from _burst_steps(quarantine)
    if _looks_at_deliveries(quarantine):
        yield Step("mail_delivery", _delivery_sql(quarantine), needs=("mail_click",))
        yield Step("mail_followed", _followed_sql(quarantine), needs=("mail_delivery",))
    yield Step("mail_sign", "\nUNION\n".join(_signs(quarantine)), needs=("mail_click",))
    yield Step("released", _released_sql(), needs=("decision", "mail_sign"))
    yield Step("flag", _flag_sql(has_signs=True))


def _click_sql(quarantine: Quarantine, *, with_signs: bool) -> str:
    """Return the clicks, whoever did them; with what makes each a sign by itself, if asked."""
    columns = {
        "contact": "a.contact",
        "activity": "a.activity",
        "type": "a.type",
        "occurred_us": "a.occurred_us",
        "mail": _text(quarantine, quarantine.mail),
        "link": _text(quarantine, quarantine.link),
    }
    if with_signs:
        columns |= {
            "delivered_us": _read(quarantine, quarantine.delivered_at, "BIGINT"),
            "is_hidden": _holds(quarantine, Sign.HIDDEN_LINK),
            "is_gateway": _holds(quarantine, Sign.GATEWAY),
        }
    listed = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    return f"""SELECT {listed}
FROM activity AS a CROSS JOIN moment AS m
WHERE NOT a.is_outbound AND a.type IN ({sql.texts(quarantine.clicks)})
  AND a.occurred_us <= m.as_of_us"""


def _domain(contact: str) -> str:
    """Return what stands behind the @ of a contact's address, folded; NULL where nothing does."""
    email = column("email" + FOLDED, f"{contact}.f_")
    behind = f"substr({email}, strpos({email}, '@') + 1)"
    return f"CASE WHEN strpos({email}, '@') > 0 THEN NULLIF({behind}, '') END"


def _holds(quarantine: Quarantine, sign: Sign) -> str:
    """Return 1 where the condition of a sign holds."""
    if not quarantine.has(sign):
        return "0"
    condition = quarantine.gateway if sign is Sign.GATEWAY else quarantine.hidden_link
    return f"CASE WHEN {condition_sql(condition, 'a.a_')} THEN 1 ELSE 0 END"


def _read(quarantine: Quarantine, attribute: Attribute, kind: str) -> str:
    """Return an attribute that some sign needs; NULL where none does."""
    if attribute.name not in attributes_of(quarantine):
        return f"CAST(NULL AS {kind})"
    return column(attribute.name, "a.a_")


def _text(quarantine: Quarantine, attribute: Attribute) -> str:
    """Return an attribute as a text, letter for letter; an empty one is unknown."""
    value = _read(quarantine, attribute, "VARCHAR")
    if attribute.kind is Kind.TEXT:
        return f"NULLIF({value}, '')"
    return f"CAST({value} AS VARCHAR)"


# -------------------------------------------------- many links within seconds


def _burst_steps(quarantine: Quarantine) -> Iterator[Step]:
    """Yield the steps from `mail_click` to `mail_burst`.

    A window of that length which begins with a click holds a link if a run of clicks on it has
    begun by the window's end and has not ended before its start. A run's clicks are no further
    apart than a window is long, so that of each link no more than one run meets a window: links are
    runs begun by then, less those ended before. Counting that way sorts the clicks once, however
    many a robot made of them.
    """
    yield Step("mail_run", _run_sql(quarantine), needs=("mail_click",))
    yield Step("mail_window", _window_sql(quarantine), needs=("mail_run",))
    yield Step("mail_burst", _burst_sql(quarantine), needs=("mail_window",))


def _run_sql(quarantine: Quarantine) -> str:
    """Return the runs of clicks on one link, of mails of which enough links may have been."""
    return f"""SELECT contact, mail, link, MIN(occurred_us) AS first_us, MAX(occurred_us) AS last_us
FROM (
  SELECT begun.*, SUM(begins) OVER (
    PARTITION BY contact, mail, link ORDER BY occurred_us
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS run
  FROM (
    SELECT once.*, CASE WHEN occurred_us - LAG(occurred_us) OVER (
      PARTITION BY contact, mail, link ORDER BY occurred_us
    ) <= {quarantine.links_within_us} THEN 0 ELSE 1 END AS begins
    FROM (
      SELECT DISTINCT k.contact, k.mail, k.link, k.occurred_us
      FROM mail_click AS k
      JOIN (
        SELECT contact, mail FROM mail_click
        WHERE mail IS NOT NULL AND link IS NOT NULL
        GROUP BY contact, mail
        HAVING COUNT(*) >= {quarantine.links}
      ) AS crowd ON crowd.contact = k.contact AND crowd.mail = k.mail
      WHERE k.link IS NOT NULL
    ) AS once
  ) AS begun
) AS numbered
GROUP BY contact, mail, link, run"""


def _window_sql(quarantine: Quarantine) -> str:
    """Return how many links the window holds that begins with each click."""
    return f"""SELECT contact, mail, at_us, links
FROM (
  SELECT contact, mail, at_us, is_click, SUM(step) OVER (
    PARTITION BY contact, mail ORDER BY at_us
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS links
  FROM (
    SELECT contact, mail, at_us, SUM(step) AS step, MAX(is_click) AS is_click
    FROM (
      SELECT contact, mail, first_us - {quarantine.links_within_us} AS at_us, 1 AS step,
             0 AS is_click FROM mail_run
      UNION ALL
      SELECT contact, mail, last_us + 1 AS at_us, -1 AS step, 0 AS is_click FROM mail_run
      UNION ALL
      SELECT k.contact, k.mail, k.occurred_us AS at_us, 0 AS step, 1 AS is_click
      FROM mail_click AS k
      JOIN (SELECT DISTINCT contact, mail FROM mail_run) AS r
        ON r.contact = k.contact AND r.mail = k.mail
    ) AS edge
    GROUP BY contact, mail, at_us
  ) AS instant
) AS counted
WHERE is_click = 1"""


def _burst_sql(quarantine: Quarantine) -> str:
    """Return the clicks that a window with enough links holds."""
    return f"""SELECT contact, activity, mail
FROM (
  SELECT k.contact, k.activity, k.mail, k.occurred_us,
         MAX(CASE WHEN w.links >= {quarantine.links} THEN w.at_us END) OVER (
           PARTITION BY k.contact, k.mail ORDER BY k.occurred_us {_UP_TO_HERE}
         ) AS began_us
  FROM mail_click AS k
  JOIN mail_window AS w
    ON w.contact = k.contact AND w.mail = k.mail AND w.at_us = k.occurred_us
) AS placed
WHERE occurred_us - began_us <= {quarantine.links_within_us}"""


# ------------------------------------------------------------- the other signs


def _signs(quarantine: Quarantine) -> Iterator[str]:
    """Yield, for each sign that counts, the activities that show it."""
    shown = {
        Sign.MANY_LINKS: ["FROM mail_burst AS k"],
        Sign.AT_ONCE: [
            "FROM mail_click AS k"
            f" WHERE occurred_us - delivered_us BETWEEN 0 AND {quarantine.at_once_us}",
            *(["FROM mail_followed AS k"] if _looks_at_deliveries(quarantine) else []),
        ],
        Sign.HIDDEN_LINK: ["FROM mail_click AS k WHERE is_hidden = 1"],
        Sign.GATEWAY: ["FROM mail_click AS k WHERE is_gateway = 1"],
        Sign.WHOLE_DOMAIN: [
            f"""FROM mail_click AS k
JOIN contact AS c ON c.contact = k.contact
JOIN robot_domain AS r ON r.mail = k.mail AND r.domain = {_domain("c")}"""
        ],
    }
    for sign, sources in shown.items():
        for source in sources if quarantine.has(sign) else ():
            yield f"SELECT k.contact, k.activity, {sql.text(sign)} AS sign {source}"


def _looks_at_deliveries(quarantine: Quarantine) -> bool:
    """Return whether activities tell when a mail was delivered, and it matters."""
    return quarantine.has(Sign.AT_ONCE) and bool(quarantine.deliveries)


def _delivery_sql(quarantine: Quarantine) -> str:
    """Return when mails were delivered to those who clicked."""
    return f"""SELECT a.contact, {_text(quarantine, quarantine.mail)} AS mail, a.occurred_us
FROM activity AS a
JOIN (SELECT DISTINCT contact FROM mail_click) AS k ON k.contact = a.contact
CROSS JOIN moment AS m
WHERE a.type IN ({sql.texts(quarantine.deliveries)}) AND a.occurred_us <= m.as_of_us"""


def _followed_sql(quarantine: Quarantine) -> str:
    """Return the clicks that follow at once on a delivery of their mail.

    Each looks at the latest delivery before it, found by one sort however many there are.
    """
    return f"""SELECT contact, activity
FROM (
  SELECT contact, activity, occurred_us, MAX(delivered_us) OVER (
    PARTITION BY contact, mail ORDER BY occurred_us {_UP_TO_HERE}
  ) AS latest_us
  FROM (
    SELECT k.contact, k.mail, k.activity, k.occurred_us, CAST(NULL AS BIGINT) AS delivered_us
    FROM mail_click AS k
    JOIN (SELECT DISTINCT contact, mail FROM mail_delivery) AS d
      ON d.contact = k.contact AND d.mail = k.mail
    UNION ALL
    SELECT contact, mail, CAST(NULL AS VARCHAR) AS activity, occurred_us,
           occurred_us AS delivered_us
    FROM mail_delivery
  ) AS happened
) AS followed
WHERE activity IS NOT NULL AND occurred_us - latest_us <= {quarantine.at_once_us}"""


# ------------------------------------------------------------ people's decisions

_OF_ALL = "d.activity IS NULL AND d.contact IS NULL AND d.domain IS NULL"


def _subjects(of: str) -> Mapping[str, str]:
    """Return what a decision may be of, beside everything, for activities `of` contacts `c`."""
    return {"activity": f"{of}.activity", "contact": f"{of}.contact", "domain": _domain("c")}


def _concerns(occurred: str) -> str:
    """Return whether a decision `d` was made by now, and holds for what happened then."""
    return f"d.made_us <= m.as_of_us AND (d.until_us IS NULL OR {occurred} <= d.until_us)"


def _released_sql() -> str:
    """Return the signs that a person lifted."""
    ways = [f"JOIN decision AS d ON d.{subject} = {of}" for subject, of in _subjects("k").items()]
    ways.append(f"JOIN decision AS d ON {_OF_ALL}")
    return "\nUNION\n".join(
        f"""SELECT s.contact, s.activity, s.sign
FROM mail_sign AS s
JOIN mail_click AS k ON k.contact = s.contact AND k.activity = s.activity
JOIN contact AS c ON c.contact = s.contact
{way}
CROSS JOIN moment AS m
WHERE d.is_release AND (d.sign = '' OR d.sign = s.sign) AND {_concerns("k.occurred_us")}"""
        for way in ways
    )


def _spoken_sql() -> str:
    """Return the activities of which a person spoke, with each time that was of quarantine."""
    return "\nUNION ALL\n".join(
        f"""SELECT a.contact, a.activity, a.type, a.occurred_us, d.decision, d.is_release
FROM activity AS a
JOIN contact AS c ON c.contact = a.contact
JOIN decision AS d ON d.{subject} = {of}
CROSS JOIN moment AS m
WHERE d.sign IN ('', {sql.text(Sign.BY_HAND)}) AND a.occurred_us <= m.as_of_us
  AND {_concerns("a.occurred_us")}"""
        for subject, of in _subjects("a").items()
    )


_BY_HAND = f"""SELECT contact, activity, type, occurred_us, {sql.text(Sign.BY_HAND)} AS sign
FROM (
  SELECT contact, activity, type, occurred_us, decision, is_release FROM spoken
  UNION ALL
  SELECT s.contact, s.activity, s.type, s.occurred_us, d.decision, d.is_release
  FROM spoken AS s
  JOIN decision AS d ON d.sign IN ('', {sql.text(Sign.BY_HAND)}) AND {_OF_ALL}
  CROSS JOIN moment AS m
  WHERE d.is_release AND {_concerns("s.occurred_us")}
) AS said
GROUP BY contact, activity, type, occurred_us
HAVING MAX(CASE WHEN is_release THEN 0 ELSE decision END)
     > MAX(CASE WHEN is_release THEN decision ELSE 0 END)"""
"""The latest word on each activity decides; that of a release of everything, too."""


def _flag_sql(*, has_signs: bool) -> str:
    """Return what is in quarantine: a row for each activity and sign."""
    shown = """SELECT s.contact, s.activity, k.type, k.occurred_us, s.sign
FROM mail_sign AS s
JOIN mail_click AS k ON k.contact = s.contact AND k.activity = s.activity
JOIN contact AS c ON c.contact = s.contact
LEFT JOIN released AS r
  ON r.contact = s.contact AND r.activity = s.activity AND r.sign = s.sign
WHERE r.contact IS NULL
UNION ALL
"""
    return f"""SELECT contact, activity, type, occurred_us, sign
FROM (
{shown if has_signs else ""}{_BY_HAND}
) AS found
ORDER BY contact, occurred_us, activity, sign"""


# --------------------------------------------------------------- a whole domain


def suspect_steps(quarantine: Quarantine) -> Iterator[Step]:
    """Yield the steps from `activity` to `suspect`: who clicked many links of which mail."""
    yield Step("mail_click", _click_sql(quarantine, with_signs=False))
    yield from _burst_steps(quarantine)
    yield Step("suspect", "SELECT DISTINCT contact, mail FROM mail_burst ORDER BY contact, mail")


def recipient_steps(quarantine: Quarantine) -> Iterator[Step]:
    """Yield the step from `activity`, `suspect` and `member` to `recipient`.

    `member` {contact, domain}: everybody of the suspects' domains. `recipient` {mail, domain,
    recipients, suspects}: of how many the mail is known to have been delivered, and how many of
    those are suspects.
    """
    mail = _text(quarantine, quarantine.mail)
    yield Step(
        "recipient",
        f"""SELECT got.mail, got.domain, COUNT(*) AS recipients, COUNT(s.contact) AS suspects
FROM (
  SELECT DISTINCT a.contact, {mail} AS mail, b.domain
  FROM activity AS a
  JOIN member AS b ON b.contact = a.contact
  CROSS JOIN moment AS m
  WHERE a.type IN ({sql.texts(quarantine.deliveries)}) AND a.occurred_us <= m.as_of_us
    AND {mail} IN (SELECT mail FROM suspect)
) AS got
LEFT JOIN suspect AS s ON s.contact = got.contact AND s.mail = got.mail
GROUP BY got.mail, got.domain
ORDER BY got.mail, got.domain""",
    )
