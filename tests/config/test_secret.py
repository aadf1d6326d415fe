"""Secrets by reference that a CRM replaces: kept whole, or not at all."""

import stat
from pathlib import Path

from connector.config.secret import EnvironmentSecret, FileSecret


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
