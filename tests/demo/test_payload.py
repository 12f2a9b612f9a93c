"""What comes from outside: every malformed payload is refused in words, and a sound one becomes pictures."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from scfegan_hf.demo.payload import (
    CANVAS_SIDE,
    MAX_LAYER_BYTES,
    PNG_URL,
    FileGoneError,
    canvas_size,
    layer_url,
    photo_size,
    place_on_photo,
    read_candidates,
    read_drawing,
    read_frame,
    read_layer,
    read_seed,
    uploaded_file,
)


def layer(size=(40, 30), box=(5, 5, 15, 10), paint=(200, 30, 60, 255)) -> Image.Image:
    image = Image.new("RGBA", size)
    image.paste(paint, box)
    return image


def url_of(image: Image.Image, form: str = "PNG") -> str:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return PNG_URL + base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    (folder / "abc").mkdir(parents=True)
    Image.new("RGB", (80, 60)).save(folder / "abc" / "me.png")
    Image.new("RGB", (80, 60)).save(tmp_path / "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    return folder


def test_a_sound_payload_becomes_pictures(uploads):
    drawing = read_drawing(
        {"photo": {"path": str(uploads / "abc/me.png")}, "frame": [3, 4, 40, 30], "mask": layer_url(layer()), "color": None},
        uploads,
    )
    assert drawing.photo == str((uploads / "abc/me.png").resolve())
    assert np.array_equal(np.asarray(drawing.mask), np.asarray(layer()))
    assert drawing.sketch is None and drawing.color is None and drawing.frame == (3, 4, 40, 30)
    assert read_drawing(None, uploads).photo is None


@pytest.mark.parametrize("payload", ["text", [1, 2], 7, {"mask": 7}, {"mask": {"path": "x"}}, {"sketch": ["data"]}])
def test_wrong_types_are_refused(payload, uploads):
    with pytest.raises(ValueError, match="did not arrive whole"):
        read_drawing(payload, uploads)


broken = url_of(Image.effect_noise((64, 64), 90))
REFUSED_LAYERS = {
    "no data URL": "https://example.org/a.png",
    "another type": "data:image/svg+xml;base64,PHN2Zy8+",
    "not base64": PNG_URL + "****",
    "not ASCII": PNG_URL + "ää==",
    "no picture": PNG_URL + base64.b64encode(b"hello").decode(),
    "a JPEG": url_of(Image.new("RGB", (8, 8)), "JPEG"),
    "cut short": broken[: len(PNG_URL) + 4 * ((len(broken) - len(PNG_URL)) // 8)],
    "too wide": url_of(Image.new("RGBA", (CANVAS_SIDE + 1, 4))),
    "a bomb": url_of(Image.new("1", (20000, 20000))),
    "too long": PNG_URL + "A" * (2 * MAX_LAYER_BYTES),
}


@pytest.mark.parametrize("data", REFUSED_LAYERS.values(), ids=REFUSED_LAYERS.keys())
def test_malformed_layers_are_refused(data):
    with pytest.raises(ValueError, match="did not arrive whole"):
        read_layer(data)


def test_layers_must_be_of_one_size(uploads):
    with pytest.raises(ValueError, match="did not arrive whole"):
        read_drawing({"mask": url_of(layer()), "sketch": url_of(layer((41, 30)))}, uploads)


def test_soft_edges_become_hard_and_nothing_drawn_becomes_none():
    image = layer()
    image.putpixel((0, 0), (9, 9, 9, 127))
    image.putpixel((1, 0), (9, 9, 9, 128))
    alpha = np.asarray(read_layer(url_of(image)))[..., 3]
    assert alpha[0, 0] == 0 and alpha[0, 1] == 255
    assert read_layer(url_of(Image.new("RGBA", (8, 8)))) is None


FOREIGN_PATHS = ["/etc/passwd", "../secret.png", "link.png", "abc/../../secret.png", "abc", "gone.png", "a\0b"]


@pytest.mark.parametrize("path", FOREIGN_PATHS)
def test_only_uploaded_files_are_read(path, uploads):
    with pytest.raises(ValueError, match="photo") as error:
        uploaded_file({"path": str(uploads / path)}, uploads, "photo")
    assert str(uploads) not in str(error.value)


def test_a_photo_that_was_deleted_is_told_apart(uploads):
    with pytest.raises(FileGoneError, match="no longer on the server"):
        uploaded_file({"path": str(uploads / "gone.png")}, uploads, "photo")


@pytest.mark.parametrize(
    "frame", ["0 0 1 1", [0, 0, 1], [0, 0, 0, 5], [-1, 0, 5, 5], [0.5, 0, 5, 5], [0, 0, 2**20, 5], [True, 0, 1, 1]]
)
def test_strange_frames_are_refused(frame):
    with pytest.raises(ValueError, match="did not arrive whole"):
        read_frame(frame)


@pytest.mark.parametrize("data", [None, "abc/me.png", {}, {"path": 3}])
def test_an_uploaded_file_is_described_by_a_path(data, uploads):
    with pytest.raises(ValueError, match="Give the mask"):
        uploaded_file(data, uploads, "mask")


def test_photo_size_heeds_the_orientation_tag(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 60)).save(tmp_path / "turned.jpg", exif=exif)
    assert photo_size(tmp_path / "turned.jpg") == (60, 80)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "can be read"), (b"hello", "can be read"), ((10000, 10000), "megapixels"), ((20000, 20000), "megapixels")],
)
def test_what_is_no_photo_is_refused(content, words, tmp_path):
    path = tmp_path / "photo.png"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        Image.new("1", content).save(path)
    with pytest.raises(ValueError, match=words) as error:
        photo_size(path)
    assert str(tmp_path) not in str(error.value)


def test_layers_are_scaled_by_repeating_pixels_and_put_where_their_frame_is():
    photo, frame = (4 * CANVAS_SIDE, 3 * CANVAS_SIDE), (500, 300, 3 * CANVAS_SIDE, 2 * CANVAS_SIDE)
    placed = place_on_photo(layer(canvas_size(frame[2:]), (100, 100, 300, 200)), frame, photo)
    assert placed.size == photo
    assert set(np.unique(np.asarray(placed)[..., 3])) == {0, 255}
    assert placed.getbbox() == (500 + 300, 300 + 300, 500 + 900, 300 + 600)
    assert place_on_photo(None, frame, photo) is None
    assert place_on_photo(layer(), None, (40, 30)).getbbox() == (5, 5, 15, 10)


@pytest.mark.parametrize(("frame", "photo"), [(None, (30, 40)), ((1, 0, 40, 30), (40, 30)), ((0, 0, 20, 30), (40, 30))])
def test_a_drawing_for_another_photo_is_refused(frame, photo):
    with pytest.raises(ValueError, match="another shape"):
        place_on_photo(layer((40, 30)), frame, photo)


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, "1", True, [1]])
def test_strange_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        read_seed(seed)


def test_seeds():
    assert read_seed(None) == 0 and read_seed(7) == 7


@pytest.mark.parametrize("count", [0, 5, 1.0, "2", True])
def test_strange_numbers_of_candidates_are_refused(count):
    with pytest.raises(ValueError, match="from 1 to 4"):
        read_candidates(count)


def test_candidates():
    assert read_candidates(None) == 1 and read_candidates(4) == 4
