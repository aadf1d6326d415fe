from pathlib import Path

import pytest

from connector.config.load import load_all
from connector.config.mappings import CRMS
from connector.config.starter import shipped, write_starter
from connector.errors import UsageError


@pytest.mark.parametrize("crm", CRMS)
def test_a_starter_is_complete_and_loads(tmp_path: Path, crm: str) -> None:
    written = write_starter(tmp_path, crm, "46123", base_url="http://127.0.0.1:8765")
    assert [str(path.relative_to(tmp_path)) for path in written] == [
        "leadripe.yaml",
        f"mappings/{crm}.yaml",
        "mappings/rules.yaml",
        "mappings/cases/examples.yaml",
    ]
    settings = load_all(tmp_path / "leadripe.yaml").settings
    assert settings.account == "46123"
    assert settings.connect.base_url == "http://127.0.0.1:8765"


def test_any_account_is_read_back_as_it_was_given(tmp_path: Path) -> None:
    write_starter(tmp_path, "hubspot", 'a"b: c #\\')
    assert load_all(tmp_path / "leadripe.yaml").settings.account == 'a"b: c #\\'


def test_without_an_account_the_line_waits_as_a_comment(tmp_path: Path) -> None:
    write_starter(tmp_path, "hubspot")
    assert load_all(tmp_path / "leadripe.yaml").settings.account is None
    assert '# account: "46123"' in (tmp_path / "leadripe.yaml").read_text()


def test_a_file_that_exists_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    mine = tmp_path / "mappings" / "rules.yaml"
    mine.write_text("# mine")
    written = write_starter(tmp_path, "hubspot")
    assert mine not in written
    assert mine.read_text() == "# mine"
    assert write_starter(tmp_path, "hubspot") == []


def test_no_cases_are_put_beside_rules_that_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "rules.yaml").write_text("# mine")
    write_starter(tmp_path, "hubspot")
    assert not (tmp_path / "mappings" / "cases").exists()


def test_the_comments_of_the_shipped_files_are_kept(tmp_path: Path) -> None:
    write_starter(tmp_path, "hubspot")
    write_starter(tmp_path, "salesforce")
    for name in ("hubspot.yaml", "salesforce.yaml", "rules.yaml"):
        assert (tmp_path / "mappings" / name).read_bytes() == (shipped() / name).read_bytes()


def test_a_crm_without_a_starter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no starter mapping for «pipedrive»"):
        write_starter(tmp_path, "pipedrive")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_starter(tmp_path / "file", "hubspot")
