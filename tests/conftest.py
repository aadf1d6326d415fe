"""What holds for every test: no home folder, no configuration of this machine, bounded examples."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    max_examples=int(os.environ.get("LEADRIPE_EXAMPLES", "50")),
    deadline=None,  # how long an example takes depends on what else the machine does
    suppress_health_check=[HealthCheck.too_slow],  # likewise
)
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _nobodys_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put the home folder somewhere that cannot be written, and forget the machine's settings."""
    nowhere = tmp_path_factory.getbasetemp() / "nobodys-home"
    nowhere.touch()  # a file: whoever makes a folder in it fails
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(nowhere))
    for name in [each for each in os.environ if each.startswith("LEADRIPE_")]:
        if name != "LEADRIPE_EXAMPLES":
            monkeypatch.delenv(name)
