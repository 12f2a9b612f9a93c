"""A real but tiny pipeline, and the app served around it."""

import numpy as np
import pytest
from PIL import Image
from remembering import RememberingPipeline
from skimage.data import astronaut

from scfegan_hf import SCFEGANGenerator


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory) -> RememberingPipeline:
    folder = tmp_path_factory.mktemp("tiny")
    SCFEGANGenerator.preset("compact", width=4, resolution=128).save_pretrained(folder)
    return RememberingPipeline.from_pretrained(folder)


@pytest.fixture(scope="session")
def launched(pipeline):
    """The running app and its address."""
    from scfegan_hf.demo import launch

    app, address = launch(pipeline=pipeline, prevent_thread_lock=True)
    yield app, address.rstrip("/")
    app.close()


@pytest.fixture(scope="session")
def served(launched) -> str:
    return launched[1]


@pytest.fixture(scope="session")
def served_app(launched):
    return launched[0]


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """A face, 256x256."""
    return Image.fromarray(np.ascontiguousarray(astronaut()[:256, 96:352]))


@pytest.fixture(scope="session")
def photo_file(photo, tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    photo.save(path)
    return path
