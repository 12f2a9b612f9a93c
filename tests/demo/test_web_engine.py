"""The static site's engine does in Node what OpenCV, PyTorch, Pillow and the package do: each module against Python."""

import io
from unittest import mock

import cv2
import numpy as np
import pytest
import torch
from node import NODE, Callback, NetworkAlone, call
from PIL import Image, ImageCms
from skimage.data import astronaut

from scfegan_hf import SCFEGANGenerator
from scfegan_hf.conditioning import context_square
from scfegan_hf.data.pictures import resize_lines
from scfegan_hf.demo.edits import edit_drawing, part_of_photo, trace_drawing
from scfegan_hf.demo.payload import Drawing
from scfegan_hf.demo.web import MOST_SIDE, cascade, for_browsers, settings
from scfegan_hf.editing import crops, holes, seam
from scfegan_hf.editing.photos import read_photo
from scfegan_hf.editing.pipeline import FaceEditPipeline
from scfegan_hf.faces import align, clicks, detect, haar, strokes

pytestmark = pytest.mark.skipif(NODE is None, reason="NO NODE: the static site's engine was not tried; install nodejs")
NOTES = {"mark": "Edited ü", "software": "here", "xmp": "<x>é</x>"}
LIMITS = {"pixels": 48_000_000, "side": 64}


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    return np.ascontiguousarray(astronaut()[:300, 60:380])


@pytest.fixture(scope="module")
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def png(array: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_noise_is_torch_randn(seed):
    """For few values and many, for what is left over of sixteen, and for one after the other."""
    counts = [1, 15, 16, 33, 128 * 128, 1, 9, 192 * 192]
    generator = torch.Generator().manual_seed(seed)
    for ours, count in zip(call("noise", "normals", seed, counts), counts, strict=True):
        assert np.abs(ours - torch.randn(count, generator=generator).numpy()).max() < 2e-6


@pytest.mark.parametrize(
    ("kind", "flag", "size"),
    [
        ("area", cv2.INTER_AREA, (101, 83)), ("area", cv2.INTER_AREA, (160, 150)), ("area", cv2.INTER_AREA, (400, 390)),
        ("linear", cv2.INTER_LINEAR, (500, 410)), ("linear", cv2.INTER_LINEAR, (150, 140)),
        ("cubic", cv2.INTER_CUBIC, (512, 512)), ("cubic", cv2.INTER_CUBIC, (700, 333)),
    ],
)  # fmt: skip
def test_resizing_is_opencvs(face, kind, flag, size):
    ours = call("planes", "resized", face, *size, kind).astype(int)
    apart = np.abs(ours - cv2.resize(face, size, interpolation=flag))
    rough = kind == "linear" or (kind == "area" and size[0] > face.shape[1])  # OpenCV has weights of 11 bits for these
    assert apart.max() <= 1 and apart.mean() < (0.2 if rough else 0.01)
    floats = face.astype(np.float32)
    assert np.abs(call("planes", "resized", floats, *size, kind) - cv2.resize(floats, size, interpolation=flag)).max() < 0.1


def test_resizing_by_a_factor_keeps_the_factor(face):
    expected = cv2.resize(face, None, fx=0.3333, fy=0.3333, interpolation=cv2.INTER_AREA)
    ours = call("planes", "scaled", face, 0.3333, "area")
    assert ours.shape == expected.shape and np.abs(ours.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("size", [(97, 31), (320, 300), (640, 700)])
def test_lines_and_repeated_pixels(rng, size):
    lines = (rng.random((300, 320)) < 0.01).astype(np.uint8)
    assert np.array_equal(call("planes", "resizedLines", lines, *size), resize_lines(lines, size))
    picture = rng.integers(0, 256, (61, 47, 3)).astype(np.uint8)
    expected = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.NEAREST))
    assert np.array_equal(call("planes", "nearest", picture, *size, True), expected)


def blobs(rng, height: int, width: int, count: int, radius: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    for x, y in rng.integers(0, (width, height), (count, 2)):
        cv2.circle(mask, (int(x), int(y)), int(rng.integers(1, radius)), 1, -1)
    return mask


@pytest.mark.parametrize(
    ("height", "width", "count", "radius"), [(200, 240, 3, 20), (700, 1100, 5, 60), (1000, 600, 20, 4), (500, 512, 2, 3)]
)
def test_holes_that_go_together(rng, height, width, count, radius):
    """Of layers that cover the photograph and of those that cover a frame in it."""
    for _ in range(3):
        mask = blobs(rng, height, width, count, radius)
        expected = [list(box) for box in holes.hole_groups(mask > 0)]
        size = {"width": width, "height": height}
        assert sorted(call("crops", "holeGroups", mask, [0, 0], size, holes.MAX_PARTS)) == sorted(expected)
        x, y, w, h = cv2.boundingRect(mask)
        framed = call("crops", "holeGroups", mask[y : y + h, x : x + w], [x, y], size, holes.MAX_PARTS)
        assert sorted(framed) == sorted(expected)


def test_squares_around_holes(rng):
    for _ in range(12):
        height, width = rng.integers(64, 900, 2).tolist()
        (x0, x1), (y0, y1) = (sorted(rng.choice(side, 2, replace=False).tolist()) for side in (width, height))
        context = float(rng.choice([2.0, 1.6, 2.6]))
        expected = context_square((x0, y0, x1, y1), height, width, context, 96)
        ours = call("crops", "contextSquare", [x0, y0, x1, y1], {"width": width, "height": height}, context, 96)
        assert ours == list(expected)


@pytest.mark.parametrize("box", [(40, 30, 240, 230), (10, 20, 110, 120), (0, 0, 320, 300)])
def test_layers_of_the_network_s_size(face, rng, box):
    hole, lines, painted = (blobs(rng, 300, 320, 4, size) for size in (60, 4, 30))
    paint = rng.integers(0, 256, face.shape).astype(np.uint8)
    x0, y0, x1, y1 = box
    expected = crops.shrink(*(layer[y0:y1, x0:x1] for layer in (face, hole, lines, paint, painted)), 128)
    layers = dict(lines=lines, paint=paint, painted=painted)
    ours = call("crops", "shrunk", face[y0:y1, x0:x1], hole[y0:y1, x0:x1], layers, [0, 0], list(box), 128)
    rgb, erased, sketch, color, color_mask = expected
    for name, marks in (("mask", erased), ("sketch", sketch), ("color_mask", color_mask)):
        assert np.array_equal(ours[name].reshape(128, 128), marks)
    for name, picture in (("image", rgb), ("color", color)):
        levels = (ours[name].reshape(3, 128, 128).transpose(1, 2, 0) + 1) * 127.5
        counts = color_mask > 0 if name == "color" else np.ones_like(color_mask)
        assert (np.abs(levels - picture).max(2) * counts).max() < 1.01


@pytest.mark.parametrize("pixel", [0.5, 3.0])
def test_the_seam_is_pythons(face, rng, pixel):
    hole = blobs(rng, 300, 320, 4, 50)
    hole[:9] = 1
    answer = rng.random((300, 320, 3)).astype(np.float32) * 255
    for mask in (hole, np.ones_like(hole), hole[:1, :9]):
        height, width = mask.shape
        parts = answer[:height, :width], face[:height, :width], mask
        assert np.abs(call("seam", "joined", *parts, pixel) - seam.join(*parts, pixel)).max() < 0.02
        filled = call("seam", "withoutErased", *parts[1:]).astype(int)
        assert np.abs(filled - seam.without_erased(*parts[1:])).max() <= 1


class Linear(torch.nn.Module):
    """What engine/call.js's network computes, of an assembled input."""

    resolution, fill, color_flag = 128, "none", True

    def __init__(self):
        super().__init__()
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        image, sketch, color, _, noise, _ = given.split([3, 1, 3, 1, 1, 1], 1)
        return 0.8 * image + 0.3 * sketch + 0.5 * color + 0.2 * noise


@pytest.mark.parametrize("alpha", [False, True])
def test_a_whole_edit_and_its_file(face, rng, tmp_path, alpha):
    """Two holes far apart, over a frame of the photograph; transparency and profile stay; further candidates are others."""
    picture = np.dstack([face, rng.integers(0, 256, face.shape[:2]).astype(np.uint8)]) if alpha else face
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (tmp_path / "photo.png").write_bytes(png(picture, icc_profile=profile))
    frame = (10, 20, 300, 240)
    layers = {name: np.zeros((240, 300, 4), np.uint8) for name in ("mask", "sketch", "color")}
    for centre in ((60, 60), (240, 190)):
        cv2.circle(layers["mask"], centre, 24, (255, 192, 217, 255), -1)
    cv2.line(layers["sketch"], (40, 60), (90, 66), (21, 23, 28, 255), 2)
    cv2.circle(layers["color"], (240, 190), 12, (200, 40, 90, 255), -1)
    if alpha:
        picture[30:60, 5:90, 3] = 0  # unseen
        (tmp_path / "photo.png").write_bytes(png(picture, icc_profile=profile))
    drawing = Drawing(str(tmp_path / "photo.png"), frame, **{name: Image.fromarray(layer) for name, layer in layers.items()})
    expected = edit_drawing(NetworkAlone(FaceEditPipeline(Linear(), "cpu")), drawing, 5, 1).images

    photo = call("pictures", "readPicture", (tmp_path / "photo.png").read_bytes(), None, LIMITS)
    drawn = {name: {"rgb": layer[..., :3], "alpha": layer[..., 3]} for name, layer in layers.items()}
    own = {**settings_of_edit(), "work": 128}
    asked = {**drawn, "frame": frame}, Callback("network"), own, {"seed": 5, "candidates": 4}
    ours = call("answers", "editAnswer", photo, *asked)
    assert len(ours) == 4 and len({mine["rgb"].tobytes() for mine in ours}) == 4
    for mine, theirs in zip(ours[:1], expected, strict=True):
        with Image.open(io.BytesIO(call("png", "markedPng", mine, NOTES))) as file:
            assert file.text["Comment"] == NOTES["mark"] and file.text["Software"] == NOTES["software"]
            assert file.text["XML:com.adobe.xmp"] == NOTES["xmp"] and file.info["icc_profile"] == profile
            assert file.mode == theirs.mode == ("RGBA" if alpha else "RGB")
            apart = np.abs(np.asarray(file).astype(int) - np.asarray(theirs))
        assert apart.max() <= 1 and (np.asarray(theirs) != picture).any()
        assert not apart[(np.asarray(theirs) == picture).all(2)].any()  # outside nothing moved


def settings_of_edit() -> dict:
    return settings(Linear())["edit"]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
@pytest.mark.parametrize("how", ["plain", "transparent colour", "interlaced"])
def test_png_files_are_read_as_pillow_reads_them(face, rng, mode, how, tmp_path):
    image = Image.fromarray(face).convert("RGBA")
    image.putalpha(Image.fromarray(rng.integers(0, 256, face.shape[:2]).astype(np.uint8)))
    image = image.convert("RGB").convert(mode) if mode in ("L", "P", "1", "RGB") else image.convert(mode)
    options = {}
    if how == "transparent colour":
        if mode in ("RGBA", "LA", "1"):
            pytest.skip("this kind has an alpha channel, or no such chunk in Pillow")
        options["transparency"] = tuple(face[9, 9].tolist()) if mode == "RGB" else int(np.asarray(image)[9, 9])
    image.save(tmp_path / "photo.png", **options)
    data = (tmp_path / "photo.png").read_bytes()
    if how == "interlaced":
        data = interlaced(image)
    ours, theirs = call("pictures", "readPicture", data, None, LIMITS), read_photo(data)
    assert np.array_equal(ours["rgb"], theirs.rgb)
    assert (ours["alpha"] is None) == (theirs.alpha is None)
    assert theirs.alpha is None or np.array_equal(ours["alpha"], theirs.alpha)


def interlaced(image: Image.Image) -> bytes:
    """A PNG file in seven passes, which Pillow reads and does not write."""
    import struct
    import zlib

    kind = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}
    image = image if image.mode in kind else image.convert("RGB")
    pixels = np.asarray(image).reshape(image.height, image.width, -1)
    raw = b""
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        raw += b"".join(b"\0" + row.tobytes() for row in pixels[y::dy, x::dx])

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", *image.size, 8, kind[image.mode], 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def test_what_cannot_be_edited_as_it_is_is_refused_in_words(face):
    def refused(data: bytes) -> str:
        with pytest.raises(ValueError) as error:
            call("pictures", "readPicture", data, None, LIMITS)
        return str(error.value)

    def file(image: Image.Image, form: str, **options) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, form, **options)
        return buffer.getvalue()

    image = Image.fromarray(face)
    turned = Image.Exif()
    turned[0x0112] = 6
    assert "8 bits" in refused(file(Image.fromarray(np.zeros((90, 90), np.uint16)), "PNG"))
    assert "CMYK" in refused(file(image.convert("CMYK"), "JPEG"))
    assert "animation" in refused(file(image, "PNG", save_all=True, append_images=[image.rotate(9)]))
    assert "turned" in refused(file(image, "PNG", exif=turned))
    assert "20x20" in refused(file(image.resize((20, 20)), "PNG")) and "kind of file" in refused(file(image, "BMP"))
    assert "damaged" in refused(file(image, "PNG")[:3000]) and "damaged" in refused(file(image, "JPEG")[:20])
    with pytest.raises(ValueError, match="megapixels"):
        call("pictures", "readPicture", file(image, "PNG"), None, {"pixels": 1000, "side": 64})


def test_faces_are_opencvs(face):
    own = settings(Linear())["annotator"]
    wide = np.full((900, 1600, 3), 90, np.uint8)
    wide[200:700, 80:580], wide[150:750, 900:1500] = cv2.resize(face, (500, 500)), cv2.resize(face[:, ::-1], (600, 600))
    for picture, count in ((face, 1), (wide, 2), (np.full((200, 300, 3), 80, np.uint8), 0)):
        ours, theirs = call("detect", "detectFaces", picture, cascade()), haar.haar_boxes(picture)
        assert len(ours) == len(theirs) == count
        for (x, y, w, h), box in zip(ours, theirs, strict=True):
            assert np.abs(np.array([x, y, x + w, y + h]) - (box.x0, box.y0, box.x1, box.y1)).max() <= 0.02 * w
    ours = np.array(call("answers", "facesAnswer", {"rgb": wide}, cascade(), own))
    frames = [haar.haar_frame(box) for box in haar.haar_boxes(wide)]
    theirs = np.array(sorted([*frame.min(0), *(frame.max(0) - frame.min(0))] for frame in frames))
    assert np.abs(ours - theirs).max() <= 10


def test_frames_and_the_picture_in_them(face, rng):
    own = settings(Linear())["annotator"]
    points = rng.random((98, 2)).astype(np.float32) * 100
    points[60:68] += (0, 20)
    points[68:76] += (120, 25)
    points[76:96] += (60, 130)
    frame = align.ffhq_frame(points)
    assert np.abs(np.array(call("frames", "ffhqFrame", points.tolist(), own)) - frame).max() < 1e-2
    box = detect.Box(30, 40, 130, 150)
    assert np.abs(np.array(call("frames", "haarFrame", [30, 40, 100, 110], own["haar"])) - haar.haar_frame(box)).max() < 1e-3
    for corners in (frame, haar.haar_frame(detect.Box(-40, 20, 300, 360)), np.float32([[9, 9], [9, 59], [59, 59], [59, 9]])):
        ours = call("frames", "cutFrame", face, corners.tolist(), 256)
        apart = np.abs(ours.astype(int) - align.cut_frame(face, corners, 256))
        assert apart.mean() < 0.5 and apart.max() <= 12
    large = cv2.resize(face, None, fx=6, fy=6)
    corners = haar.haar_frame(detect.Box(200, 200, 1500, 1500))
    ours = call("frames", "cutFrame", large, corners.tolist(), 256).astype(int)
    assert np.abs(ours - align.cut_frame(large, corners, 256)).mean() < 0.6


def test_the_part_at_a_pixel(rng):
    own = settings(Linear())["annotator"]
    regions = cv2.resize(rng.integers(0, 11, (9, 12)).astype(np.uint8), (240, 180), interpolation=cv2.INTER_NEAREST)
    points = (rng.random((98, 2)) * 200).astype(np.float32)
    points[60:68, 0] -= 90
    for x, y in rng.integers(0, (240, 180), (12, 2)).tolist():
        name, mask = clicks.part_at(regions, points, x, y)
        ours = call("parts", "partOf", regions, points.tolist(), [x, y], own)
        assert ours["name"] == name and np.array_equal(ours["mask"], mask)


def test_what_a_face_wears_and_what_goes_on_beyond_its_frame(rng):
    own = settings(Linear())["annotator"]
    near, wide = (
        cv2.resize(rng.choice([0, 1, 2, 3, 5], (15, 12)).astype(np.uint8), (192, 240), interpolation=cv2.INTER_NEAREST)
        for _ in range(2)
    )
    points = (np.float32((96, 100)) + rng.normal(0, 30, (98, 2))).astype(np.float32)
    points[60:68], points[68:76] = points[60:68] * 0.01 + (74, 95), points[68:76] * 0.01 + (118, 97)
    inside = np.zeros_like(near)
    inside[60:200, 30:160] = 1
    joined = clicks.with_beyond(near, wide, inside > 0, points)
    assert np.array_equal(call("parts", "withBeyond", near, wide, inside.ravel(), points.tolist(), own), joined)
    for share in (0.0, 1.1):  # all that is on the head is a hat, or nothing
        with mock.patch.object(clicks, "HAT_SHARE", share):
            ours = call("parts", "withNeckAndHat", joined, points.tolist(), {**own, "hat_share": share})
            theirs = clicks.with_neck_and_hat(joined, points)
        assert np.array_equal(ours, theirs) and (theirs == 12).any() == (share == 0) and (theirs == 11).any()


def test_filters_for_tracing(face):
    apart = np.abs(call("filters", "equalized", face).astype(int) - strokes.equalize(face))
    assert apart.mean() < 0.1 and apart.max() <= 3
    apart = np.abs(call("filters", "smoothed", face).astype(int) - strokes.smooth_colors(face))
    assert apart.mean() < 0.2 and np.quantile(apart, 0.999) <= 3
    ours, theirs = call("filters", "cannyEdges", face), strokes.canny_edges(face)
    assert np.abs(ours - theirs).mean() < 0.01 and np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.97
    soft = strokes.canny_edges(face)
    ours, theirs = call("strokes", "thin", soft), strokes.thin(soft)
    assert (np.abs(ours.astype(int) - theirs) > 1).mean() < 0.002


def test_parts_and_lines_by_the_annotator(face, runtime, look, tmp_path):
    own, path = settings(Linear())["annotator"], tmp_path / "photo.png"
    Image.fromarray(face).save(path)
    pipeline = FaceEditPipeline(Linear(), "cpu")
    for point in ([148, 122], [160, 175], [30, 20]):
        name, layer, frame = part_of_photo(pipeline, Drawing(str(path)), point)
        ours = call("answers", "partAnswer", {"rgb": face}, point, look, cascade(), own, 1024, runtime=runtime)
        assert ours["part"] == name
        masks = [np.zeros(face.shape[:2], bool) for _ in range(2)]
        drawn = (frame, np.asarray(layer)[..., 3]), (ours["frame"], ours["mask"]["alpha"])
        for mask, ((x, y, w, h), alpha) in zip(masks, drawn, strict=True):
            mask[y : y + h, x : x + w] = alpha > 127
        assert (masks[0] & masks[1]).sum() > 0.9 * (masks[0] | masks[1]).sum()
    mask = np.zeros((100, 120, 4), np.uint8)
    mask[10:90, 10:110, 3] = 255
    drawing = Drawing(str(path), (90, 70, 120, 100), mask=Image.fromarray(mask))
    theirs = np.asarray(trace_drawing(pipeline, drawing))[..., 3] > 0
    layers = {"frame": [90, 70, 120, 100], "mask": {"rgb": mask[..., :3], "alpha": mask[..., 3]}, "sketch": None}
    ours = call("answers", "traceAnswer", {"rgb": face}, layers, look, own, 1024, runtime=runtime)["sketch"]["alpha"] > 0
    near = [cv2.dilate(lines.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0 for lines in (ours, theirs)]
    assert theirs.sum() > 100 and (ours & near[1]).sum() > 0.95 * ours.sum() and (theirs & near[0]).sum() > 0.95 * theirs.sum()


def test_a_browser_works_at_smaller_squares_where_the_network_can():
    large = SCFEGANGenerator.preset("folded", widths=[8, 8, 8, 32], encoder_blocks=[0, 0, 0], decoder_blocks=[0, 0, 0])
    assert large.resolution == 384 and settings(for_browsers(large))["edit"]["work"] == MOST_SIDE == 256
    small = SCFEGANGenerator.preset("plain", width=4, resolution=192)
    assert for_browsers(small).resolution == 192
    odd = SCFEGANGenerator.preset("paper", width=4, stages=2, resolution=300)
    odd.stride = 12
    assert for_browsers(odd).resolution == 300
