"""Guesses of what is not drawn, in the static site: the likeliest one is Python's."""

from unittest import mock

import numpy as np
import pytest
from node import NODE, call
from skimage.data import astronaut

from scfegan_hf import SCFEGANGenerator
from scfegan_hf.demo.web import cascade, settings
from scfegan_hf.editing.crops import context_of
from scfegan_hf.editing.guess import Guesser
from scfegan_hf.editing.looks import FaceLooks
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.faces import haar
from scfegan_hf.faces.annotate import FaceAnnotator, bundled
from scfegan_hf.models.face_prior import read_prior

pytestmark = pytest.mark.skipif(NODE is None, reason="NO NODE: the static site's engine was not tried; install nodejs")
PHOTO = np.ascontiguousarray(astronaut()[:300, 100:400])
PRIOR = str(BUNDLED_WEIGHTS / "prior" / "model.safetensors")


@pytest.fixture(scope="module")
def numbers() -> dict:
    return settings(SCFEGANGenerator.preset("plain", width=4, resolution=64))


class Given:
    """What a draw from the prior takes its normal values from."""

    def __init__(self, values: np.ndarray):
        self.values = values

    def standard_normal(self, count: int) -> np.ndarray:
        return self.values[:count]


def test_the_prior_says_the_same(numbers):
    rng, prior = np.random.default_rng(0), read_prior()
    face = np.clip(rng.normal(0, 0.4, (64, 64, 3)), -1, 1).astype(np.float32)
    unknown = np.zeros((64, 64), bool)
    unknown[20:34, 15:50] = True
    normal = rng.standard_normal(600).astype(np.float32)
    for draw in (None, Given(normal)):
        theirs = prior.guess(face, unknown, draw)
        ours = call("prior", "prior", PRIOR, numbers["guess"], face.ravel(), unknown.ravel(), draw and normal)
        assert np.abs(ours - theirs.ravel()).max() < 0.004  # half a level: PyTorch multiplies in float32


def test_a_photograph_s_guess_is_pythons(numbers, runtime, look):
    rough = [haar.haar_frame(box) for box in haar.haar_boxes(PHOTO)]
    eyes, corner = np.zeros(PHOTO.shape[:2], bool), np.zeros(PHOTO.shape[:2], bool)
    eyes[85:125, 75:160] = corner[240:290, 10:60] = True
    unseen = np.zeros_like(eyes)
    unseen[:, 150:158] = True

    def ours(rgb: np.ndarray, hole: np.ndarray, nothing: np.ndarray | None) -> dict | None:
        rows, cols = (np.flatnonzero(hole.any(axis)) for axis in (1, 0))
        box = [int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1]
        layer = hole[box[1] : box[3], box[0] : box[2]]
        given = rgb, rgb, layer, box[:2], nothing, look, cascade(), numbers
        return call("guess", "guess", PRIOR, box, 2.0, *given, runtime=runtime)

    with mock.patch.object(FaceAnnotator, "_rough_frames", lambda *_: rough):
        looks = FaceLooks(bundled())
        for nothing in (None, unseen):
            rgb = PHOTO if nothing is None else np.where(nothing[..., None], np.uint8(128), PHOTO)
            colors, where = Guesser.of(rgb, eyes, nothing, looks)()
            answer = ours(rgb, eyes, nothing)
            assert np.array_equal(answer["painted"] > 0, where[85:125, 75:160])
            apart = np.abs(answer["paint"].astype(int) - colors[85:125, 75:160])
            assert apart.mean() < 2 and (apart <= 6).mean() > 0.98  # frames differ by parts of a pixel
            frame = looks.nearest(rgb, (75, 85, 160, 125))
            assert answer["context"] == pytest.approx(context_of((75, 85, 160, 125), frame, 2.0), rel=0.02)
        assert Guesser.of(PHOTO, corner, None, looks) is None and ours(PHOTO, corner, None) is None
