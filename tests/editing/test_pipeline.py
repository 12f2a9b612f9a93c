"""FaceEditPipeline: pixels outside the mask, any size, clear errors, candidates."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
from scfegan_hf.editing.holes import hole_groups
from scfegan_hf.editing.looking import trace
from scfegan_hf.editing.pipeline import computing_dtype


@pytest.fixture(scope="module")
def pipe() -> FaceEditPipeline:
    torch.manual_seed(0)
    generator = SCFEGANGenerator.preset("compact", width=4, resolution=128)
    with torch.no_grad():  # a fresh network answers nearly its fill; this one changes what it is given
        generator.residual.head.weight.mul_(50)
    return FaceEditPipeline(generator, device="cpu")


@pytest.fixture
def photo() -> np.ndarray:
    return astronaut()[:256, 100:356].copy()


def disc(size: tuple[int, int], x: int, y: int, radius: int) -> np.ndarray:
    rows, cols = np.ogrid[: size[0], : size[1]]
    return ((cols - x) ** 2 + (rows - y) ** 2 <= radius**2).astype(np.uint8) * 255


def test_outside_the_mask_nothing_changes_and_inside_it_does(pipe, photo):
    mask = disc(photo.shape[:2], 120, 100, 30)
    result = np.asarray(pipe(photo, mask).image)
    assert result.shape == photo.shape and result.dtype == np.uint8
    assert (result[mask == 0] == photo[mask == 0]).all()
    assert (result[mask > 0] != photo[mask > 0]).any(1).mean() > 0.5


@pytest.mark.parametrize("size", [(64, 64), (65, 131), (700, 90), (90, 700), (1201, 801)])
def test_any_size(pipe, size):
    photo = np.asarray(Image.fromarray(astronaut()).resize(size[::-1]))
    mask = disc(size, size[1] // 2, size[0] // 2, 20)
    result = np.asarray(pipe(photo, mask).image)
    assert result.shape[:2] == size
    assert (result[mask == 0] == photo[mask == 0]).all() and (result != photo).any()


def test_a_mask_over_everything_and_at_the_borders(pipe, photo):
    assert (np.asarray(pipe(photo, np.full(photo.shape[:2], 255, np.uint8), invert=False).image) != photo).mean() > 0.5
    corner = np.zeros(photo.shape[:2], np.uint8)
    corner[-20:, -30:] = 1
    result = np.asarray(pipe(photo, corner).image)
    assert (result[corner == 0] == photo[corner == 0]).all() and (result != photo).any()


def test_what_was_erased_does_not_matter(pipe, photo):
    """Beyond the seam the answer depends on what is around the hole, not on what was in it.

    Without detail pass and guess, which look for faces in the photograph as it was, for they are often in the hole.
    """
    mask = disc(photo.shape[:2], 120, 100, 40)
    other = photo.copy()
    other[disc(photo.shape[:2], 120, 100, 38) > 0] = (255, 0, 255)
    deep = disc(photo.shape[:2], 120, 100, 28) > 0
    a, b = (np.asarray(pipe(x, mask, detail=False, guess=False).image).astype(int) for x in (photo, other))
    assert np.abs(a[deep] - b[deep]).max() <= 1


def test_sketch_and_color_are_heeded_inside_the_mask_only(pipe, photo):
    size = photo.shape[:2]
    mask = disc(size, 120, 100, 30)
    plain = np.asarray(pipe(photo, mask).image).astype(int)
    line = np.zeros(size, np.uint8)
    line[100, 95:145] = 255
    assert np.abs(np.asarray(pipe(photo, mask, sketch=line).image).astype(int) - plain)[mask > 0].max() > 2
    paint = np.zeros((*size, 4), np.uint8)
    paint[90:110, 110:130] = (0, 255, 0, 255)
    green = np.asarray(pipe(photo, mask, color=paint).image).astype(int)
    assert (green - plain)[95:105, 115:125, 1].mean() > 20
    outside = np.zeros(size, np.uint8)
    outside[200:210] = 255
    assert (np.asarray(pipe(photo, mask, sketch=outside).image) == plain).all()


def test_seed_and_candidates(pipe, photo):
    mask = disc(photo.shape[:2], 120, 100, 30)
    first, again = pipe(photo, mask, seed=3), pipe(photo, mask, seed=3, num_candidates=4)
    assert np.array_equal(first.image, again.image) and len(again.images) == 4
    for number in (0, 5):
        with pytest.raises(ValueError, match="num_candidates"):
            pipe(photo, mask, num_candidates=number)
    with pytest.raises(ValueError, match="seed"):
        pipe(photo, mask, seed=-1)


def test_candidates_differ_even_where_the_network_is_deaf_to_noise(photo):
    generator = SCFEGANGenerator.preset("compact", width=4, resolution=128)
    with torch.no_grad():
        generator.residual.head.weight.mul_(50)
        generator.residual.stem.weight[:, 4 * 8 : 4 * 9] = 0
    pipe, mask = FaceEditPipeline(generator, device="cpu"), disc(photo.shape[:2], 120, 100, 30)
    one, two = (pipe(photo, mask, seed=seed, detail=False, guess=False).image for seed in (1, 2))
    assert np.array_equal(one, two)  # deaf indeed
    images = [np.asarray(image) for image in pipe(photo, mask, num_candidates=4, guess=False).images]
    assert all(not np.array_equal(images[a], images[b]) for a in range(4) for b in range(a))


def test_far_holes_are_edited_separately_and_near_ones_together():
    hole = np.zeros((400, 800), bool)
    hole[50:80, 50:80] = hole[50:80, 100:130] = True  # two eyes
    hole[300:330, 700:740] = True
    assert sorted(hole_groups(hole)) == [(50, 50, 130, 80), (700, 300, 740, 330)]
    large = np.zeros((2000, 3000), bool)
    large[100:200, 100:200] = large[1500:1503, 2500:2900] = True
    assert sorted(hole_groups(large)) == [(100, 100, 200, 200), (2500, 1500, 2900, 1503)]
    specks = np.zeros((300, 300), bool)
    specks[::20, ::20] = True
    assert hole_groups(specks) == [(0, 0, 281, 281)]


def test_editing_separate_holes_equals_editing_them_one_by_one(pipe):
    photo = np.asarray(Image.fromarray(astronaut()).resize((900, 400)))
    a, b = disc((400, 900), 80, 80, 25), disc((400, 900), 780, 300, 25)
    both = np.asarray(pipe(photo, a | b).image)
    assert np.array_equal(both[:, :450], np.asarray(pipe(photo, a).image)[:, :450])


def test_transparency_profile_and_orientation_are_kept(pipe, photo, tmp_path):
    mask = disc(photo.shape[:2], 120, 100, 30)
    alpha = np.full(photo.shape[:2], 200, np.uint8)
    image = Image.fromarray(np.dstack([photo, alpha]))
    image.info["icc_profile"] = b"a profile"
    result = pipe(image, mask)
    assert result.image.mode == "RGBA" and (np.asarray(result.image)[..., 3] == 200).all()
    result.save(tmp_path / "out.png")
    saved = Image.open(tmp_path / "out.png")
    assert saved.info["icc_profile"] == b"a profile" and np.array_equal(saved, result.image)

    turned = Image.fromarray(photo[:200])
    exif = turned.getexif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    data = io.BytesIO()
    turned.save(data, "PNG", exif=exif)
    upright = np.rot90(photo[:200], -1)
    mask = disc(upright.shape[:2], 100, 100, 30)
    result = np.asarray(pipe(data.getvalue(), mask).image)
    assert (result[mask == 0] == upright[mask == 0]).all()
    with pytest.raises(ValueError, match=r"must end in one of \.png"):
        pipe(data.getvalue(), mask).save(tmp_path / "out.gif")


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def noise_image(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 80, 3), np.uint8)).convert(mode)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"this is no picture", "not a picture"),
        (b"", "not a picture"),
        (encoded(noise_image())[:2000], "damaged or cut short"),
        (encoded(noise_image(), "JPEG")[:900], "damaged or cut short"),
        (encoded(noise_image(), "GIF", save_all=True, append_images=[Image.new("RGB", (80, 80))]), "animation"),
        (encoded(Image.fromarray(np.full((80, 80), 7.5, np.float32)), "TIFF"), "8 bits"),
        (encoded(Image.new("RGB", (1, 1))), "at least 64x64"),
        (np.zeros((80, 80, 3), np.float32), "uint8"),
        (np.full((80, 80, 3), np.nan), "NaN"),
        (np.zeros((80, 80, 7), np.uint8), "shape"),
        (17, "PIL image"),
    ],
)
def test_bad_photos_are_refused_in_words(pipe, bad, message):
    with pytest.raises(ValueError, match=message):
        pipe(bad, np.ones((80, 80), np.uint8))


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(pipe):
    bomb = encoded(Image.new("1", (20_000, 20_000)))
    with pytest.raises(ValueError, match="megapixels"):
        pipe(bomb, np.ones((80, 80), np.uint8))


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "1"])
def test_other_modes_are_edited(pipe, mode):
    image = noise_image("L").convert(mode) if mode == "LA" else noise_image(mode)
    mask = disc((80, 80), 40, 40, 15)
    result = pipe(encoded(image), mask).image
    expected = np.asarray(image.convert(result.mode))
    assert (np.asarray(result)[mask == 0] == expected[mask == 0]).all()


def test_the_second_picture_of_a_phones_jpeg_is_no_animation(pipe):
    data = encoded(noise_image(), "MPO", save_all=True, append_images=[noise_image()])
    assert Image.open(io.BytesIO(data)).n_frames == 2
    assert pipe(data, disc((80, 80), 40, 40, 15)).image.size == (80, 80)


def test_a_pil_image_that_is_read_late_and_cut_short(pipe):
    late = Image.open(io.BytesIO(encoded(noise_image())[:2000]))
    with pytest.raises(ValueError, match="damaged or cut short"):
        pipe(late, disc((80, 80), 40, 40, 15))


def test_bad_drawings_are_refused_in_words(pipe, photo):
    mask = disc(photo.shape[:2], 120, 100, 30)
    for message, arguments in {
        "mask is 10x10": dict(mask=np.ones((10, 10), np.uint8)),
        "mask is empty": dict(mask=np.zeros_like(mask)),
        "Give a mask": dict(mask=None, sketch=mask),
        "sketch is 10x10": dict(mask=mask, sketch=np.ones((10, 10), np.uint8)),
        "sketch marks over half": dict(mask=mask, sketch=np.full_like(mask, 255)),
        "mask marks 92% of": dict(mask=255 - disc(photo.shape[:2], 120, 100, 40)),
        "must be RGBA": dict(mask=mask, color=photo),
        "color is 10x10": dict(mask=mask, color=np.zeros((10, 10, 4), np.uint8)),
    }.items():
        with pytest.raises(ValueError, match=message):
            pipe(photo, **arguments)
    with pytest.raises(FileNotFoundError, match="no photo at"):
        pipe("/nowhere/photo.png", mask)


def test_missing_weights_and_weights_of_another_shape(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        FaceEditPipeline.from_pretrained(tmp_path)
    SCFEGANGenerator.preset("compact", width=4).save_pretrained(tmp_path)
    assert FaceEditPipeline.from_pretrained(tmp_path).generator.in_channels == 10
    other = tmp_path / "other"
    SCFEGANGenerator.preset("paper", width=4).save_pretrained(other)
    (tmp_path / "model.safetensors").write_bytes((other / "model.safetensors").read_bytes())
    with pytest.raises(ValueError, match="do not fit"):
        FaceEditPipeline.from_pretrained(tmp_path)


def test_trace_finds_the_lines_of_a_drawn_face():
    picture = np.full((200, 200, 3), 230, np.uint8)
    picture[60:140, 60:140] = (120, 80, 60)
    lines = trace(picture)
    assert lines.shape == (200, 200) and set(np.unique(lines)) == {0, 255}
    assert lines[58:63, 70:130].any(0).mean() > 0.9 and not lines[90:110, 90:110].any()


def test_bfloat16_is_the_twin_of_float32_to_two_levels():
    """The weights in the package; what is the default on CPUs with instructions for it, against the plain path."""
    photo = astronaut()[:256, 100:356].copy()
    plain, quick = (FaceEditPipeline.from_pretrained(device="cpu", dtype=dtype) for dtype in ("float32", "bfloat16"))
    paint = np.zeros((256, 256, 4), np.uint8)
    paint[90:110, 110:130] = (150, 60, 60, 255)
    lines = trace(photo)
    for mask in (disc((256, 256), 100, 110, 15), disc((256, 256), 120, 100, 60), np.full((256, 256), 255, np.uint8)):
        for drawing in ((None, None), (lines, paint)):
            how = {"invert": False, "detail": False, "guess": False}
            a, b = (np.asarray(pipe(photo, mask, *drawing, **how).image).astype(int) for pipe in (plain, quick))
            assert np.abs(a - b).max() <= 2 and np.abs(a - b)[mask > 0].mean() < 0.5  # .33 with AMX
            assert (a != b).any()  # it is another computation indeed


def test_the_dtype_is_the_devices_unless_one_is_given(monkeypatch):
    for capabilities, expected in (
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True, "avx512_bf16": False}, torch.bfloat16),
        ({"avx512_f": True}, torch.float32),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=capabilities: found, raising=False)
        assert computing_dtype(torch.device("cpu")) == expected
        assert computing_dtype(torch.device("cuda")) == torch.float32
        for given, dtype in ((None, expected), ("float32", torch.float32), (torch.bfloat16, torch.bfloat16)):
            generator = FaceEditPipeline.from_pretrained(device="cpu", dtype=given, runtime="pytorch").generator
            assert {parameter.dtype for parameter in generator.parameters()} == {dtype}
    with pytest.raises(ValueError, match="dtype must be"):
        FaceEditPipeline.from_pretrained(device="cpu", dtype="")


def test_an_unknown_mode_is_refused(pipe, photo):
    with pytest.raises(ValueError, match="mode must be one of redraw, recolor.*not 'paint'"):
        pipe(photo, disc(photo.shape[:2], 120, 100, 30), mode="paint")


def with_alpha(photo: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.dstack([photo, alpha])


def test_what_lies_under_alpha_zero_is_no_context_and_the_hole_is_opaque(pipe, photo):
    """A cut-out whose hidden colours differ, the hole over its border; and a hole that was erased in the photo."""
    alpha = np.full(photo.shape[:2], 255, np.uint8)
    alpha[:, :110] = 0
    mask = disc(photo.shape[:2], 110, 100, 30)
    results = []
    for hidden in ((0, 0, 0), (255, 255, 255)):
        cut = photo.copy()
        cut[alpha == 0] = hidden
        results.append(np.asarray(pipe(with_alpha(cut, alpha), mask).image))
        assert (results[-1][mask == 0] == with_alpha(cut, alpha)[mask == 0]).all()
        assert (results[-1][mask > 0, 3] == 255).all()
    assert np.array_equal(results[0][mask > 0], results[1][mask > 0])


def test_a_feathered_mask_blends_as_softly_as_it_was_drawn(pipe, photo):
    """Where the weight is 0.75, three quarters of what a hard mask changes far from its seam; nothing below half."""
    import cv2

    soft = cv2.GaussianBlur(disc(photo.shape[:2], 120, 100, 60), (0, 0), 12)
    before = photo.astype(float)
    hard, result = (np.asarray(pipe(photo, mask).image) - before for mask in ((soft > 127).astype(np.uint8), soft))
    assert (result[soft < 127] == 0).all()
    share = np.clip((soft / soft.max() - 0.05) / 0.9, 0, 1)[..., None]
    off = np.abs(result - hard * share)[soft > 127].max(1)
    assert np.quantile(off, 0.95) <= 2  # a hard edge is cut off at black and white sooner
    assert (np.abs(hard).max(2) > 20)[(soft > 160) & (soft < 220)].any()


def test_what_a_drawing_cannot_do_is_said(pipe, photo):
    mask, line = disc(photo.shape[:2], 120, 100, 30), np.zeros(photo.shape[:2], np.uint8)
    line[200:203, 20:200] = 255
    paint = np.dstack([photo, line])
    assert pipe(photo, mask, sketch=mask).notes == ()
    notes = pipe(photo, mask, sketch=line, color=paint).notes
    assert [note.split(" lies wholly outside")[0] for note in notes] == ["The sketch", "The color"]
    inks = encoded(noise_image("CMYK"), "JPEG")
    assert "CMYK" in pipe(inks, disc((80, 80), 40, 40, 15)).notes[0]


def test_a_mask_can_be_inverted(pipe, photo):
    mask = disc(photo.shape[:2], 120, 100, 30)
    assert np.array_equal(pipe(photo, 255 - mask, invert=True).image, pipe(photo, mask).image)


def test_recolor_is_a_mode_that_heeds_the_mask(pipe, photo):
    mask = disc(photo.shape[:2], 200, 220, 20)
    paint = np.zeros((*photo.shape[:2], 4), np.uint8)
    paint[215:225, 195:205] = (40, 60, 160, 255)
    result = np.asarray(pipe(photo, mask, color=paint, mode="recolor").image)
    assert (result[mask == 0] == photo[mask == 0]).all() and (result[220, 200] != photo[220, 200]).any()
    with pytest.raises(ValueError, match="takes no lines"):
        pipe(photo, mask, sketch=mask, color=paint, mode="recolor")
