from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connector.config.secret import EnvironmentSecret, FileSecret
from connector.config.settings import HubSpotSettings, load_settings
from connector.errors import ConfigError, CredentialsError

LEAST = """\
version: 1
crm: hubspot
connect: {token: "${HUBSPOT_TOKEN}"}
mapping: mappings/hubspot.yaml
rules: ~/rules.yaml
"""


def settings(folder: Path, text: str = LEAST) -> HubSpotSettings:
    path = folder / "leadripe.yaml"
    path.write_text(text, encoding="utf-8")
    found = load_settings(path)
    assert isinstance(found, HubSpotSettings)
    return found


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.account is None
    assert found.connect.base_url == "https://api.hubapi.com"
    assert found.write.min_change == 3
    assert found.write.max_age == timedelta(days=30)
    assert found.guards.stage_changes == Decimal("0.3")
    assert found.guards.tasks_per_owner == 25
    assert found.guards.fewer_contacts == Decimal("0.2")
    assert (found.language, found.time_zone) == ("en", None)


def test_paths_are_seen_from_the_files_folder(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.mapping == tmp_path / "mappings" / "hubspot.yaml"
    assert found.rules == Path("~/rules.yaml").expanduser()
    assert found.store == tmp_path / ".leadripe"


def test_an_account_may_be_written_without_quotes(tmp_path: Path) -> None:
    assert settings(tmp_path, LEAST + "account: 46123\n").account == "46123"


def test_the_sandbox_may_be_reached_without_encryption(tmp_path: Path) -> None:
    text = LEAST.replace('}"}', '}", base_url: "http://127.0.0.1:8765/"}')
    assert settings(tmp_path, text).connect.base_url == "http://127.0.0.1:8765"


def test_durations_and_shares_are_read_exactly(tmp_path: Path) -> None:
    text = LEAST + "write: {max_age: 36h}\nguards: {stage_changes: 12.5%}\n"
    found = settings(tmp_path, text)
    assert found.write.max_age == timedelta(hours=36)
    assert found.guards.stage_changes == Decimal("0.125")


def test_settings_do_not_change_once_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings(tmp_path).language = "fr"


def test_a_secret_comes_from_the_environment_when_it_is_needed() -> None:
    secret = EnvironmentSecret("HUBSPOT_TOKEN")
    assert secret.reveal({"HUBSPOT_TOKEN": " s3cret\n"}) == "s3cret"


@pytest.mark.parametrize("environ", [{}, {"HUBSPOT_TOKEN": " "}])
def test_a_missing_variable_is_told_by_its_name(environ: dict[str, str]) -> None:
    with pytest.raises(CredentialsError, match="HUBSPOT_TOKEN is not set"):
        EnvironmentSecret("HUBSPOT_TOKEN").reveal(environ)


def test_a_secret_comes_from_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "hubspot.token").write_text("s3cret\n")
    text = LEAST.replace('"${HUBSPOT_TOKEN}"', "file:hubspot.token")
    token = settings(tmp_path, text).connect.token
    assert token is not None
    assert token.reveal() == "s3cret"
    assert "s3cret" not in repr(token)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"token = abc", "must hold the secret and nothing else"),
        (b"\xff\xfe", "holds no text"),
    ],
)
def test_a_file_without_a_secret_is_told_by_its_name(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "hubspot.token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CredentialsError, match=message) as caught:
        FileSecret(path).reveal()
    assert caught.value.where == str(path)


def test_a_secret_that_others_can_read_is_worth_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "hubspot.token"
    path.write_text("s3cret")
    path.chmod(0o644)
    text = LEAST.replace('"${HUBSPOT_TOKEN}"', "file:hubspot.token")
    assert "can be read by others" in settings(tmp_path, text).connect.warnings[0]
    path.chmod(0o600)
    assert settings(tmp_path, text).connect.warnings == ()


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "none.yaml", "none.yaml: the file does not exist"),
        (tmp_path, "this is a folder, not a file"),
    ):
        with pytest.raises(ConfigError) as caught:
            load_settings(path)
        assert message in str(caught.value)


def test_a_file_in_another_encoding_is_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "leadripe.yaml"
    path.write_bytes("version: 1\ncrm: hubspot # été\n".encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (2, 16)
    assert problem.message == "the file is not UTF-8: save it as UTF-8"


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="larger than 1,000 kB"):
        settings(tmp_path, "# " + "x" * 1_000_001)
