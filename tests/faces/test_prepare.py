"""Photographs to Parquet shards: resumable, nothing silently dropped, readable by `datasets`."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from scfegan_hf.data.rows import load_rows
from scfegan_hf.faces import strokes
from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.landmarks import LEFT_EYE, OUTER_LIPS, RIGHT_EYE
from scfegan_hf.faces.prepare import PrepareOptions, edge_function, prepare_folder, prepare_photo
from scfegan_hf.faces.rows import decode_face

SQUARE = PrepareOptions(size=64, align=False)


def png(array: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG")
    return data.getvalue()


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.fixture(scope="module")
def astronaut():
    return pytest.importorskip("skimage.data").astronaut()


@pytest.fixture
def photos(tmp_path, draw_face):
    """Five readable pictures, one of them in a folder below."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    for number in range(4):
        Image.fromarray(draw_face(number)["image"]).save(folder / f"face-{number}.jpg")
    Image.fromarray(draw_face(4)["image"]).save(folder / "below" / "held.png")
    return folder


# one photograph


def test_a_row_is_a_pure_function_of_bytes_and_options(draw_face):
    data = png(draw_face(0)["image"])
    row = prepare_photo(data, SQUARE)
    assert row == prepare_photo(data, SQUARE)
    assert list(row) == ["image", "sketch", "edges", "color", "regions", "landmarks"]
    assert decoded(row["image"]).shape == decoded(row["color"]).shape == (64, 64, 3)
    assert decoded(row["sketch"]).shape == decoded(row["regions"]).shape == decoded(row["edges"]).shape == (64, 64)
    assert row["landmarks"] == []
    assert row["image"][:2] == b"\xff\xd8"  # JPEG
    assert prepare_photo(data, PrepareOptions(size=96, align=False)) != row


def test_what_a_row_holds_follows_from_its_picture(draw_face):
    picture = draw_face(1)["image"]
    row = prepare_photo(png(picture), PrepareOptions(size=128, align=False))
    assert np.abs(decoded(row["image"]).astype(int) - picture).mean() < 4
    assert np.array_equal(decoded(row["sketch"]), strokes.line_strength(picture))
    assert np.array_equal(decoded(row["color"]), strokes.color_map(picture, np.zeros((128, 128), np.uint8)))


def test_an_oblong_picture_is_cut_in_its_middle():
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 100:200] = (200, 100, 50)
    image = decoded(prepare_photo(png(picture), SQUARE)["image"]).astype(int)
    assert np.abs(image[:, 2:62] - (200, 100, 50)).max() < 12


def test_a_turned_photograph_is_turned_back(draw_face):
    picture = Image.fromarray(draw_face(0)["image"])
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    data = io.BytesIO()
    picture.transpose(Image.Transpose.ROTATE_90).save(data, "PNG", exif=exif)
    assert prepare_photo(data.getvalue(), SQUARE) == prepare_photo(png(np.asarray(picture)), SQUARE)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK"])
def test_other_kinds_of_pictures_are_read(mode, draw_face):
    data = io.BytesIO()
    Image.fromarray(draw_face(0)["image"]).convert(mode).save(data, "TIFF" if mode == "CMYK" else "PNG")
    image = decoded(prepare_photo(data.getvalue(), SQUARE)["image"])
    assert image.shape == (64, 64, 3) and image.std() > 10


@pytest.mark.parametrize("degrees", [0, 20, -20])
def test_alignment_puts_eyes_and_mouth_where_ffhq_has_them(degrees, astronaut):
    """In parts of the side; the places are the means of 950 faces that were aligned as FFHQ is."""
    turned = np.asarray(Image.fromarray(astronaut).rotate(degrees))
    image = decoded(prepare_photo(png(turned), PrepareOptions(size=256))["image"])
    whole = np.float32([[0, 0], [0, 256], [256, 256], [256, 0]])
    points = bundled().face(image, whole)[1] / 256
    left, right, mouth = (points[part].mean(0) for part in (LEFT_EYE, RIGHT_EYE, OUTER_LIPS))
    np.testing.assert_allclose((left + right) / 2, (0.499, 0.476), atol=0.015)
    np.testing.assert_allclose(right - left, (0.249, 0), atol=0.015)
    np.testing.assert_allclose(mouth, (0.5, 0.739), atol=0.03)


def damaged_bmp() -> bytes:
    """A palette of three bytes: Pillow raises a plain ValueError."""
    data = io.BytesIO()
    Image.fromarray(np.zeros((80, 80), np.uint8)).save(data, "BMP")
    return data.getvalue()[:46] + b"\x03" + data.getvalue()[47:]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a readable picture"),
        (b"some text", "not a readable picture"),
        (png(np.random.default_rng(0).integers(0, 256, (80, 80, 3)).astype(np.uint8))[:2000], "not a readable picture"),
        (damaged_bmp(), "not a readable picture"),
        (png(np.zeros((40, 90, 3), np.uint8)), "smaller than 64 pixels"),
    ],
    ids=["nothing", "text", "half a picture", "damaged palette", "small"],
)
def test_what_cannot_be_used_is_answered_with_a_sentence(data, reason):
    assert reason in prepare_photo(data, SQUARE)


def test_a_very_long_picture_is_prepared_or_answered_with_a_sentence():
    """OpenCV warps no picture of more than 32,767 pixels a side; one such file must not stop a whole folder."""
    assert isinstance(prepare_photo(png(np.zeros((64, 33000, 3), np.uint8)), SQUARE), dict | str)


def test_without_a_face_there_is_nothing_to_align():
    assert prepare_photo(png(np.full((200, 200, 3), 90, np.uint8)), PrepareOptions(size=64)) == "no face found"


def test_edges_by_name_or_file():
    assert edge_function("canny") is strokes.canny_edges
    with pytest.raises(FileNotFoundError, match="absent.onnx"):
        edge_function("absent.onnx")


def test_teachers_give_landmarks_regions_and_learned_edges(shared, astronaut):
    weights = shared("weights")
    teachers = {"edges": "edges_pidinet.onnx", "landmarks": "landmarks98_pfld.onnx", "regions": "regions_pan.onnx"}
    row = prepare_photo(png(astronaut), PrepareOptions(size=252, **{k: str(weights / v) for k, v in teachers.items()}))
    points = np.array(row["landmarks"]).reshape(98, 2)
    eyes, mouth = points[60:76].mean(0), points[76:88].mean(0)
    assert np.abs(eyes - (0.5, 0.48)).max() < 0.08 and np.abs(mouth - (0.5, 0.7)).max() < 0.1
    assert len(np.unique(decoded(row["regions"]))) >= 8
    assert decoded(row["sketch"]).shape == (252, 252)  # sides need not be divisible by 8
    assert (decoded(row["sketch"]) > 100).sum() > 200


# a folder


def test_a_folder_becomes_shards_that_datasets_reads(photos, tmp_path):
    out = tmp_path / "out"
    report = prepare_folder(photos, out, SQUARE, validation=("held*",), num_proc=2, shard_size=3, progress=False)
    assert report == {"prepared": 5, "left_out": {}}
    assert json.loads((out / "report.json").read_text()) == report
    names = sorted(path.name for path in (out / "data").glob("*.parquet"))
    assert names == ["train-00000.parquet", "train-00001.parquet", "validation-00000.parquet"]
    train, validation = load_rows((str(out),), "train"), load_rows((str(out),), "validation")
    assert len(train) == 4 and len(validation) == 1
    row = decode_face(train[0])
    expected = prepare_photo((photos / "face-0.jpg").read_bytes(), SQUARE)
    assert np.array_equal(row["image"], decoded(expected["image"]))
    assert row["landmarks"].shape == (0, 2)
    import datasets

    files = {"train": str(out / "data" / "train-*.parquet")}
    plain = datasets.load_dataset("parquet", data_files=files, split="train")  # as any user would
    assert plain[0]["image"].size == (64, 64)
    assert plain["name"] == [f"face-{number}.jpg" for number in range(4)]


def test_what_is_left_out_is_reported(photos, tmp_path, astronaut):
    (photos / "notes.jpg").write_text("not a picture")
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(photos / "wall.png")
    (photos / "notes.txt").write_text("not meant to be one")
    for drawn in photos.rglob("face-*.jpg"):
        drawn.unlink()
    Image.fromarray(astronaut).save(photos / "astronaut.png")
    report = prepare_folder(photos, tmp_path / "out", PrepareOptions(size=64), num_proc=1, shard_size=2, progress=False)
    assert report["prepared"] + len(report["left_out"]) == 4 and report["prepared"] >= 1
    assert report["left_out"]["wall.png"] == "no face found"
    assert "not a readable picture" in report["left_out"]["notes.jpg"]
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report


def test_a_stopped_run_goes_on_with_what_is_missing(photos, tmp_path):
    def contents() -> dict:
        return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in (out / "data").iterdir()}

    out, options = tmp_path / "out", {"num_proc": 1, "shard_size": 2, "progress": False}
    report = prepare_folder(photos, out, SQUARE, **options)
    before = contents()
    (out / "data" / "train-00001.json").unlink()
    (out / "data" / "train-00001.parquet").unlink()
    assert prepare_folder(photos, out, SQUARE, **options) == report
    after = contents()
    rewritten = {name for name in after if after[name][0] != before[name][0]}
    assert rewritten == {"train-00001.json", "train-00001.parquet"}
    assert {name: data for name, (_, data) in after.items()} == {name: data for name, (_, data) in before.items()}
    assert not list(out.rglob("*.partial"))


def test_a_shard_without_its_note_is_made_again(photos, tmp_path):
    """The note is written last: without it the Parquet file may be of a run that was killed."""
    out, options = tmp_path / "out", {"num_proc": 1, "progress": False}
    prepare_folder(photos, out, SQUARE, **options)
    (out / "data" / "train-00000.json").unlink()
    (out / "data" / "train-00000.parquet").write_bytes(b"half")
    prepare_folder(photos, out, SQUARE, **options)
    assert len(load_rows((str(out),), "train")) == 5


def test_other_options_for_the_same_folder_are_refused(photos, tmp_path):
    out, options = tmp_path / "out", {"num_proc": 1, "progress": False}
    prepare_folder(photos, out, SQUARE, **options)
    with pytest.raises(ValueError, match="prepared with other settings .*'size': 64.* before, .*'size': 80.* now"):
        prepare_folder(photos, out, PrepareOptions(size=80, align=False), **options)
    with pytest.raises(ValueError, match="validation"):
        prepare_folder(photos, out, SQUARE, validation=("face-0",), **options)
    (photos / "face-0.jpg").unlink()
    with pytest.raises(ValueError, match="photos: 5 before, 4 now"):
        prepare_folder(photos, out, SQUARE, **options)


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FileNotFoundError, match="No pictures below"):
        prepare_folder(tmp_path, tmp_path / "out", SQUARE, progress=False)


ODD = {
    "thin.png": Image.new("L", (9000, 1)),
    "high.png": Image.new("L", (3, 9000)),
    "long.png": Image.new("RGB", (9000, 70)),
}


def test_odd_pictures_are_lines_of_the_report(photos, tmp_path, astronaut):
    """One of them ended everything with a traceback."""
    for name, picture in ODD.items():
        picture.save(photos / name)
    Image.fromarray(astronaut).save(photos / "exif.png", exif=b"II*\0")
    (photos / "eps.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n{ } loop\n")
    whole = io.BytesIO()
    Image.fromarray(astronaut).save(whole, "QOI")
    (photos / "qoi.jpg").write_bytes(whole.getvalue()[:500])
    report = prepare_folder(photos, tmp_path / "out", PrepareOptions(size=128), num_proc=1, progress=False)
    odd = {name: report["left_out"][name] for name in (*ODD, "eps.jpg", "qoi.jpg")}
    assert [odd.pop(name) for name in ODD] == ["no face found"] * 3
    assert all(why.startswith("not a readable picture") for why in odd.values()) and len(odd) == 2
    assert "exif.png" not in report["left_out"]
