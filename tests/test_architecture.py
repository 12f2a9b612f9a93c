"""Imports point down only, read with ast; importing the package is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "scfegan_hf"

BELOW_RECIPE = {"layers", "conditioning", "models", "losses", "data", "evaluation"}
# What each room (a folder or a file of the package) may import, besides itself. A folder of a room may have a line of its own.
MAY_IMPORT = {
    "layers": set(),
    "conditioning": set(),
    "files": set(),
    "ranges": set(),
    "formats": set(),
    "models": {"layers", "conditioning", "files"},
    "losses": {"layers", "conditioning"},
    "data": {"files", "formats"},
    "evaluation": set(),
    "recipe": BELOW_RECIPE | {"ranges"},
    "recipes": BELOW_RECIPE | {"recipe", "faces", "editing.drawn"},
    "training": BELOW_RECIPE | {"recipe", "files", "ranges"},
    "faces": {"models", "data", "formats"},
    "editing": {"layers", "conditioning", "files", "formats", "models", "data", "faces"},
    "editing.drawn": {"conditioning", "data", "faces"},
    "editing.benchmark": {"conditioning", "files", "losses", "models", "data", "evaluation", "faces", "editing"},
    "portrait": {"files", "formats", "models", "data", "faces", "editing"},
    "demo": {f"editing.{name}" for name in ("pipeline", "result", "enlarging", "lines", "made_faces", "photos", "saving")}
    | {"editing.reading", "formats", "faces.align", "faces.detect", "faces.makeup", "portrait"},
    "demo.web": {"models", "faces", "editing", "formats", "demo"},  # the static site takes from everywhere what it must know
    "commands": {"models", "data", "faces", "editing", "portrait", "demo"},
    "cli": {"commands"},
    "__init__": {"models", "faces", "editing", "portrait"},
}
# The one place that looks recipes up by name.
ALSO = {"training.command": {"recipes"}, "commands.training": {"training.release.convert", "recipes"}}
# Public names of the package, by the room they come from.
PUBLIC = {
    "SCFEGANGenerator": "models",
    "SCFEGANDiscriminator": "models",
    "FaceEditPipeline": "editing.pipeline",
    "EditResult": "editing.result",
    "FaceFromDoodle": "editing.made_faces",
    "FaceFromLines": "editing.lines",
    "FaceSampler": "editing.made_faces",
    "PhotoEnlarging": "editing.enlarging",
    "Look": "faces.makeup",
    "Tint": "faces.makeup",
    "AgePipeline": "portrait.age",
    "AttributePipeline": "portrait.attributes",
    "MakeupPipeline": "portrait.makeup",
    "StylePipeline": "portrait.style",
    "PortraitResult": "portrait.result",
    "Studio": "portrait.studio",
    "studio": "portrait.studio",
}


def imported(module: str, source: str, is_package: bool = False) -> set[str]:
    """Dotted names within the package that ``source`` imports anywhere, functions included; relative ones resolved."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = f"{PACKAGE}.{module}".split(".")
            base = parents[: len(parents) - node.level + is_package] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{origin}.{alias.name}" for alias in node.names}
    return {name.removeprefix(f"{PACKAGE}.") for name in found if f"{name}.".startswith(f"{PACKAGE}.")}


def violations(module: str, source: str, is_package: bool = False) -> list[str]:
    """Sentences about imports of ``module`` (its name within the package) that point up or sideways."""
    room = next((name for name in (".".join(module.split(".")[:2]), module.split(".")[0]) if name in MAY_IMPORT), None)
    if room is None:
        return [f"{module.split('.')[0]} is a new room: say in MAY_IMPORT what it may import"]
    allowed = {room} | MAY_IMPORT[room] | ALSO.get(module, set())
    names = {PUBLIC.get(name, name) for name in imported(module, source, is_package)}
    return [
        f"{module} imports {name}" for name in sorted(names) if not any(f"{name}.".startswith(f"{part}.") for part in allowed)
    ]


def modules() -> dict[str, tuple[str, bool]]:
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package and len(parts) > 1 else parts)
        found[name] = path.read_text(), is_package and len(parts) > 1
    return found


def test_imports_point_down_only():
    found = modules()
    assert len(found) > 20 and {"models.scfegan", "recipes.scfegan", "training.trainer", "conditioning"} <= set(found)
    assert [sentence for name, (source, is_package) in found.items() for sentence in violations(name, source, is_package)] == []


@pytest.mark.parametrize(
    ("module", "line", "names"),
    [
        ("layers.norms", "from scfegan_hf.models.scfegan import SCFEGANGenerator", "models.scfegan.SCFEGANGenerator"),
        ("layers.norms", "from scfegan_hf import SCFEGANGenerator", "models"),
        ("models.scfegan", "import scfegan_hf.training.trainer", "training.trainer"),
        ("models.scfegan", "from ..data import rows", "data.rows"),
        ("losses.perceptual", "from scfegan_hf.recipe import Recipe", "recipe.Recipe"),
        ("data.prepare.folder", "def f():\n    from scfegan_hf import editing", "editing"),
        ("data.rows", "from scfegan_hf.faces.regions import REGIONS", "faces.regions.REGIONS"),
        ("evaluation.closeness", "from scfegan_hf.editing.drawn import masks", "editing.drawn.masks"),
        ("recipe", "from scfegan_hf.recipes import recipe_names", "recipes.recipe_names"),
        ("recipes.scfegan", "from scfegan_hf.training.trainer import Trainer", "training.trainer.Trainer"),
        ("training.trainer", "from scfegan_hf.recipes.scfegan import SCFEGAN", "recipes.scfegan.SCFEGAN"),
        ("editing.pipeline", "from scfegan_hf.training.release import hub", "training.release.hub"),
        ("editing.pipeline", "from scfegan_hf.losses import perceptual", "losses.perceptual"),
        ("editing.pipeline", "from scfegan_hf.portrait import faces", "portrait.faces"),
        ("portrait.makeup", "from scfegan_hf.training.trainer import Trainer", "training.trainer.Trainer"),
        ("editing.drawn.masks", "from scfegan_hf.editing.pipeline import trace", "editing.pipeline.trace"),
        ("demo.app", "from scfegan_hf.models.scfegan import SCFEGANGenerator", "models.scfegan.SCFEGANGenerator"),
        ("demo.app", "from scfegan_hf.editing.drawn import masks", "editing.drawn.masks"),
        ("demo.app", "from ..faces.strokes import thin", "faces.strokes.thin"),
        ("__init__", "from scfegan_hf.demo import launch", "demo.launch"),
    ],
)
def test_an_upward_import_is_found(module, line, names):
    """The line is added to the real source of the module."""
    source, is_package = modules().get(module, ("", False))
    assert violations(module, source, is_package) == []
    assert violations(module, f"{source}\n{line}\n", is_package) == [f"{module} imports {names}"]


def test_what_is_allowed_is_not_found():
    for module, line in (
        ("training.command", "from scfegan_hf.recipes import recipe_class"),
        ("demo.app", "from scfegan_hf import FaceEditPipeline\nfrom . import layers"),
        ("demo.app", "from scfegan_hf.faces.detect import detect_faces"),
        ("recipes.scfegan", "from scfegan_hf.recipe import Recipe\nimport torch, scfegan_hfx"),
    ):
        assert violations(module, line) == []
    assert violations("attic.old", "") == ["attic is a new room: say in MAY_IMPORT what it may import"]


def opens_pictures(source: str) -> list[int]:
    """Lines that open a picture by Pillow itself."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Attribute) and node.attr == "open" and "Image" in ast.unparse(node.value).split("."))
        or (isinstance(node, ast.ImportFrom) and node.module == "PIL.Image" and "open" in [alias.name for alias in node.names])
    ]


def test_pictures_are_opened_in_one_place():
    """That one names the formats it takes; Pillow left to itself hands EPS to another program."""
    assert {name for name, (source, _) in modules().items() if opens_pictures(source)} == {"formats"}
    for line in ("Image.open(path)", "PIL.Image.open(path)", "from PIL.Image import open", "work = [Image.open]"):
        assert opens_pictures(line) == [1]
    assert opens_pictures("open(path)\nwebbrowser.open(path)\nPath(path).open()") == []


RECIPES = {path.stem for path in (ROOT / PACKAGE / "recipes").glob("*.py")} - {"__init__"}


def asks_for_a_recipe(module: str, source: str) -> list[str]:
    """Sentences about lines of ``source`` that do something else for one recipe: compare with its name, match it, or look it up
    in a table by names."""

    def names(node: ast.AST) -> set[str]:
        constants = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
        return constants & RECIPES

    told = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            seen = set().union(*map(names, (node.left, *node.comparators)))
        elif isinstance(node, ast.MatchValue):
            seen = names(node.value)
        elif isinstance(node, ast.Dict):
            seen = set().union(*(names(key) for key in node.keys if isinstance(key, ast.Constant)), set())
            seen -= {module.removeprefix("recipes.")}  # whose network may be called so
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("startswith", "endswith", "get"):
            seen = set().union(*map(names, node.args), set())
        else:
            continue
        told += [f"{module}, line {node.lineno}, asks for {name}" for name in sorted(seen)]
    return told


def test_nothing_asks_for_a_recipe_by_its_name():
    assert {"scfegan", "annotator", "vanilla", "dcgan"} <= RECIPES
    # The product's rooms import no training, so no recipe either; an annotator is a network of theirs.
    product = ("faces", "editing", "portrait", "demo")
    rooms = {name: source for name, (source, _) in modules().items() if name.split(".")[0] not in product}
    assert "training.trainer" in rooms and "cli" in rooms
    told = [sentence for name, source in rooms.items() for sentence in asks_for_a_recipe(name, source)]
    told += asks_for_a_recipe("train_accelerate", (ROOT / "train_accelerate.py").read_text())
    assert told == []


@pytest.mark.parametrize(
    "lines",
    [
        "def f(recipe):\n    if recipe.name == 'vanilla':\n        return 1",
        "def f(recipe):\n    return 1 if 'vanilla' != recipe.name else 2",
        "def f(name):\n    while name in ('vanilla', 'other'):\n        pass",
        "def f(name):\n    match name:\n        case 'vanilla' | 'x':\n            return 1",
        "WIDTHS = {'vanilla': 3}",
        "def f(name):\n    return name.startswith('vanilla')",
    ],
)
def test_an_if_on_a_recipes_name_is_found(lines):
    for module in ("training.trainer", "training.release.card", "recipes.scfegan", "data.samples"):
        source, _ = modules()[module]
        assert asks_for_a_recipe(module, source) == []
        told = asks_for_a_recipe(module, f"{source}\n{lines}\n")
        assert len(told) == 1 and told[0].startswith(f"{module}, line ") and told[0].endswith("asks for vanilla")


def test_importing_the_package_is_light():
    """Nothing that takes long comes along, PyTorch neither, with the pipeline neither; the other names bring PyTorch alone."""
    trainers = ("accelerate", "datasets", "tyro", "tensorboard")
    heavy = ("torch", "gradio", *trainers, "cv2", "huggingface_hub", "onnxruntime", "openvino")
    code = (
        "import sys, scfegan_hf, scfegan_hf.cli; "
        "from scfegan_hf import EditResult, FaceEditPipeline; "
        f"print([name for name in {heavy} if name in sys.modules]); "
        "from scfegan_hf import SCFEGANDiscriminator, SCFEGANGenerator; "
        f"print([name for name in {heavy} if name in sys.modules]); "
        "print(SCFEGANGenerator.__name__, SCFEGANDiscriminator.__name__, FaceEditPipeline.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stderr
    names = "SCFEGANGenerator SCFEGANDiscriminator FaceEditPipeline"
    assert found.stdout.splitlines() == ["[]", "['torch', 'huggingface_hub']", names]


def test_public_names_are_listed():
    import scfegan_hf

    assert set(PUBLIC) == set(scfegan_hf.__all__) and set(PUBLIC) <= set(dir(scfegan_hf))
    assert all(home.startswith(PUBLIC[name]) for name, home in scfegan_hf._HOMES.items())
    assert all(getattr(scfegan_hf, name).__name__ == name for name in PUBLIC)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        scfegan_hf.Nothing  # noqa: B018
