"""The same of `opportunities`, a section of the rules file."""

from tests.config.mistakes import Mistake

_HEAD = """\
version: 1
rules: [{id: demo, activity: x, points: 30, group: web}]
groups: {web: {cap: 3}}
opportunities:
  rules:
"""


def _rule(text: str) -> str:
    return f"{_HEAD}    - {{id: a, {text}}}\n"


RULES = (
    Mistake(
        "an opportunity's rule without points",
        _rule("where: {amount: 5}"),
        (
            "6:7: the rule gives nothing: add `points: 10`, or a share of the people's points, for "
            "example `share: {of: best, percent: 40%}`",
        ),
    ),
    Mistake(
        "points and a share",
        _rule("points: 1, share: {of: best, percent: 40%}"),
        ("6:33: «points» and «share» exclude each other",),
    ),
    Mistake(
        "an opportunity's rule without a condition",
        _rule("points: 1"),
        (
            "6:7: a condition is missing, for example `where: {amount: {gte: 10000}}` or "
            "`contact: {grade: [A, B]}`: every opportunity would get these points",
        ),
    ),
    Mistake(
        "a number of people of whom nothing is asked",
        _rule("where: {amount: 5}, people: 2, points: 1"),
        ("6:43: «people» counts who meets «contact»: say who, or take it out",),
    ),
    Mistake(
        "no people",
        _rule("contact: {grade: A}, people: 0, points: 1"),
        ("6:44: «people» must be at least 1",),
    ),
    Mistake(
        "a share of something else",
        _rule("share: {of: beste, percent: 40%}"),
        ("6:27: «of» must be best or sum; the text «beste» was found; did you mean «best»?",),
    ),
    Mistake(
        "a share in parts of a percent",
        _rule("share: {of: best, percent: 40.5%}"),
        (
            "6:42: «percent» must be a whole percentage from 1% to 1000%, for example 40%; the text"
            " «40.5%» was found",
        ),
    ),
    Mistake(
        "a share without a sign",
        _rule("share: {of: best, percent: 40}"),
        (
            "6:42: «percent» must be a whole percentage from 1% to 1000%, for example 40%; the"
            " number 40 was found",
        ),
    ),
    Mistake(
        "a share of nothing",
        _rule("share: {of: sum, percent: 0%}"),
        (
            "6:41: «percent» must be a whole percentage from 1% to 1000%, for example 40%; the text"
            " «0%» was found",
        ),
    ),
    Mistake(
        "a share of a score that is not there",
        _rule("share: {of: sum, percent: 10%, score: fit}"),
        ("6:53: there is no score «fit»; there is engagement",),
    ),
    Mistake(
        "an amount that is a text",
        _rule("where: {amount: {gte: soon}}, points: 1"),
        (
            "6:37: «amount» holds a number, and the text «soon» is none; write for example 250 or"
            " 2.5, without quotes",
        ),
    ),
    Mistake(
        "a day that is a number",
        _rule("where: {closes: {gte: 5}}, points: 1"),
        (
            "6:37: «closes» holds a date, and the number 5 is none; write for example 2026-09-01 or"
            " 2026-09-01T08:00:00Z",
        ),
    ),
    Mistake(
        "what people never are",
        _rule(
            "contact: {stage: prospct, grade: [A, E], any: [{temperature: hott}], persona: x},"
            " points: 1"
        ),
        (
            "6:32: there is no stage «prospct»; did you mean «prospect»?",
            "6:48: there is no grade «E»; there is A, B, C, D and U",
            "6:76: there is no temperature «hott»; did you mean «hot»?",
            "6:93: there is no persona «x»",
        ),
    ),
    Mistake(
        "a need in words",
        _rule('contact: {need: "yes"}, points: 1'),
        (
            "6:31: «need» holds true or false, and the text «yes» is none; write true or false,"
            " without quotes",
        ),
    ),
    Mistake(
        "what nothing tells of accounts",
        _rule("contact: {account_best: {gte: 3}}, points: 1"),
        ("6:25: «account_best» needs to know who is of one account: add `account: {by: company}`",),
    ),
    Mistake(
        "an id of a rule for contacts",
        f"{_HEAD}    - {{id: demo, where: {{amount: 5}}, points: 1}}\n",
        ("6:12: the id «demo» stands twice: give each its own",),
    ),
    Mistake(
        "a group of rules for contacts",
        _rule("where: {amount: 5}, points: 1, group: web"),
        ("6:53: there is no group «web» in «opportunities»",),
    ),
    Mistake(
        "a group that has its name already",
        _rule("where: {amount: 5}, points: 1, group: web") + "  groups: {web: {cap: 5}}\n",
        (
            "7:12: «web» is a group of the rules for contacts already, and reasons go by its name:"
            " give it another",
        ),
    ),
    Mistake(
        "bounds without room",
        _rule("where: {amount: 5}, points: 1") + "  lowest: 100\n",
        ("7:11: «lowest» must be below «highest»",),
    ),
    Mistake(
        "no rules of opportunities",
        "version: 1\nrules: [{id: demo, activity: x, points: 30}]\nopportunities: {rules: []}\n",
        ("3:24: «rules» must have at least 1 entry",),
    ),
)
