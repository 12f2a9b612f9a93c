"""Painted make-up on drawn faces: its places, its layers, and the samples made of it."""

import numpy as np
import pytest
import torch

from scfegan_hf.editing.tones import to_lab
from scfegan_hf.faces.made_up import close_square, decode_landmarked, makeup_sample, random_look
from scfegan_hf.faces.makeup import GROUPS, Look, Tint, changes, fine_detail, layers_of, painted, smoothed
from scfegan_hf.faces.makeup_places import LAYERS, places
from scfegan_hf.faces.regions import REGIONS

LOOK = Look("#b00030", "#405090", "#101010", "#e06070", "#d0a080")


@pytest.fixture
def face(draw_face):
    return natural(draw_face(3, 256))


def natural(face: dict) -> dict:
    """A drawn face in colours of skin, which a tint can change without leaving the gamut."""
    palette = np.full((len(REGIONS), 3), (196, 154, 130))
    palette[[REGIONS.index("lips"), REGIONS.index("hair")]] = (164, 100, 96), (70, 50, 40)
    shade = np.linspace(-15, 15, face["image"].shape[1])[None, :, None]
    return {**face, "image": (palette[face["regions"]] + shade).astype(np.uint8)}


@pytest.fixture
def where(face):
    return places(face["landmarks"], face["regions"])


def test_each_layer_lies_where_it_belongs(face, where):
    points, regions = face["landmarks"], face["regions"]
    assert where.masks.shape == (5, 256, 256) and where.masks.min() == 0 and 0.5 < where.masks.max() <= 1
    lips = where.mask("lips") > 0.5
    assert (regions[lips] == REGIONS.index("lips")).mean() > 0.85
    for layer in ("shadow", "liner"):
        mask = where.mask(layer)
        assert mask[int(points[96, 1]), int(points[96, 0])] == 0  # no pupil
        rows = np.flatnonzero((mask > 0.3).any(1))
        assert points[33:38, 1].min() - 2 < rows.min() and rows.max() < points[60:76, 1].max()  # from the brow to the lids
    assert (where.mask("liner") > 0.3).sum() < 0.5 * (where.mask("shadow") > 0.15).sum()
    blush = where.mask("blush")
    halves = blush[:, :128].sum(), blush[:, 128:].sum()
    assert 0.8 < halves[0] / halves[1] < 1.25
    height = np.average(np.arange(256), weights=blush.sum(1))
    assert points[60:76, 1].max() < height < points[76:88, 1].min()
    hair = regions == REGIONS.index("hair")
    assert (where.masks[:, hair] < 0.55).all() and not where.masks[:, :10].any()
    assert where.mask("foundation")[int(points[54, 1]), int(points[54, 0])] > 0.9


def test_the_inside_of_an_open_mouth_is_left_out(face):
    points = face["landmarks"].copy()
    middle = points[88:96, 1].mean()
    shut, open_ = points.copy(), points.copy()
    shut[88:96, 1] = middle
    open_[[89, 90, 91], 1] = middle - 9
    open_[[93, 94, 95], 1] = middle + 9
    open_[83:88, 1] += 9
    x = int(points[88:96, 0].mean())
    assert places(open_, face["regions"]).mask("lips")[int(middle), x] < 0.05
    assert places(shut, face["regions"]).mask("lips")[int(middle), x] > 0.9


def test_masks_grow_with_the_face(draw_face):
    small, large = (draw_face(3, size) for size in (128, 512))
    shares = [[places(each["landmarks"], each["regions"]).mask(layer).mean() for layer in LAYERS] for each in (small, large)]
    np.testing.assert_allclose(*shares, rtol=0.5)


def test_a_face_without_landmarks_or_size_is_refused(face):
    with pytest.raises(ValueError, match="needs the 98 landmarks"):
        places(np.zeros((0, 2), np.float32), face["regions"])
    with pytest.raises(ValueError, match="too small for make-up"):
        places(face["landmarks"] / 40, face["regions"])


def test_layers_add_up_and_leave_the_rest_as_it_is(face, where):
    image = face["image"]
    changed = changes(image, LOOK, where)
    assert set(changed) == set(LAYERS)
    detail = fine_detail(image, smoothed(image, where.apart))
    for layer, change in changed.items():
        outside = where.mask(layer) == 0
        assert not change.shift[outside].any() and not change.gain[outside].any() and change.shift.any()
        alone = painted(image, LOOK.only([layer]), where)
        assert (alone[outside] == image[outside]).all() and (alone != image).any()
        [own] = changes(image, LOOK.only([layer]), where).values()
        assert np.abs(alone - np.clip(image + own.on(detail), 0, 255)).max() <= 0.51
    total = np.clip(image + sum(change.on(detail) for change in changed.values()), 0, 255)
    assert np.abs(painted(image, LOOK, where) - total).max() <= 0.51
    assert (painted(image, Look(), where) == image).all() and (painted(image, LOOK, where, strength=0) == image).all()


def test_black_liner_is_black_on_any_shadow(face, where):
    image, core = face["image"], where.mask("liner") > 0.8
    shadow, liner = Tint("#3050d0", 0.9, 0.3), Tint("black", 1, 0.8)
    blue, alone, both = (
        painted(image, look, where) for look in (Look(shadow=shadow), Look(liner=liner), Look(None, shadow, liner))
    )
    lab = [to_lab(each[core].astype(np.float32)[None])[0].mean(0) for each in (image, blue, alone, both)]
    assert core.sum() > 20 and lab[1][2] < lab[0][2] - 15  # the shadow is blue there
    assert lab[2][0] < lab[0][0] - 25 and lab[3][0] < lab[1][0] - 20  # and liner is dark on skin and on it
    assert abs(lab[3][2]) < 0.6 * abs(lab[1][2])  # on which it does not become bluer


def test_a_colour_is_reached_as_far_as_its_tint_says(face, where):
    image = face["image"]
    core = where.mask("lips") > 0.9
    for strength, cover in ((1.0, 1.0), (1.0, 0.0), (0.5, 1.0)):
        result = painted(image, Look(Tint((150, 30, 60), strength, cover, 0)), where)
        before, after = (to_lab(each[core].astype(np.float32)[None])[0].mean(0) for each in (image, result))
        wanted = to_lab(np.float32([[[150, 30, 60]]]))[0, 0]
        share = (after - before) / (wanted - before)
        assert share[1] == pytest.approx(strength, abs=0.12) and share[0] == pytest.approx(strength * cover, abs=0.12)


def test_gloss_raises_or_lowers_fine_detail(face, where):
    rng = np.random.default_rng(0)
    image = np.clip(face["image"].astype(float) + rng.normal(0, 4, (256, 256, 1)), 0, 255).astype(np.uint8)
    skin = where.mask("foundation") > 0.95
    deviations = []
    for gloss in (-0.8, 0.0, 0.8):
        result = painted(image, Look(foundation=Tint((200, 160, 130), 0, 0, gloss)), where).astype(np.float32)
        deviations.append((result - smoothed(result, where.apart))[skin].std())
    assert deviations[0] < 0.6 * deviations[1] < 0.5 * deviations[2]


def test_tints_and_parts_in_words():
    assert Tint("crimson").color == (220, 20, 60) and Tint("#102030").on("lips").strength == 0.8
    assert Look("#b00030").lips == Tint("#b00030") and tuple(Look(liner="black").tints()) == ("liner",)
    for color in ("reddish", (1, 2), (300, 0, 0)):
        with pytest.raises(ValueError, match="colour"):
            Tint(color)
    with pytest.raises(ValueError, match="gloss of a tint lies from -1 to 1"):
        Tint("red", gloss=-2)
    assert layers_of(None) == LAYERS and layers_of(["eyes", "lips"]) == ("lips", "shadow", "liner")
    assert {layer for group in GROUPS.values() for layer in group} == set(LAYERS)
    for parts in (["nose"], []):
        with pytest.raises(ValueError, match="Parts to make up are"):
            layers_of(parts)


def test_samples_hold_their_truth(draw_face):
    row, other = draw_face(1), draw_face(2)
    kinds = set()
    for n in range(24):
        how = dict(resolution=64, seed=5, train=True)
        sample = makeup_sample(row, n, lambda choose: other, **how)
        changed = (sample["source"] + sample["changes"].sum(0)).clamp(-1, 1)
        close = (changed - sample["truth"]).abs() < 2.5 / 127.5
        assert close.float().mean() > 0.97  # the rest was clipped in the source
        outside = sample["masks"].sum(0) == 0
        assert torch.equal(sample["source"][:, outside], sample["truth"][:, outside]) and outside.any()
        removed = bool(sample["remove"].all())
        assert removed == bool(sample["remove"].any()) == bool((sample["reference"].abs() < 0.01).all())
        kinds.add(removed)
        again = makeup_sample(row, n, lambda choose: other, **how)
        assert all(torch.equal(value, again[name]) for name, value in sample.items())
    assert kinds == {True, False}


def test_validation_takes_its_looks_by_turns_and_does_without_another_face(draw_face):
    row = draw_face(1)
    samples = [makeup_sample(row, n, None, resolution=64, seed=0, train=False) for n in (0, 1, 2)]
    assert [bool(sample["remove"].any()) for sample in samples] == [True, False, False]
    assert not torch.equal(samples[1]["truth"], samples[2]["truth"])


def test_a_mirrored_square_is_the_square_mirrored(draw_face):
    row = draw_face(1)
    plain, mirrored = close_square(row, 96), close_square(row, 96, mirrored=True)
    assert np.abs(plain.image[:, ::-1].astype(int) - mirrored.image).mean() < 6
    assert np.abs(plain.places.masks[:, :, ::-1] - mirrored.places.masks).mean() < 0.01


def test_looks_are_as_various_as_people_are():
    rng = np.random.default_rng(0)
    looks = [random_look(rng) for _ in range(300)]
    share = {layer: np.mean([layer in look.tints() for look in looks]) for layer in LAYERS}
    assert 0.75 < share["lips"] < 0.95 and 0.25 < share["foundation"] < 0.55
    lips = np.array([look.lips.color for look in looks if look.lips])
    assert (lips[:, 0] > lips[:, 1]).mean() > 0.8 and lips.std(0).min() > 25


def test_a_row_without_landmarks_is_passed_over(landmark_rows):
    assert decode_landmarked(landmark_rows[0])["landmarks"].shape == (98, 2)
    with pytest.raises(ValueError, match="no landmarks"):
        decode_landmarked({**landmark_rows[0], "landmarks": []})
