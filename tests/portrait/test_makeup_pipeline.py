"""Make-up by a look and by a tiny network, on the astronaut's photograph."""

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import Look, MakeupPipeline, Tint
from scfegan_hf.editing.tones import to_lab
from scfegan_hf.models.makeup import MakeupTransfer
from scfegan_hf.portrait.faces import AlignedFace, add_change, aligned_faces

STRONG = Look(lips="#a00030", shadow="#40508c", liner="#101010", blush="#e0607a", foundation=Tint("#d9b294"))


@pytest.fixture(scope="module")
def pipe() -> MakeupPipeline:
    return MakeupPipeline()


@pytest.fixture
def network() -> MakeupTransfer:
    """Untrained, with an answer of its own that is far from nothing."""
    import torch

    torch.manual_seed(1)
    network = MakeupTransfer(widths=[8, 8], encoder_blocks=[1], dilations=[1], decoder_blocks=[1], hidden=8, resolution=64)
    with torch.no_grad():
        network.whole.bias.uniform_(-0.4, 0.4)
        network.whole.weight.normal_(0, 0.3)
    return network


def lips_of(photo: np.ndarray) -> np.ndarray:
    """Where its lips are, bool (H, W)."""
    face = aligned_faces(photo)[0]
    x0, y0, x1, y1 = face.box
    lips = np.zeros(photo.shape[:2], bool)
    lips[y0:y1, x0:x1] = face.places.mask("lips") > 0.5
    return lips


@pytest.fixture(scope="module")
def made_up(pipe):
    return pipe(astronaut(), look=STRONG)


def test_a_look_changes_its_places_alone(made_up):
    photo, result = astronaut(), np.asarray(made_up.image)
    changed = (result != photo).any(2)
    assert changed.any() and not (changed & ~made_up.mask).any()
    assert 0.01 < made_up.mask.mean() < 0.12 and changed[made_up.mask].mean() > 0.7 and made_up.notes == ()
    lips = lips_of(photo)
    before, after = (to_lab(picture[lips].astype(np.float32)[None])[0].mean(0) for picture in (photo, result))
    assert after[1] > before[1] + 12  # much redder


def test_detail_stays(made_up):
    """The fine detail of the lips is the photograph's: the change is smooth."""
    y, x = np.nonzero(lips_of(astronaut()))
    box = np.s_[y.min() : y.max(), x.min() : x.max()]
    light = [picture[box].astype(np.float32).mean(2) for picture in (astronaut(), np.asarray(made_up.image))]
    fine = [(np.diff(each, axis=1)[:, 1:] - np.diff(each, axis=1)[:, :-1]).ravel() for each in light]
    assert np.corrcoef(*fine)[0, 1] > 0.85


def test_eyeballs_and_teeth_stay_as_they_are(made_up):
    face = aligned_faces(astronaut())[0]
    iris = np.isin(face.regions, [6])
    x0, y0, x1, y1 = face.box
    change = np.abs(np.asarray(made_up.image)[y0:y1, x0:x1].astype(int) - astronaut()[y0:y1, x0:x1]).max(2)
    assert iris.sum() > 20 and np.median(change[iris]) <= 3


@pytest.mark.parametrize("parts", ["lips", "eyes", "cheeks", "foundation"])
def test_parts_add_up(pipe, made_up, parts):
    """A part alone lies within the whole, and leaves the others as they are."""
    alone = pipe(astronaut(), look=STRONG, parts=parts)
    changed = (np.asarray(alone.image) != astronaut()).any(2)
    assert changed.any() and not (alone.mask & ~made_up.mask).any() and alone.mask.sum() < made_up.mask.sum()
    face = aligned_faces(astronaut())[0]
    rows = np.flatnonzero(changed.any(1)) - face.box[1]
    eyes, mouth = face.points[60:76, 1].max(), face.points[76:88, 1].min()
    if parts == "lips":
        assert rows.min() > eyes
    if parts == "eyes":
        assert rows.max() < mouth


def test_strength(pipe, made_up):
    none = pipe(astronaut(), look=STRONG, strength=0)
    assert (np.asarray(none.image) == astronaut()).all() and not none.mask.any()
    half = np.asarray(pipe(astronaut(), look=STRONG, strength=0.5).image).astype(float)
    whole = np.asarray(made_up.image).astype(float)
    clipped = (whole == 0) | (whole == 255)
    assert np.abs(half - (whole + astronaut()) / 2)[~clipped].max() <= 1


def test_a_photograph_of_any_size_has_the_same_look(pipe, made_up):
    """Twice as large: made small again it is the same picture."""
    small = Image.fromarray(astronaut())
    large = small.resize((1024, 1024), Image.Resampling.BICUBIC)
    result = pipe(large, look=STRONG)
    back = np.asarray(result.image.resize((512, 512), Image.Resampling.BOX)).astype(float)
    assert np.abs(back - np.asarray(made_up.image))[made_up.mask].mean() < 4
    assert not (np.asarray(result.image) != np.asarray(large))[~result.mask].any()


def test_a_large_face_is_changed_in_bands_as_in_one_piece(pipe, monkeypatch):
    large = Image.fromarray(astronaut()[:260, 90:350]).resize((1300, 1300), Image.Resampling.BICUBIC)
    whole = np.asarray(pipe(large, look=STRONG).image)
    monkeypatch.setattr("scfegan_hf.portrait.faces.BAND", 100_000)
    assert (np.asarray(pipe(large, look=STRONG).image) == whole).all()


def test_grey_stays_grey_and_transparency_stays(pipe):
    grey = Image.fromarray(astronaut()).convert("L")
    result = pipe(grey, look=STRONG)
    assert result.image.mode == "L" and (np.asarray(result.image) != np.asarray(grey)).any()
    clear = Image.fromarray(astronaut()).convert("RGBA")
    clear.putalpha(200)
    result = pipe(clear, look=STRONG)
    assert result.image.mode == "RGBA" and (np.asarray(result.image)[..., 3] == 200).all()


def test_several_faces(pipe):
    pair = np.concatenate([astronaut()[:300, 80:380], astronaut()[:300, 80:380][:, ::-1]], 1)
    one = pipe(pair, look=STRONG)
    assert "There are 2 faces" in one.notes[0] and (one.mask[:, :300].any() != one.mask[:, 300:].any())
    left, right, both = (pipe(pair, look=STRONG, face=face) for face in (0, 1, "all"))
    assert left.mask[:, :300].any() and not left.mask[:, 300:].any()
    assert right.mask[:, 300:].any() and not right.mask[:, :300].any()
    assert (both.mask == (left.mask | right.mask)).all() and both.notes == ()
    for face in (2, -1, "left", True):
        with pytest.raises(ValueError, match='from 0 to 1, counted from the left, or "all"'):
            pipe(pair, look=STRONG, face=face)


def test_a_reference_and_removal(network):
    pipe = MakeupPipeline(network)
    reference = astronaut()[:, ::-1].copy()
    carried, removed = pipe(astronaut(), reference), pipe(astronaut(), remove=True)
    for result in (carried, removed):
        changed = (np.asarray(result.image) != astronaut()).any(2)
        assert changed.any() and not (changed & ~result.mask).any()
    other = pipe(astronaut(), (reference // 2))
    assert (np.asarray(carried.image) != np.asarray(removed.image)).any()
    assert (np.asarray(carried.image) != np.asarray(other.image)).any()  # the reference counts
    lips = pipe(astronaut(), reference, parts=["lips"])
    assert lips.mask.sum() < 0.3 * carried.mask.sum()
    assert (np.asarray(pipe(astronaut(), reference, strength=0).image) == astronaut()).all()


def test_the_networks_answer_comes_to_lie_where_it_belongs(network):
    """The grid, taken through the close square to the crop, is what it would be at the square's own pixels."""
    import cv2

    pipe = MakeupPipeline(network)
    face = aligned_faces(astronaut())[0]
    close = face.close(network.resolution)
    changed = pipe._carried(face, None)
    mask = face.places.mask("foundation")
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(mask > 0.5, changed["foundation"].shift[..., 0] / mask, np.nan)
    seen = cv2.warpAffine(np.nan_to_num(shift, nan=999), close.matrix, (64, 64), flags=cv2.INTER_NEAREST, borderValue=999)
    import torch
    from torch.nn import functional as F

    from scfegan_hf.models.makeup import assemble_makeup

    source = torch.from_numpy(close.image.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
    flag = torch.ones(1, 1, 64, 64)
    grey, masks = torch.full_like(source, 128 / 127.5 - 1), torch.from_numpy(close.places.masks)[None]
    grid = network(assemble_makeup(source, grey, flag, masks))
    large = F.interpolate(grid[:, 4], 64, mode="bilinear")[0, 0].detach().numpy() * 127.5
    there = seen < 900
    assert there.sum() > 300 and np.abs(seen - large)[there].max() < 1.5


def test_what_does_not_fit_is_refused_in_words(pipe, network):
    whole = MakeupPipeline(network)
    for given in ({}, {"look": STRONG, "remove": True}, {"reference": astronaut(), "look": STRONG}):
        with pytest.raises(ValueError, match="one of a reference photograph, a look, or remove=True"):
            whole(astronaut(), **given)
    with pytest.raises(ValueError, match="no network for that"):
        pipe(astronaut(), remove=True)
    for strength in (-0.1, 2, float("nan")):
        with pytest.raises(ValueError, match="strength lies from 0 to 1.5"):
            pipe(astronaut(), look=STRONG, strength=strength)
    with pytest.raises(ValueError, match="Parts to make up are lips, eyes, cheeks, foundation, not 'nose'"):
        pipe(astronaut(), look=STRONG, parts=["nose"])
    wall = np.full((200, 200, 3), 90, np.uint8)
    with pytest.raises(ValueError, match="No face was found in the photo"):
        pipe(wall, look=STRONG)
    with pytest.raises(ValueError, match="No face was found in the reference"):
        whole(astronaut(), wall)
    with pytest.raises(ValueError, match="The reference is grey"):
        whole(astronaut(), Image.fromarray(astronaut()).convert("L"))


def test_a_result_is_saved_as_an_edit(made_up, tmp_path):
    made_up.save(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        assert "Edited" in image.text["Comment"] and (np.asarray(image) == np.asarray(made_up.image)).all()


def test_a_change_of_nothing_changes_nothing():
    from scfegan_hf.faces.makeup import Change

    face = aligned_faces(astronaut())[0]
    assert isinstance(face, AlignedFace)
    rgb = astronaut()
    nothing = Change(np.zeros(face.small.shape, np.float32), np.zeros(face.small.shape[:2], np.float32))
    assert not add_change(rgb, face, nothing).any() and (rgb == astronaut()).all()


def test_the_released_network_carries_colours_and_takes_them_off():
    """A reference painted strongly: lips and lids go most of the way that painting the photograph itself would."""
    pipe = MakeupPipeline.from_pretrained()
    look = Look(lips=Tint("#a00030", 0.9, 0.6), shadow=Tint("#3050a0", 0.9, 0.5), liner="black")
    painted = np.asarray(pipe(astronaut(), look=look).image)
    carried = np.asarray(pipe(astronaut()[:, ::-1].copy(), painted).image)[:, ::-1]
    removed = np.asarray(pipe(painted, remove=True).image)
    face = aligned_faces(astronaut())[0]
    x0, y0, x1, y1 = face.box
    for layer in ("lips", "shadow"):
        inside = np.zeros(astronaut().shape[:2], bool)
        inside[y0:y1, x0:x1] = face.places.mask(layer) > 0.6
        bare, wanted, had, back = (
            to_lab(picture[inside].astype(np.float32)[None])[0].mean(0) for picture in (astronaut(), painted, carried, removed)
        )
        way = np.linalg.norm(wanted - bare)
        assert way > 10 and np.linalg.norm(had - wanted) < 0.5 * way and np.linalg.norm(back - bare) < 0.75 * way, layer
