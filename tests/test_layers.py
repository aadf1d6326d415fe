"""The rooms and what each may import: STYLE, section 1."""

import ast
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parent.parent


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=module, level=level):
                assert level == 0, f"{path}: a relative import"
                found |= {module or ""}
    return found


def of_ours(modules: set[str]) -> set[str]:
    """Return those that are ours, cut to the room."""
    return {
        ".".join(name.split(".")[:2]) for name in modules if name.partition(".")[0] == "connector"
    }


def test_imports_point_inwards() -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS


def test_the_command_line_knows_the_app_and_its_errors_alone() -> None:
    assert of_ours(imports(ROOT / "cli.py")) <= {"connector", "connector.app", "connector.errors"}


def test_the_sandbox_shares_no_misreading_with_the_adapters() -> None:
    files = list((ROOT / "connector" / "sandbox").rglob("*.py"))
    assert files
    for path in files:
        assert "connector.crm" not in of_ours(imports(path)), path


def test_the_sync_knows_ports_and_no_adapter() -> None:
    for path in (ROOT / "connector" / "sync").rglob("*.py"):
        rooms = of_ours(imports(path))
        assert not rooms & {"connector.crm", "connector.store", "connector.engine"}, path
