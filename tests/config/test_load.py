import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.config.load import load_all
from connector.config.mappings import check_mapping
from connector.config.rules_file import check_rules
from connector.config.settings import check_settings
from connector.config.starter import shipped, write_starter
from connector.config.yaml_file import parse_document
from connector.errors import ConfigError, Problem
from connector.rules.compile import compile_rules

SETTINGS = """\
version: 1
crm: hubspot
connect: {token: "${HUBSPOT_TOKEN}"}
mapping: mapping.yaml
rules: rules.yaml
"""
MAPPING = """\
version: 1
crm: hubspot
contact: {fields: {job_title: jobtitle, phone: phone}}
activities:
  - source: form_submissions
    type: content_download
    attributes: {asset: form_name, minutes: {property: field.minutes, type: number}}
"""


def told(
    folder: Path, *, settings: str = SETTINGS, mapping: str = MAPPING, rules: str
) -> list[str]:
    """Return what an admin is told of three files, without the folder."""
    for name, text in (("leadripe", settings), ("mapping", mapping), ("rules", rules)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_all(folder / "leadripe.yaml")
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_what_we_ship_fits_together(tmp_path: Path) -> None:
    write_starter(tmp_path, "hubspot", "46123")
    loaded = load_all(tmp_path / "leadripe.yaml")
    compiled = compile_rules(loaded.rules)
    shapes = loaded.mapping.shapes()
    assert compiled.fields.items() <= shapes.fields.items()
    assert compiled.attributes.items() <= shapes.attributes.items()


def test_the_mistakes_of_all_three_files_are_told_at_once(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        settings=SETTINGS + "langauge: fr\n",
        mapping=MAPPING + "wirte: {}\n",
        rules="version: 1\nrules:\n  - {id: a, activity: content_download, point: 5}\n",
    )
    assert found == [
        "leadripe.yaml:6:1: unknown key «langauge»; did you mean «language»?",
        "mapping.yaml:8:1: unknown key «wirte»; did you mean «write»?",
        "rules.yaml:3:41: unknown key «point»; did you mean «points»?",
    ]


def test_a_file_that_is_missing_does_not_hide_the_others_mistakes(tmp_path: Path) -> None:
    settings = SETTINGS.replace("mapping.yaml", "none.yaml")
    found = told(tmp_path, settings=settings, rules="version: 1\nrules: 5\n")
    assert found == [
        "none.yaml: the file does not exist",
        "rules.yaml:2:8: «rules» must be a list, for example `rules: [a, b]`; "
        "the number 5 was found",
    ]


def test_rules_that_could_never_fire_are_told(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        rules="""\
version: 1
rules:
  - id: paper
    activity: [content_download, content_donwload]
    where: {asste: x, any: [{kind: y}]}
    points: 5
    once_per: asset
  - {id: talk, activity: content_download, where: {minutes: long}, points: 1, once_per: event}
personas:
  - {id: it, criteria: [{field: jobtitle, is: IT}]}
hand_off:
  reach_fields: [email, phone, mobile]
  blockers:
    - {id: staff, where: {not: {mail: x}}}
""",
    )
    assert found == [
        "rules.yaml:4:34: no activity of the mapping is of the type «content_donwload»; "
        "did you mean «content_download»?",
        "rules.yaml:5:13: no activity of the mapping has the attribute «asste»; "
        "did you mean «asset»?",
        "rules.yaml:5:30: no activity of the mapping has the attribute «kind»; "
        "there is asset and minutes",
        "rules.yaml:8:61: «minutes» holds a number, and the text «long» is none; "
        "write for example 250 or 2.5, without quotes",
        "rules.yaml:8:89: no activity of the mapping has the attribute «event»; "
        "there is asset and minutes",
        "rules.yaml:10:33: the mapping reads no contact field «jobtitle»; "
        "did you mean «job_title»?",
        "rules.yaml:12:32: the mapping reads no contact field «mobile»; "
        "there is email, job_title and phone",
        "rules.yaml:14:33: the mapping reads no contact field «mail»; did you mean «email»?",
    ]


def test_tracks_and_contents_that_ask_what_nothing_tells_are_told(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        rules="""\
version: 1
rules: [{id: a, activity: content_download, points: 5}]
pressure: {touches: [never_read], budget: [{touches: [never_read], at_most: 1, within: 7d}]}
nurture:
  where: {not: {phon: x}}
  attribute: assett
  tracks:
    - {id: welcome, where: {any: [{job_titel: cio}]}}
  content:
    - {id: guide}
    - {id: paper, seen: {minute: 5, asset: paper}}
""",
    )
    assert found == [
        "rules.yaml:5:17: the mapping reads no contact field «phon»; did you mean «phone»?",
        "rules.yaml:6:14: no activity of the mapping has the attribute «assett»; "
        "did you mean «asset»?",
        "rules.yaml:8:36: the mapping reads no contact field «job_titel»; "
        "did you mean «job_title»?",
        "rules.yaml:11:26: no activity of the mapping has the attribute «minute»; "
        "did you mean «minutes»?",
    ]


def test_the_default_attribute_of_contents_may_be_missing(tmp_path: Path) -> None:
    rules = """\
version: 1
rules: [{id: a, activity: content_download, points: five}]
nurture: {tracks: [{id: welcome}], content: [{id: guide}]}
"""
    (only,) = told(tmp_path, mapping=MAPPING.replace("asset:", "paper:"), rules=rules)
    assert "five" in only


SHIPPED = tuple(
    (check, (shipped() / name).read_text(encoding="utf-8"))
    for check, name in ((check_mapping, "hubspot.yaml"), (check_rules, "rules.yaml"))
)


@settings(deadline=None, max_examples=40)  # each reads a file of some hundred lines
@given(st.randoms(use_true_random=False), st.integers(0, 1), st.integers(1, 6))
def test_a_damaged_file_never_ends_in_anything_but_messages(
    rng: random.Random, which: int, cuts: int
) -> None:
    check, text = SHIPPED[which]
    problems: Sequence[Problem] = ()
    for _ in range(cuts):
        start = rng.randrange(len(text))
        text = text[:start] + rng.choice("{}[]:-#'\"\t\n &*!x5%") + text[start + rng.randrange(9) :]
    try:
        _, problems = check(parse_document("a.yaml", text))
    except ConfigError as error:
        problems = error.problems
    assert all(problem.message for problem in problems)


@settings(deadline=None)
@given(st.text(alphabet="{}[]:-#'\" \n\tab1.&*!%@|>?,"))
def test_no_text_ends_in_anything_but_messages(text: str) -> None:
    try:
        _, problems = check_settings(parse_document("a.yaml", text), Path())
    except ConfigError as error:
        problems = list(error.problems)
    assert problems
