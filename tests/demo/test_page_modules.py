"""The page's ES modules: their imports point down only, and what can be tried without a browser is tried by Node."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scfegan_hf.demo.editor import PAGE

NODE = shutil.which("node")
TESTS = Path(__file__).parent / "page"
IMPORT = re.compile(r"^import\s(?:[^;]*?\sfrom\s)?'\./([\w-]+)\.js';$", re.MULTILINE | re.DOTALL)


def page_imports() -> dict[str, set[str]]:
    """Names of the modules, and of the modules that each imports."""
    return {path.stem: set(IMPORT.findall(path.read_text(encoding="utf-8"))) for path in sorted(PAGE.glob("*.js"))}


def circle(imports: dict[str, set[str]]) -> set[str]:
    """Modules that cannot be put in an order in which each imports only earlier ones."""
    left = dict(imports)
    while bottom := {name for name, needs in left.items() if not needs & left.keys()}:
        left = {name: needs for name, needs in left.items() if name not in bottom}
    return set(left)


def test_modules_import_downwards_only():
    imports = page_imports()
    assert len(imports) > 12 and imports["page"] == set() and "state" in imports["view"]
    # Nothing lies about unused, nothing is missing.
    assert set().union(*imports.values()) | {"start", "server"} == imports.keys()
    assert circle(imports) == set()


def test_a_circle_is_found():
    imports = page_imports()
    imports["state"].add("view")
    assert {"state", "view", "drawing"} <= circle(imports)


@pytest.mark.skipif(NODE is None, reason="NO NODE: the page's modules were not tried without a browser; install nodejs")
@pytest.mark.parametrize("file", sorted(path.name for path in TESTS.glob("*.test.js")))
def test_in_node(file):
    run = subprocess.run([NODE, "--test", TESTS / file], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^# pass [1-9]", run.stdout, re.MULTILINE) and "# skipped 0" in run.stdout
