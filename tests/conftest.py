"""What several rooms of tests share: drawn faces, a tiny prepared folder, tiny recipes, ../shared with a loud skip.

No test downloads anything: the Hub's libraries are told to stay offline before they are imported.
"""

import os
import shutil
import tempfile
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
SQUEEZENET = SHARED / "weights" / "squeezenet1_0_imagenet.safetensors"
SIDE = 128  # of drawn faces; the smallest that the generator takes


def pytest_configure(config):
    config.cache_folder = tempfile.mkdtemp(prefix="scfegan-tests-")
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": config.cache_folder, "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    torch.set_num_threads(1)  # tiny networks gain nothing from more, and lose much on a busy machine
    if "s" not in config.option.reportchars:
        config.option.reportchars += "s"  # what is skipped says so


def pytest_unconfigure(config):
    shutil.rmtree(config.cache_folder, ignore_errors=True)


def pytest_report_header():
    absent = "" if SHARED.is_dir() else " IS ABSENT, the tests that need it are skipped"
    return f"shared data and teachers: {SHARED}{absent}"


@pytest.fixture(autouse=True)
def seeded():
    """Fresh networks and random tensors are the same in every run and in any order of tests."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def shared():
    """The path of a file below ../shared; the test is skipped, saying so, where it is absent."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"needs {path}, which is not there")
        return path

    return find


@pytest.fixture(scope="session")
def face_points() -> np.ndarray:
    """98 points of a symmetric upright face in the WFLW order, as parts of the frame (98, 2)."""

    def ring(x, y, rx, ry, count):  # from the left end over the top
        t = np.linspace(0, 2 * np.pi, count, endpoint=False)
        return np.stack([x - rx * np.cos(t), y - ry * np.sin(t)], 1)

    def brow(outer, inner):
        upper = np.stack([np.linspace(outer, inner, 5), np.full(5, 0.37)], 1)
        lower = np.stack([np.linspace(inner, outer, 6)[1:-1], np.full(4, 0.39)], 1)
        return upper, lower

    t = np.linspace(0, np.pi, 33)
    contour = np.stack([0.5 - 0.3 * np.cos(t), 0.45 + 0.42 * np.sin(t)], 1)
    left_upper, left_lower = brow(0.26, 0.44)
    right_upper, right_lower = left_upper[::-1] * (-1, 1) + (1, 0), left_lower[::-1] * (-1, 1) + (1, 0)
    bridge = np.stack([np.full(4, 0.5), np.linspace(0.46, 0.58, 4)], 1)
    base = np.stack([np.linspace(0.45, 0.55, 5), [0.6, 0.61, 0.62, 0.61, 0.6]], 1)
    eyes = [ring(x, 0.46, 0.06, 0.025, 8) for x in (0.36, 0.64)]
    lips = [ring(0.5, 0.73, 0.1, 0.045, 12), ring(0.5, 0.73, 0.07, 0.015, 8)]
    pupils = [[0.36, 0.46], [0.64, 0.46]]
    parts = [contour, left_upper, left_lower, right_upper, right_lower, bridge, base, *eyes, *lips, pupils]
    return np.concatenate(parts).astype(np.float32)


@pytest.fixture(scope="session")
def draw_face(face_points):
    """A function (seed, size) to a decoded row of a drawn face: image, regions, color, sketch, landmarks in pixels."""
    from scfegan_hf.faces import strokes
    from scfegan_hf.faces.regions import REGIONS, region_map

    def draw(seed: int = 0, size: int = SIDE) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        points = face_points * size + rng.uniform(-0.02, 0.02, 2).astype(np.float32) * size
        regions = region_map(np.zeros((size, size, 3), np.uint8), points)
        hair = np.zeros_like(regions)
        cv2.ellipse(hair, (size // 2, int(0.42 * size)), (int(0.38 * size), int(0.38 * size)), 0, 180, 360, 1, -1)
        regions[(hair > 0) & (regions == 0)] = REGIONS.index("hair")
        palette = rng.integers(30, 226, (len(REGIONS), 3))
        shade = np.linspace(-20, 20, size)[None, :, None] + rng.normal(0, 3, (size, size, 1))
        image = np.clip(palette[regions] + shade, 0, 255).astype(np.uint8)
        image = cv2.GaussianBlur(image, (3, 3), 0)
        return {
            "image": image,
            "regions": regions,
            "color": strokes.color_map(image, regions),
            "sketch": strokes.line_strength(image),
            "edges": np.round(strokes.canny_edges(image) * 255).astype(np.uint8),
            "landmarks": points,
        }

    return draw


@pytest.fixture(scope="session")
def landmark_rows(draw_face) -> list[dict]:
    """Prepared rows with landmarks, pictures encoded as Parquet shards hold them."""

    def encode(array: np.ndarray) -> dict:
        return {"bytes": cv2.imencode(".png", array[..., ::-1] if array.ndim == 3 else array)[1].tobytes(), "path": None}

    drawn = [draw_face(seed) for seed in range(5)]
    pictures = ("image", "sketch", "edges", "color", "regions")
    return [
        {**{name: encode(row[name]) for name in pictures}, "landmarks": (row["landmarks"] / SIDE).ravel().tolist()}
        for row in drawn
    ]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, draw_face) -> str:
    """A folder that prepare_folder wrote from six drawn faces and an astronaut; two of them are for validation."""
    from PIL import Image
    from skimage.data import astronaut

    from scfegan_hf.faces.prepare import PrepareOptions, prepare_folder

    photos, out = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("prepared")
    for number in range(6):
        name = f"{'held' if number < 2 else 'drawn'}-{number}.png"
        Image.fromarray(draw_face(number)["image"]).save(photos / name)
    Image.fromarray(astronaut()[:260, 100:360]).save(photos / "astronaut.png")
    options = PrepareOptions(size=SIDE, align=False, edges="canny")
    prepare_folder(photos, out, options, validation=("held-*",), num_proc=1, progress=False)
    return str(out)


@pytest.fixture(scope="session")
def marked(tmp_path_factory, landmark_rows) -> str:
    """A folder as `scfegan prepare` writes it, of drawn faces with landmarks; two of the five are for validation."""
    from datasets import Dataset

    out = tmp_path_factory.mktemp("marked")
    (out / "data").mkdir()
    for split, rows in (("train", landmark_rows[2:]), ("validation", landmark_rows[:2])):
        Dataset.from_list(rows).to_parquet(str(out / "data" / f"{split}-00000.parquet"))
    return str(out)


@pytest.fixture(scope="session")
def squeezenet_file(tmp_path_factory) -> str:
    """Weights for SqueezeNet: the real ones where ../shared is, else a file of random tensors made here on purpose."""
    if SQUEEZENET.is_file():
        return str(SQUEEZENET)
    from safetensors.torch import save_file

    from scfegan_hf.models.features import SqueezeNetFeatures

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random-squeezenet.safetensors"
    save_file(SqueezeNetFeatures().state_dict(), path)
    return str(path)


@pytest.fixture(scope="session")
def alexnet_file(tmp_path_factory) -> str:
    """Weights for AlexNet with LPIPS's heads, random ones made here, under the names of the published ones."""
    from scfegan_hf.models.lpips import save_untrained

    torch.manual_seed(0)
    return save_untrained(tmp_path_factory.mktemp("weights") / "random-alexnet.safetensors")


@pytest.fixture(scope="session")
def first_network(tmp_path_factory) -> str:
    """A folder with a tiny generator, for what goes on from one."""
    from scfegan_hf.models.scfegan import SCFEGANGenerator

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("first")
    SCFEGANGenerator.preset("plain", width=4, resolution=64).save_pretrained(folder)
    return str(folder)


# Of torchvision's `features` in VGG-16, up to the third pool: index, output and input channels.
VGG16_SHAPES = ((0, 64, 3), (2, 64, 64), (5, 128, 64), (7, 128, 128), (10, 256, 128), (12, 256, 256), (14, 256, 256))


@pytest.fixture
def vgg16_file(tmp_path):
    """Random tensors, on purpose, under torchvision's names; a classifier that is not wanted, too."""
    from safetensors.torch import save_file

    tensors = {"classifier.0.weight": torch.zeros(2, 2), "features.17.weight": torch.zeros(512, 256, 3, 3)}
    for index, out, into in VGG16_SHAPES:
        tensors[f"features.{index}.weight"] = torch.randn(out, into, 3, 3) * (2 / (9 * into)) ** 0.5
        tensors[f"features.{index}.bias"] = torch.randn(out) * 0.1
    save_file(tensors, tmp_path / "vgg16.safetensors")
    return tmp_path / "vgg16.safetensors"


@pytest.fixture(scope="session")
def tiny_options(tmp_path_factory, squeezenet_file) -> dict[str, dict]:
    """By recipe, the hyper-parameters of its own tiny form; SC-FEGAN's features are SqueezeNet's real ones where they are."""
    from scfegan_hf.recipes import recipe_class, recipe_names

    def changed(name: str) -> dict:
        tiny, _ = recipe_class(name).tiny(tmp_path_factory.mktemp(name))
        held = {f.name: (getattr(tiny, f.name), f.default) for f in fields(tiny) if f.init}
        return {option: value for option, (value, default) in held.items() if value != default}

    options = {name: changed(name) for name in recipe_names()}
    options["scfegan"]["perceptual_weights"] = squeezenet_file
    return options


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory, landmark_rows):
    """A function from columns to a folder of five rows with them as `scfegan prepare` writes it, two for validation: those of
    drawn faces; "label" is 0 and 1 by turns, "smile" 1, other attributes 0; any other column is a picture."""
    from datasets import Dataset

    def write(columns: tuple[str, ...]) -> str:
        out = tmp_path_factory.mktemp("source")
        (out / "data").mkdir()
        rows = []
        for number, row in enumerate(landmark_rows):
            known = {"label": number % 2, "smile": 1.0, "age": 0.0, "features": 0.0} | row
            rows.append({name: known.get(name, row["image"]) for name in columns})
        for split, part in (("train", rows[2:]), ("validation", rows[:2])):
            Dataset.from_list(part).to_parquet(str(out / "data" / f"{split}-00000.parquet"))
        return str(out)

    return write


@pytest.fixture
def model(tmp_path) -> str:
    """A folder with a tiny generator."""
    from scfegan_hf.models.scfegan import SCFEGANGenerator

    SCFEGANGenerator.preset("compact", width=4, resolution=128).save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


@pytest.fixture
def fresh_accelerate(monkeypatch):
    """Accelerate on the CPU, without what an earlier test left in its global state."""
    from accelerate.state import AcceleratorState, GradientState

    monkeypatch.setenv("ACCELERATE_USE_CPU", "1")
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
