"""The files that an admin starts from: shipped with us, copied once, theirs from then on."""

import json
from pathlib import Path
from string import Template

from connector.config.mappings import CRMS
from connector.errors import UsageError

_SETTINGS = Template("""\
# Leadripe settings. docs/settings.md explains every key; paths are seen from this file's folder.
version: 1
crm: $crm

$account
$connect

mapping: mappings/$crm.yaml
rules: mappings/rules.yaml

# What was read and written is kept in this folder.
store: .leadripe

# The language of reasons and tasks in the CRM: en or fr.
language: en

# Days are counted in the account's time zone, unless another is given:
# time_zone: Europe/Paris

# A changed score is written when it moved by so many points, when stage, temperature or grade
# changed, or when what stands in the CRM is so old.
write: {min_change: 3, max_age: 30d}

# A run that would change more than this stops before it writes anything, and says so.
guards:
  stage_changes: 30%      # of all contacts change their stage (the first run is free)
  tasks_per_owner: 25     # tasks for one owner
  fewer_contacts: 20%     # of all contacts are gone since the last run
""")

_HUBSPOT = Template("""\
connect:
  # Where the token is, never the token itself: an environment variable, or file:hubspot.token
  token: $${HUBSPOT_TOKEN}
  $base_url
  # The most calls in a day, if other tools need the account's calls too:
  # max_daily_calls: 100000""")

_SALESFORCE = Template("""\
connect:
  # The org's My Domain; not login.salesforce.com, and not the address of its pages (lightning).
  base_url: $base_url
  # An External Client App signs in with a certificate: docs/salesforce.md shows how to make one.
  jwt:
    client_id: $${SF_CLIENT_ID}
    username: leadripe@acme.com                # the integration user
    private_key: file:server.key
    audience: https://login.salesforce.com     # https://test.salesforce.com for a sandbox org
  # Or, in place of jwt, an app with a secret that names the user to act as:
  # client_credentials: {client_id: "$${SF_CLIENT_ID}", client_secret: "$${SF_CLIENT_SECRET}"}
  api_version: "66.0"
  # At this share of the org's daily calls, whoever made them, a run stops:
  max_daily_share: 80%""")

_ACCOUNT_IDS = {
    "hubspot": ("HubSpot: the portal id", '"46123"'),
    "salesforce": ("Salesforce: the org's id", '"00D5g000004C9XgEAK"'),
}


def shipped() -> Path:
    """Return the folder of the files that we ship: inside an installed package, else beside it."""
    package = Path(__file__).parents[1]
    installed = package / "mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def write_starter(
    folder: Path, crm: str, account: str | None = None, *, base_url: str | None = None
) -> list[Path]:
    """Write `leadripe.yaml`, the mapping and the rules into a folder; return what was written.

    What exists is never overwritten: all that was there before is left out of the list. Raises
    UsageError for a CRM that we do not know, or a folder that cannot be written.
    """
    if crm not in CRMS:
        raise UsageError(
            f"There is no starter mapping for «{crm}»", do=f"Choose one of: {', '.join(CRMS)}."
        )
    files = {
        folder / "leadripe.yaml": _settings(crm, account, base_url),
        folder / "mappings" / f"{crm}.yaml": _text(f"{crm}.yaml"),
        folder / "mappings" / "rules.yaml": _text("rules.yaml"),
    }
    if not (folder / "mappings" / "rules.yaml").exists():
        # They are cases of our rules: beside somebody's own they would only fail.
        files[folder / "mappings" / "cases" / "examples.yaml"] = _text("cases/examples.yaml")
    try:
        for path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
        return [path for path, text in files.items() if _write_new(path, text)]
    except OSError as error:
        raise UsageError(
            f"The folder cannot be written: {error.strerror}",
            where=str(error.filename or folder),
            do="Choose another folder; files that exist were left as they are.",
        ) from error


def _text(name: str) -> str:
    return (shipped() / name).read_text(encoding="utf-8")


def _settings(crm: str, account: str | None, base_url: str | None) -> str:
    told, example = _ACCOUNT_IDS[crm]
    if crm == "salesforce":
        connect = _SALESFORCE.substitute(base_url=base_url or "https://acme.my.salesforce.com")
    else:
        address = f"base_url: {base_url}" if base_url else "# base_url: http://127.0.0.1:8765"
        connect = _HUBSPOT.substitute(base_url=address)
    return _SETTINGS.substitute(
        crm=crm,
        account=f"# The id of the account ({told}). With it, no other account is ever read or "
        "written.\n"
        + (f"account: {_quoted(account)}" if account else f"# account: {example}")
        + "\n",
        connect=connect,
    )


def _quoted(text: str) -> str:
    """Return a text in quotes, as both JSON and YAML read it."""
    return json.dumps(text, ensure_ascii=False)


def _write_new(path: Path, text: str) -> bool:
    """Write a file, unless it exists; tell whether it was written."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
