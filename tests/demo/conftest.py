"""A real but tiny pipeline that remembers what it was asked, and the app served around it."""

import threading

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline, SCFEGANGenerator


class RememberingPipeline(FaceEditPipeline):
    """Keeps the arguments of its last call, and waits while its gate is closed."""

    last: tuple = ()

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, image, mask, sketch=None, color=None, **options):
        assert self.gate.wait(60)
        self.last = (image, mask, sketch, color, options)
        return super().__call__(image, mask, sketch, color, **options)


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
