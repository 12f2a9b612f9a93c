"""Results as files: what the photograph's file said is kept, put right, and a note of the edit added."""

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFilter
from PIL.JpegImagePlugin import get_sampling
from skimage.data import astronaut

from scfegan_hf.editing.metadata import MARK, marked_xmp
from scfegan_hf.editing.photos import read_photo
from scfegan_hf.editing.saving import encode_edited, save_edited, save_png

TERM = b"compositeWithTrainedAlgorithmicMedia"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="At sea"/></rdf:RDF></x:xmpmeta>'
)


def taken(**options) -> bytes:
    """A JPEG as a camera writes it, held upright: lying on its side in the file, with a preview, GPS and a profile."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x8298], exif[0x0112] = "Canon", "EOS R5", "(c) Jane Doe", 6
    exif[0x8769] = {0xA002: 120, 0xA003: 90, 0x9003: "2024:05:01 10:00:00"}
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 30.0)}
    data = io.BytesIO()
    profile = b"a profile" * 20
    picture = Image.fromarray(astronaut()[:90, 150:270])
    picture.save(data, "JPEG", exif=exif, dpi=(300, 200), xmp=XMP, comment="hello", icc_profile=profile, **options)
    return data.getvalue()


def edited(data: bytes) -> Image.Image:
    photo = read_photo(data)
    return photo.with_pixels(photo.rgb)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_metadata_is_kept_and_the_edit_noted(form):
    image = edited(taken(quality=90))
    with Image.open(io.BytesIO(encode_edited(image, form))) as saved:
        exif = saved.getexif()
        assert (exif[0x010F], exif[0x0110], exif[0x8298]) == ("Canon", "EOS R5", "(c) Jane Doe")
        assert exif.get(0x0112, 1) == 1 and saved.size == (90, 120)
        fields = exif.get_ifd(0x8769)
        assert (fields[0xA002], fields[0xA003], fields[0x9003]) == (90, 120, "2024:05:01 10:00:00")
        assert exif.get_ifd(0x8825)[2] == (48.0, 51.0, 30.0)
        assert exif[0x000B] == "scfegan_hf"
        assert saved.info["icc_profile"] == b"a profile" * 20
        if form != "WEBP":  # which has no place for it
            assert np.allclose(saved.info["dpi"], (200, 300), atol=0.1)
        xmp = exif[700] if form == "TIFF" else saved.info.get("xmp") or saved.info["XML:com.adobe.xmp"].encode()
        assert TERM in xmp and b'dc:title="At sea"' in xmp
        if form in ("PNG", "JPEG"):
            comment = saved.info["Comment" if form == "PNG" else "comment"]
            assert (comment if isinstance(comment, str) else comment.decode()) == f"hello\n{MARK}"
        if form != "JPEG":
            assert np.array_equal(saved, image)


def test_no_preview_of_what_was_there_before():
    """A camera's EXIF has a small picture in it."""
    exif = Image.Exif()
    exif[0x010F] = "Canon"
    small = io.BytesIO()
    Image.fromarray(astronaut()).resize((40, 40)).save(small, "JPEG")
    block = exif.tobytes()  # "Exif", a header of eight bytes, a directory with one tag of twelve, where the next one is
    start = len(block) - 6
    directory = struct.pack(">HHHIIHHIII", 2, 0x0201, 4, 1, start + 30, 0x0202, 4, 1, len(small.getvalue()), 0)
    block = block[:28] + struct.pack(">I", start) + block[32:] + directory + small.getvalue()
    data = io.BytesIO()
    Image.fromarray(astronaut()[:90, :100]).save(data, "JPEG", exif=block)
    assert Image.open(io.BytesIO(data.getvalue())).getexif().get_ifd(ExifTags.IFD.IFD1)[0x0202] == len(small.getvalue())
    for form in ("PNG", "JPEG", "WEBP"):
        written = encode_edited(edited(data.getvalue()), form)
        assert small.getvalue()[:200] not in written
        with Image.open(io.BytesIO(written)) as saved:
            assert saved.getexif()[0x010F] == "Canon" and not saved.getexif().get_ifd(ExifTags.IFD.IFD1)


def test_a_jpeg_is_saved_as_the_photograph_was():
    for sampling in (0, 1, 2):
        source = Image.open(io.BytesIO(taken(quality=71, subsampling=sampling)))
        with Image.open(io.BytesIO(encode_edited(edited(taken(quality=71, subsampling=sampling)), "JPEG"))) as saved:
            assert saved.quantization == source.quantization and get_sampling(saved) == sampling
    small, large = (len(encode_edited(edited(taken()), "JPEG", quality)) for quality in (30, 95))
    assert small < large
    plain = Image.fromarray(astronaut()).filter(ImageFilter.SMOOTH)
    with Image.open(io.BytesIO(encode_edited(plain, "JPEG"))) as saved:
        assert get_sampling(saved) == 0 and np.abs(np.asarray(saved).astype(int) - np.asarray(plain)).mean() < 2


def test_refusals_in_words(tmp_path):
    image = Image.fromarray(astronaut()[:80, :80])
    with pytest.raises(ValueError, match=r"must end in one of \.png"):
        save_edited(image, tmp_path / "out.bmp")
    for form, quality in (("PNG", 90), ("JPEG", 0), ("JPEG", 101)):
        with pytest.raises(ValueError, match="quality, from 1 to 100"):
            encode_edited(image, form, quality)
    with pytest.raises(ValueError, match="transparency"):
        encode_edited(image.convert("RGBA"), "JPEG")
    assert not any(tmp_path.iterdir())


def test_missing_folders_are_made(tmp_path):
    image = Image.fromarray(astronaut()[:80, :80])
    for save, name in ((save_edited, "a/b/out.webp"), (save_png, "c/d/out.png")):
        save(image, tmp_path / name)
        assert np.array_equal(Image.open(tmp_path / name).convert("RGB"), image)


def test_the_note_in_xmp():
    assert marked_xmp(XMP).count(TERM) == 1 and b"At sea" in marked_xmp(XMP)
    assert marked_xmp(marked_xmp(XMP)).count(TERM) == 1  # edited twice
    bare = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>'
    assert TERM in marked_xmp(bare) and marked_xmp(bare).endswith(b"</x:xmpmeta>")
    for other in (None, b"\xff\xfe<\x00", b"<rdf:RDF/>"):
        assert marked_xmp(other).startswith(b"<x:xmpmeta") and TERM in marked_xmp(other)


def test_comments_are_marked_once():
    data = encode_edited(edited(taken()), "PNG")
    assert Image.open(io.BytesIO(encode_edited(edited(data), "PNG"))).info["Comment"] == f"hello\n{MARK}"


def test_exif_that_cannot_be_read_is_left_out_with_a_word():
    data = io.BytesIO()
    Image.fromarray(astronaut()[:80, :80]).save(data, "PNG", exif=b"II*\0")
    photo = read_photo(data.getvalue())
    assert "exif" not in photo.info and photo.notes == ("The photo's EXIF data could not be read and is left out.",)
    encode_edited(photo.with_pixels(photo.rgb), "PNG")
