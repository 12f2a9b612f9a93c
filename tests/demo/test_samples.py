"""The examples: whole, inside their portraits, on faces that the detector finds, and what the script draws."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from scfegan_hf.demo.edits import face_frames
from scfegan_hf.demo.samples import PORTRAITS, SAMPLES, page_samples


def test_every_sample_is_whole():
    told = json.loads(json.dumps(page_samples()))
    assert [sample["title"] for sample in told["samples"]] == [sample.title for sample in SAMPLES] and len(SAMPLES) == 7
    for sample in told["samples"]:
        assert sample["photo"] in told["sample_photos"]
        assert {step["layer"] for step in sample["steps"]} <= {"mask", "sketch", "color"}
        assert sample["steps"][0]["layer"] == "mask"
        points = np.concatenate([step["points"] for step in sample["steps"]])
        assert np.abs(points).max() < 0.5
        thumbnail = Image.open(io.BytesIO(base64.b64decode(sample["thumbnail"].split(",")[1])))
        assert thumbnail.size == (168, 168)


@pytest.mark.parametrize("name", ["woman", "man"])
def test_the_portraits_have_a_face(name):
    assert len(face_frames(PORTRAITS / f"{name}.jpg")) == 1
