"""Glances at visitors' photos: looked at once, forgotten in time, and handed to the page."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf.demo import glances
from scfegan_hf.demo.glances import KEPT, SECONDS, Glances, patch
from scfegan_hf.demo.page_events import PageEvents
from scfegan_hf.portrait.glance import Glance, glance
from scfegan_hf.portrait.looked import Looked
from scfegan_hf.portrait.result import PortraitResult


@pytest.fixture
def looks(monkeypatch) -> list[str]:
    """The paths that were looked at."""
    seen = []
    monkeypatch.setattr(glances, "glance", lambda path: seen.append(path) or glance(np.full((64, 64, 3), 100, np.uint8)))
    return seen


def photos(folder, count: int) -> list[str]:
    paths = [str(folder / f"{number}.png") for number in range(count)]
    for path in paths:
        Image.new("RGB", (64, 64)).save(path)
    return paths


def test_a_photo_is_looked_at_once_and_forgotten_when_old_gone_or_one_of_many(tmp_path, looks):
    now = [0.0]
    kept, paths = Glances(clock=lambda: now[0]), photos(tmp_path, KEPT + 1)
    assert kept.at(paths[0]) is kept.at(paths[0]) and looks == paths[:1]
    now[0] = SECONDS
    kept.at(paths[0])
    assert looks == paths[:1] * 2
    for path in paths[1:]:
        kept.at(path)
    kept.at(paths[0])
    assert looks == [paths[0], *paths, paths[0]]
    (tmp_path / "0.png").unlink()
    with pytest.raises(FileNotFoundError):
        kept.at(paths[0])


def test_only_what_changed_is_sent_with_its_place(tmp_path):
    photo = astronaut()[:64, :96]
    seen = Glance(Looked(glance(photo).looked.photo, []), (100, 200), (2.0, 4.0))
    mask = np.zeros((64, 96), bool)
    mask[10:20, 30:60] = True
    answer = patch(seen, PortraitResult([Image.fromarray(photo)], (), ["x"], mask))
    assert answer["frame"] == [160, 240, 60, 40]
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["patch"].partition(",")[2]))))
    assert shown.shape == (10, 30, 3) and np.abs(shown.astype(int) - photo[10:20, 30:60]).mean() < 4
    see_through = Image.fromarray(np.dstack([photo, mask.astype(np.uint8) * 255]))
    answer = patch(seen, PortraitResult([see_through], (), ["x"], ~mask))
    assert answer["patch"].startswith("data:image/png") and answer["frame"] == [100, 200, 192, 256]
    assert patch(seen, PortraitResult([see_through], (), ["x"], mask & False)) == {}


@pytest.mark.parametrize("of", [None, "edit", ["style"], 3])
def test_what_the_page_never_asks_to_try_is_refused(of):
    class Sent:
        reply = {}

        def get(self, name):
            return of if name == "of" else None

    events = PageEvents.__new__(PageEvents)
    events._photo = lambda sent: None
    with pytest.raises(ValueError, match="did not arrive whole"):
        events.preview(Sent())
