"""Photographs as people have them: converted with a word, their metadata kept, bounded in size."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from scfegan_hf.editing.photos import read_photo
from scfegan_hf.formats import formats

SIDE = 80


def noise(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)).convert(mode)


def saved(image: Image.Image, form: str = "PNG", **options) -> bytes:
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def deep_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, (H, W, 3), which Pillow cannot write and reads with 8."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_sixteen_bits_become_eight_with_a_word():
    ramp = np.linspace(0, 65535, SIDE * SIDE).reshape(SIDE, SIDE)
    grey = np.round(ramp).astype(np.uint16)
    for data in (saved(Image.fromarray(grey)), saved(Image.fromarray(grey), "TIFF"), deep_png(np.dstack([grey] * 3))):
        photo = read_photo(data)
        assert np.abs(photo.rgb[..., 0] - ramp / 257).max() <= 1
        assert len(photo.notes) == 1 and "more than 8 bits" in photo.notes[0]


def test_four_inks_become_rgb_with_a_word():
    inks = Image.new("CMYK", (SIDE, SIDE), (0, 255, 255, 0))
    for data in (saved(inks, "JPEG", quality=95), saved(inks, "TIFF")):
        photo = read_photo(data)
        assert (np.abs(photo.rgb.astype(int) - (255, 0, 0)) <= 3).all()
        assert "CMYK" in photo.notes[0]


def test_lab_and_ycbcr_are_converted():
    lab = ImageCms.profileToProfile(
        Image.new("RGB", (SIDE, SIDE), (200, 80, 40)),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert np.abs(read_photo(saved(lab, "TIFF")).rgb.astype(int) - (200, 80, 40)).max() <= 4
    assert np.abs(read_photo(noise().convert("YCbCr")).rgb.astype(int) - np.asarray(noise())).max() <= 3


def test_of_several_pages_the_first_is_taken_with_a_word():
    data = saved(noise(), "TIFF", save_all=True, append_images=[noise("L")])
    photo = read_photo(data)
    assert np.array_equal(photo.rgb, noise()) and "2 pages" in photo.notes[0]


def test_heif():
    formats()  # registers its writer too
    smooth = noise().resize((8, 8)).resize((SIDE, SIDE + 20), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "A phone", 6
    photo = read_photo(saved(smooth, "HEIF", quality=90, exif=exif))
    expected = np.asarray(smooth)  # a HEIF says by a box of its own how it is turned
    assert photo.rgb.shape == expected.shape and np.abs(photo.rgb.astype(int) - expected).mean() < 4
    kept = Image.Exif()
    kept.load(photo.info["exif"])
    assert kept[0x010F] == "A phone" and kept[0x0112] == 1 and photo.notes == ()


@pytest.mark.parametrize("pixels", [90_000_000, 99_990_000])
def test_up_to_a_hundred_megapixels(pixels):
    """Those of 89 and more Pillow itself warns of, and warnings are errors here."""
    flat = Image.new("1", (10_000, pixels // 10_000))
    photo = read_photo(saved(flat))
    assert photo.rgb.shape == (pixels // 10_000, 10_000, 3)


def test_more_are_refused():
    for data in (Image.new("1", (10_000, 10_001)), Image.new("1", (20_000, 20_000))):
        with pytest.raises(ValueError, match="more than 100 megapixels"):
            read_photo(saved(data))


def test_what_nobody_sees():
    rgba = np.dstack([np.asarray(noise()), np.full((SIDE, SIDE), 255, np.uint8)])
    assert read_photo(rgba).unseen is None and read_photo(rgba[..., :3]).unseen is None
    rgba[:10, :, 3], rgba[10:20, :, 3] = 0, 30
    unseen = read_photo(rgba).unseen
    assert unseen[:10].all() and not unseen[10:].any()
