"""Secrets by reference that a CRM replaces: kept whole, or not at all."""

import stat
from pathlib import Path

import pytest

from connector.config.secret import EnvironmentSecret, FileSecret
from connector.errors import CredentialsError


def test_a_replaced_secret_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "refresh.token"
    path.write_text("old\n", encoding="utf-8")
    path.chmod(0o644)
    secret = FileSecret(path)
    assert secret.keep("new")
    assert secret.reveal() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_that_cannot_be_kept_leaves_the_old_one(tmp_path: Path) -> None:
    gone = FileSecret(tmp_path / "no such folder" / "token")
    assert not gone.keep("new")
    assert not EnvironmentSecret("NAME").keep("new")


@pytest.mark.parametrize("value", ["pat-1\nX-More: 2", "pat 1", "pat-é", "pat\u2028-1", "pat-\x00"])
def test_a_secret_that_no_header_can_carry_is_refused_unquoted(tmp_path: Path, value: str) -> None:
    path = tmp_path / "token"
    path.write_text(value, encoding="utf-8")
    with pytest.raises(CredentialsError) as of_file:
        FileSecret(path).reveal()
    with pytest.raises(CredentialsError) as of_variable:
        EnvironmentSecret("TOKEN").reveal({"TOKEN": value})
    for refused in (of_file, of_variable):
        assert "no spaces, line breaks or accents" in str(refused.value)
        assert "pat" not in str(refused.value).replace(str(path), "")
