"""What the static site makes beside edits, in Node and against Python: enlargements, faces from lines, soft masks."""

import cv2
import numpy as np
import pytest
import torch
from node import NODE, Callback, NetworkAlone, call
from PIL import Image, ImageFilter
from skimage.data import astronaut
from test_web_engine import Linear

from scfegan_hf.demo.edits import edit_drawing
from scfegan_hf.demo.payload import Drawing
from scfegan_hf.demo.web import settings
from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.editing.lines import FaceFromLines, read_lines
from scfegan_hf.editing.marks import read_mask
from scfegan_hf.editing.pipeline import FaceEditPipeline

pytestmark = pytest.mark.skipif(NODE is None, reason="NO NODE: the static site's engine was not tried; install nodejs")


class Fourfold(torch.nn.Module):
    """What engine/call.js's `fourfold` computes."""

    def __init__(self):
        super().__init__()
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        large = torch.nn.functional.interpolate(x, scale_factor=4, mode="nearest")
        rows, columns = (torch.arange(size) % 4 for size in large.shape[2:])
        return large + (columns[None] + 2 * rows[:, None] - 4.5) / 64


class Drawn(torch.nn.Module):
    """What engine/call.js's `drawn` computes."""

    resolution = 128

    def __init__(self):
        super().__init__()
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        lines, color, painted, noise = x.split([1, 3, 1, 1], 1)
        return 0.4 * lines + 0.5 * color + 0.2 * painted + 0.1 * noise


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    return np.ascontiguousarray(astronaut()[:300, 60:380])


@pytest.fixture(scope="module")
def own() -> dict:
    return settings(Linear())


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("kind", ["colours", "grey", "transparent"])
def test_an_enlargement_is_pythons(face, own, scale, kind):
    """Over four tiles and more, each of which knows what is around it."""
    picture = face[:230, :210]
    if kind == "grey":
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
    alpha = np.tile(np.arange(210, dtype=np.uint8)[None], (230, 1)) + 40 if kind == "transparent" else None
    given = picture if alpha is None else np.dstack([picture, alpha])
    theirs = np.asarray(PhotoEnlarging(Fourfold(), "cpu")(Image.fromarray(given), scale).image).astype(int)
    ours = call("enlarge", "enlarge", {"rgb": picture, "alpha": alpha}, scale, Callback("fourfold"), own["enlarge"])
    assert ours["rgb"].shape == (230 * scale, 210 * scale, 3)
    theirs = theirs if theirs.ndim == 3 else np.repeat(theirs[..., None], 3, 2)
    assert np.abs(ours["rgb"] - theirs[..., :3]).max() <= 1 and np.abs(ours["rgb"] - theirs[..., :3]).mean() < 0.05
    if alpha is not None:
        assert np.abs(ours["alpha"].astype(int) - theirs[..., 3]).max() <= 1
    if kind == "grey":
        assert (np.ptp(ours["rgb"], axis=2) == 0).all()


def sheet(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A drawing as the page sends it: lines and dabs, RGBA of 512 pixels."""
    lines, dabs = np.zeros((512, 512, 4), np.uint8), np.zeros((512, 512, 4), np.uint8)
    cv2.ellipse(lines, (256, 268), (138, 190), 0, 0, 360, (21, 23, 28, 255), 1)
    cv2.polylines(lines, [rng.integers(150, 350, (9, 1, 2)).astype(np.int32)], False, (21, 23, 28, 255), 3)
    for centre, color in (((200, 240), (30, 90, 160, 255)), ((256, 376), (190, 60, 70, 255))):
        cv2.circle(dabs, centre, 30, color, -1)
    return lines, dabs


@pytest.mark.parametrize("painted", [True, False])
def test_faces_from_lines_are_pythons(own, painted):
    lines, dabs = sheet(np.random.default_rng(3))
    make = FaceFromLines(Drawn(), PhotoEnlarging(Fourfold(), "cpu"), "cpu")
    theirs = make(Image.fromarray(lines), Image.fromarray(dabs) if painted else None, seed=4, num_faces=2).images
    layers = [{"rgb": layer[..., :3], "alpha": layer[..., 3]} for layer in (lines, dabs)]
    drawing = {"sketch": layers[0], "color": layers[1] if painted else None}
    given = {**own["lines"], "enlarge": own["enlarge"]}
    ours = call("lines", "facesFrom", drawing, Callback("drawn"), Callback("fourfold"), given, {"seed": 4, "candidates": 2})
    assert len(ours) == 2
    for mine, other in zip(ours, theirs, strict=True):
        apart = np.abs(mine["rgb"].astype(int) - np.asarray(other))
        assert apart.shape == (512, 512, 3) and np.quantile(apart, 0.99) <= 1 and apart.mean() < 0.3


def test_no_thin_line_of_a_drawing_is_lost(own):
    lines, _ = sheet(np.random.default_rng(5))
    ours = call("lines", "linesOf", lines[..., 3], 128)
    assert np.array_equal(ours.reshape(128, 128), read_lines(Image.fromarray(lines), 128))


def test_an_empty_drawing_is_refused_in_the_same_words(own):
    layer = {"rgb": np.zeros((512, 512, 3), np.uint8), "alpha": np.zeros((512, 512), np.uint8)}
    layer["alpha"][:4, :4] = 255
    drawing = {"sketch": layer, "color": None}, Callback("drawn"), Callback("fourfold")
    with pytest.raises(ValueError, match="next to nothing in the drawing: draw the outline"):
        call("lines", "facesFrom", *drawing, {**own["lines"], "enlarge": own["enlarge"]})


def test_the_blur_before_an_enlargement_is_opencvs(face):
    assert np.array_equal(call("filters", "blurredColors", face), cv2.GaussianBlur(face, (3, 3), 0))


@pytest.mark.parametrize(("feather", "width"), [(4, 40), (12, 40), (40, 12), (1, 40)])
def test_a_feathered_mask_is_as_soft_as_pythons(feather, width):
    """Also where a thin stroke fades so far that what is repainted is wider than the stroke."""
    mask = np.zeros((200, 240), np.uint8)
    cv2.line(mask, (0, 60), (150, 110), 255, width)  # over the photograph's border
    theirs = read_mask(Image.fromarray(mask).filter(ImageFilter.GaussianBlur(feather / 2)), mask.shape, invert=False)
    rows, columns = np.nonzero(mask)
    x, y = int(columns.min()), int(rows.min())
    frame = [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]
    own = (mask[y : y + frame[3], x : x + frame[2]] > 0).astype(np.uint8)
    ours = call("feather", "feathered", own, frame, {"width": 240, "height": 200}, feather)
    (left, top, wide, high), hole, weight = ours["frame"], np.zeros(mask.shape, bool), np.zeros(mask.shape, int)
    hole[top : top + high, left : left + wide] = ours["hole"]
    assert np.array_equal(hole, theirs.hole)
    assert (ours["weight"] is None) == (theirs.weight is None) == (feather == 1)
    if theirs.weight is not None:
        weight[top : top + high, left : left + wide] = ours["weight"]
        assert np.abs(weight - theirs.weight)[hole].max() <= 1


@pytest.mark.parametrize("alpha", [False, True])
def test_an_edit_under_a_soft_mask_is_pythons(face, own, tmp_path, alpha):
    picture = np.dstack([face, np.full(face.shape[:2], 200, np.uint8)]) if alpha else face
    Image.fromarray(picture).save(tmp_path / "photo.png")
    mask = np.zeros((100, 120, 4), np.uint8)
    cv2.circle(mask, (60, 50), 40, (255, 192, 217, 255), -1)
    drawing = Drawing(str(tmp_path / "photo.png"), (90, 90, 120, 100), mask=Image.fromarray(mask))
    pipeline = NetworkAlone(FaceEditPipeline(Linear(), "cpu"))
    theirs = np.asarray(edit_drawing(pipeline, drawing, 5, 1, feather=16).image).astype(int)
    photo = {"rgb": face, "alpha": picture[..., 3] if alpha else None, "profile": None}
    drawn = {"mask": {"rgb": mask[..., :3], "alpha": mask[..., 3]}, "sketch": None, "color": None, "frame": [90, 90, 120, 100]}
    asked = drawn, Callback("network"), {**own["edit"], "work": 128}, {"seed": 5, "candidates": 1, "feather": 16}
    (ours,) = call("answers", "editAnswer", photo, *asked)
    apart = np.abs(ours["rgb"] - theirs[..., :3])
    assert apart.max() <= 1 and (theirs[..., :3] != face).any()
    if alpha:
        assert np.array_equal(ours["alpha"], theirs[..., 3])
