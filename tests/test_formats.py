"""Pictures are opened by a list of formats, at a known cost, and refused in words of ours that name them."""

import io
import re
import struct

import numpy as np
import pytest
from PIL import Image

from scfegan_hf.editing.marks import read_color, read_mask
from scfegan_hf.editing.photos import read_photo
from scfegan_hf.formats import MAX_SCANS, formats, is_animation, load, open_picture, orientation, seen_size, upright

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n{ } loop\n"


def encoded(form: str, image: Image.Image | None = None, **options) -> bytes:
    data = io.BytesIO()
    (image or Image.effect_noise((80, 96), 60).convert("RGB")).save(data, form, **options)
    return data.getvalue()


def with_scans(count: int) -> bytes:
    """A progressive JPEG with its first scan given again and again."""
    data = encoded("JPEG", progressive=True)
    first, second = (match.start() for match in list(re.finditer(rb"\xff\xda", data))[:2])
    header = data[first : first + 2 + int.from_bytes(data[first + 2 : first + 4], "big")]
    return data[:second] + (header + b"\x00") * count + data[second:]


def with_a_page_without_size() -> bytes:
    """A TIFF whose second directory has one tag, and that is no size."""
    data = bytearray(encoded("TIFF"))
    directory = struct.unpack("<I", data[4:8])[0]
    entries = struct.unpack("<H", data[directory : directory + 2])[0]
    following = directory + 2 + 12 * entries
    data[following : following + 4] = struct.pack("<I", len(data))
    return bytes(data) + struct.pack("<HHHIII", 1, 262, 3, 1, 2, 0)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "JPEG2000", "MPO"])
def test_formats_of_the_list_are_read(form):
    with open_picture(encoded(form)) as image:
        assert load(image).size == (80, 96) and not is_animation(image)


@pytest.mark.parametrize(
    "data",
    [EPS, *(encoded(form) for form in ("QOI", "DDS", "PPM", "TGA", "PCX", "ICO", "SGI")), b"", b"hello"],
    ids=["EPS", "QOI", "DDS", "PPM", "TGA", "PCX", "ICO", "SGI", "nothing", "text"],
)
def test_others_are_refused(data):
    for read in (open_picture, read_photo):
        with pytest.raises(ValueError, match=r"^The photo is not a picture that can be read\. Give a PNG or JPEG file\.$"):
            read(data)
    with pytest.raises(ValueError, match="^The mask is not a picture"):
        read_mask(data, (96, 80))


def test_ghostscript_is_not_asked(monkeypatch):
    """Pillow starts it for what is EPS inside, whatever the file's name is."""
    monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("another program was started"))
    with pytest.raises(ValueError, match="not a picture"):
        read_photo(EPS)


def test_scans_are_counted_before_they_are_decoded():
    assert read_photo(with_scans(MAX_SCANS // 2)).rgb.shape == (96, 80, 3)
    with pytest.raises(ValueError, match="would take very long to read"):
        read_photo(with_scans(MAX_SCANS))


def test_only_scans_of_the_picture_itself_are_counted():
    """Its thumbnail and what a phone appends are other files."""
    data = encoded("JPEG")
    many = b"\xff\xda" * 2 * MAX_SCANS
    segment = b"\xff\xef" + struct.pack(">H", 2 + len(many)) + many
    for harmless in (data[:2] + segment + data[2:], data + many):
        assert read_photo(harmless).rgb.shape == (96, 80, 3)


def test_a_tiff_in_very_many_pieces_is_refused(monkeypatch):
    monkeypatch.setattr("scfegan_hf.formats.MAX_TILES", 5)
    data = encoded("TIFF", tiffinfo={278: 8})  # twelve strips of eight rows
    with pytest.raises(ValueError, match="would take very long"):
        read_photo(data)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"I", b"II*\0", b"abcdefgh", b"Exif\0\0MM\0*"])
def test_an_orientation_that_cannot_be_read_is_none(form, exif):
    data = encoded(form, exif=exif)
    with pytest.raises((SyntaxError, struct.error)), Image.open(io.BytesIO(data)) as image:
        image.getexif()
    with open_picture(data) as image:
        assert orientation(image) == 1 and seen_size(image) == (80, 96)
        assert upright(image) is image
    assert read_photo(data).rgb.shape == (96, 80, 3)


@pytest.mark.parametrize("value", range(1, 9))
def test_orientations(value):
    exif = Image.Exif()
    exif[0x0112] = value
    data = encoded("PNG", exif=exif)
    with open_picture(data) as image, Image.open(io.BytesIO(data)) as by_pillow:
        from PIL import ImageOps

        expected = ImageOps.exif_transpose(by_pillow)
        assert seen_size(image) == expected.size
        assert np.array_equal(np.asarray(upright(load(image))), np.asarray(expected))


def test_a_second_page_without_a_size_is_damage():
    with pytest.raises(ValueError, match="animation|damaged"):
        read_photo(with_a_page_without_size())


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "JPEG2000", "BMP"])
def test_cut_short_and_altered_files_are_pictures_or_refused_in_our_words(form):
    """Two hundred damaged files of each format; whatever Pillow says over them stays inside."""
    data, rng = encoded(form), np.random.default_rng(0)
    ours = re.compile(r"^The photo (is damaged or|is not a picture|has more than|would take|is an animation|is in|is \d+x\d+)")
    for number in range(200):
        broken = bytearray(data)
        for at in rng.integers(0, min(len(data), 400 if number % 2 else len(data)), 1 + number % 7):
            broken[at] = rng.integers(256)
        if number % 3 == 0:
            broken = broken[: rng.integers(len(data))]
        try:
            read_photo(bytes(broken))
        except ValueError as error:
            assert ours.match(str(error)), error


def test_a_color_in_four_inks_is_no_color_with_transparency():
    ink = encoded("TIFF", Image.new("CMYK", (80, 96), (9, 9, 9, 255)))
    with pytest.raises(ValueError, match="must be RGBA"):
        read_color(ink, (96, 80))


def test_the_list_of_formats():
    assert set(formats()) >= {"PNG", "JPEG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "GIF", "JPEG2000"}
    assert not {"EPS", "PPM", "QOI", "DDS", "WMF", "PSD"} & set(formats())
