import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.text import fold

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ETUDE", "etude"),
        ("Étude", "etude"),
        ("e\u0301tude", "etude"),
        ("Straße", "strasse"),
        ("Œuvre", "œuvre"),  # a letter of its own, no compatibility form: it only loses its case
        ("ﬁn", "fin"),
        ("Ｌｅａｄ", "lead"),
        ("İstanbul", "istanbul"),
        ("Ångström", "angstrom"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("한글", "한글"),
        ("", ""),
    ],
)
def test_case_accents_and_compatibility_forms_fold_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(TEXTS)
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_every_unicode_form_of_a_text_folds_alike(text: str) -> None:
    forms = {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {fold(text)}


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_text_only_loses_its_case(text: str) -> None:
    assert fold(text) == text.lower()


@given(st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F)))
def test_upper_and_lower_case_fold_alike(text: str) -> None:
    assert fold(text.upper()) == fold(text.upper().lower())
