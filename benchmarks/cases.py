"""Small inputs that failed once, each run and judged: what was seen, what is seen now, and whether that is right.

    python benchmarks/cases.py FOLDER [--before CHECKOUT] [--only NAME ...] [--out PICTURES]

FOLDER holds the photographs, masks and drawings and a README.md with a table of them. CHECKOUT is another working tree of
this repository, run on the same inputs by the same judges. A new case is one function with `@case` below; rows of the table
that no case belongs to are named at the end. The exit status is 1 while a case is wrong.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Case:
    """``rows``: words that the first cell of its row in the table holds. ``run`` tells a figure in words and if it is right."""

    name: str
    rows: tuple[str, ...]
    right: str
    run: Callable[["Inputs"], tuple[str, bool]]


CASES: list[Case] = []


def case(name: str, right: str, *rows: str):
    """Register a case; ``right`` says what holds in words, ``rows`` which rows of the table it judges (default: its name)."""

    def register(run: Callable[["Inputs"], tuple[str, bool]]):
        CASES.append(Case(name, rows or (name,), right, run))
        return run

    return register


@dataclass(frozen=True)
class Inputs:
    """The folder's files, and where to leave pictures (None: nowhere)."""

    folder: Path
    out: Path | None

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def rgb(self, name: str) -> np.ndarray:
        return np.asarray(Image.open(self.folder / name).convert("RGB"))

    def mask(self, name: str) -> np.ndarray:
        return np.asarray(Image.open(self.folder / name).convert("L")) > 127

    def edit(self, photo: str, mask: str, sketch: str | None = None, color: str | None = None, **options) -> Image.Image:
        """The edited photograph; an error in words is the caller's to judge."""
        drawn = [None if name is None else self.path(name) for name in (mask, sketch, color)]
        result = pipeline()(self.path(photo), *drawn, **options).image
        if self.out:
            result.save(self.out / f"{Path(mask).stem}.png")
        return result


@cache
def pipeline():
    from scfegan_hf import FaceEditPipeline

    return FaceEditPipeline.from_pretrained(runtime="pytorch")


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB")).astype(np.float32)


def fine_detail(rgb: np.ndarray, where: np.ndarray) -> float:
    """Standard deviation of what a blur of one pixel takes away, in levels of grey."""
    grey = cv2.cvtColor(rgb.astype(np.float32), cv2.COLOR_RGB2GRAY)
    return float((grey - cv2.GaussianBlur(grey, (0, 0), 1.0))[where].std())


def within(where: np.ndarray, pixels: int) -> np.ndarray:
    return cv2.erode(where.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)) > 0


def telea(rgb: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return cv2.inpaint(np.ascontiguousarray(rgb), hole.astype(np.uint8), 3, cv2.INPAINT_TELEA).astype(np.float32)


@case("scratch", "no more damage left than by OpenCV's Telea", "scratch_")
def scratch(given: Inputs):
    photo, truth = given.rgb("scratch_photo.jpg"), given.rgb("scratch_watermark_truth.jpg")
    hole = given.mask("scratch_mask.png")
    result = pixels(given.edit("scratch_photo.jpg", "scratch_mask.png"))

    def left(picture: np.ndarray) -> float:
        return float(np.abs(picture - truth)[hole].mean() / np.abs(photo.astype(np.float32) - truth)[hole].mean())

    own, other = left(result), left(telea(photo, hole))
    return f"{own:.1%} of the damage left (Telea {other:.1%})", own <= other


@case("moles", "tones as near to the skin's as Telea's", "moles_")
def moles(given: Inputs):
    """Compared with a fill that leaves out the pixels next to the mask, where some of the mole may be left."""
    rgb, hole = given.rgb("moles_photo.jpg"), given.mask("moles_mask.png")
    smooth = telea(rgb, cv2.dilate(hole.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)

    def worst(picture: np.ndarray) -> float:
        return float(np.abs(cv2.GaussianBlur(picture - smooth, (0, 0), 2.0)).mean(2)[hole].max())

    own, other = worst(pixels(given.edit("moles_photo.jpg", "moles_mask.png"))), worst(telea(rgb, hole))
    return f"at worst {own:.1f} levels from the skin's tone (Telea {other:.1f})", own <= max(other, 6)


@case("glasses20", "of the frame's lines, beyond what Telea leaves, at most a quarter", "glasses20_")
def glasses(given: Inputs):
    """Lines darker than both their sides next to the mask's border; brows and frame outside the mask count too."""
    photo, hole = given.rgb("glasses20_photo.jpg"), given.mask("glasses20_mask.png")
    band = (cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~within(hole, 3)

    def lines(picture: np.ndarray) -> float:
        grey = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY)
        return float((cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)) - grey)[band].mean())

    own = lines(pixels(given.edit("glasses20_photo.jpg", "glasses20_mask.png")))
    least, most = lines(telea(photo, hole)), lines(photo)
    left = (own - least) / (most - least)
    return f"{left:.0%} of the frame's lines at the mask's border left", left <= 0.25


@case("flat_white", "at most 2 levels", "flat_white")
def flat_white(given: Inputs):
    result, hole = pixels(given.edit("flat_white.png", "flat_mask.png")), given.mask("flat_mask.png")
    worst = float((255 - result)[hole].max())
    return f"a stain of {worst:.0f} levels", worst <= 2


def plain_background(given: Inputs, name: str) -> tuple[str, bool]:
    """Its tones against the photograph's, which nothing stood in the way of."""
    photo, hole = given.rgb(f"{name}_photo.jpg").astype(np.float32), given.mask(f"{name}_mask.png")
    result = pixels(given.edit(f"{name}_photo.jpg", f"{name}_mask.png"))
    apart = float(np.abs(cv2.GaussianBlur(result - photo, (0, 0), 3))[hole].mean())
    rough = [fine_detail(cv2.GaussianBlur(picture, (0, 0), 1.5), within(hole, 4)) for picture in (result, photo)]
    text = f"{apart:.1f} levels from the photograph, weave {rough[0] / rough[1]:.2f} times its texture"
    return text, apart < 12 and rough[0] < 1.3 * rough[1]


@case("background83", "tones as around and no weave", "background83_")
def background83(given: Inputs):
    return plain_background(given, "background83")


@case("background100", "tones as around and no weave", "background100_")
def background100(given: Inputs):
    return plain_background(given, "background100")


@case("bw70", "grey, and mode L", "bw70_")
def bw70(given: Inputs):
    image = given.edit("bw70_photo.jpg", "bw70_mouth_mask.png")
    chroma = float(np.ptp(pixels(image), axis=2).max())
    return f"chroma up to {chroma:.0f}, mode {image.mode}", chroma == 0 and image.mode == "L"


MASKS = ("mask_canvas_noise.png", "mask_video_range.png", "mask_stale_exif6.png", "mask_jpeg75.jpg")


@case("masks", "each the exact mask's pixels, within a hundredth", *(name.split(".")[0] for name in MASKS))
def masks(given: Inputs):
    exact, off = given.mask("mask_exact.png"), {}
    photo = given.rgb("portrait640.jpg").astype(np.float32)
    for name in MASKS:
        changed = (pixels(given.edit("portrait640.jpg", name)) != photo).any(2)
        off[name] = float((changed & ~exact).sum() / exact.sum())
    worst = max(off, key=off.get)
    return f"at most {off[worst]:.1%} more than was meant ({worst})", off[worst] < 0.01


@case("mask_soft_edge", "as large as meant (softness: tests/editing/test_pipeline.py)")
def soft_edge(given: Inputs):
    exact, photo = given.mask("mask_exact.png"), given.rgb("portrait640.jpg").astype(np.float32)
    changed = (pixels(given.edit("portrait640.jpg", "mask_soft_edge.png")) != photo).any(2)
    return f"{changed.mean():.1%} repainted, {exact.mean():.1%} meant", changed.sum() <= exact.sum() * 1.05


@case("mask_inverted", "refused in words, and taken when asked for")
def inverted(given: Inputs):
    exact, photo = given.mask("mask_exact.png"), given.rgb("portrait640.jpg").astype(np.float32)
    try:
        given.edit("portrait640.jpg", "mask_inverted.png")
        return "taken without a word", False
    except ValueError as error:
        changed = (pixels(given.edit("portrait640.jpg", "mask_inverted.png", invert=True)) != photo).any(2)
        return f"refused: {error}", not changed[~exact].any()


@case("photo_erased_hole", "opaque where repainted")
def erased_hole(given: Inputs):
    image = given.edit("photo_erased_hole.png", "photo_erased_hole_mask.png")
    least = int(np.asarray(image.convert("RGBA"))[..., 3][given.mask("photo_erased_hole_mask.png")].min())
    return f"alpha from {least} in the hole", least == 255


@case("cutout", "what nobody sees is no context: no difference", "cutout_")
def cutout(given: Inputs):
    hole = given.mask("cutout_mask.png")
    results = [pixels(given.edit(f"cutout_{hidden}_under_alpha.png", "cutout_mask.png")) for hidden in ("black", "white")]
    apart = float(np.abs(results[0] - results[1])[hole].mean())
    return f"{apart:.1f} levels apart", apart == 0


@case("lips", "soft colours and JPEG lines as the hard ones", "lips_")
def lips(given: Inputs):
    hole = given.mask("lips_mask.png")
    drawn = [("lips_sketch.png", "lips_color_hard.png"), ("lips_sketch_jpeg75.jpg", "lips_color_soft.png")]
    results = [pixels(given.edit("lips_photo.jpg", "lips_mask.png", *each)) for each in drawn]
    apart = float(np.abs(results[0] - results[1])[hole].mean())
    return f"{apart:.1f} levels apart", apart < 3


@case("metadata", "kept, orientation put right, and the note", "metadata_")
def metadata(given: Inputs):
    kept = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edited.jpg"
        pipeline()(given.path("metadata_photo.jpg"), given.path("metadata_mask.png")).save(path)
        with Image.open(given.path("metadata_photo.jpg")) as before, Image.open(path) as image:
            old, new = before.getexif(), image.getexif()
            kept = {tag for tag in old if tag != 0x0112 and (tag == 0x8825 or old[tag] == new.get(tag))}
            dpi, note = image.info.get("dpi"), b"repainted" in image.info.get("comment", b"")
    whole = len(kept) == len(old) - 1 and new.get_ifd(0x8825) == old.get_ifd(0x8825) and new.get(0x0112, 1) == 1
    return f"{len(kept)} of {len(old) - 1} tags, {dpi} dpi, {'a' if note else 'no'} note", whole and dpi == (300, 300) and note


@case("iphone_48mp", "taken", "iphone_48mp")
def iphone(given: Inputs):
    mask = np.zeros((6048, 8064), np.uint8)
    mask[3000:3400, 4000:4400] = 255
    size = pipeline()(given.path("iphone_48mp_size.jpg"), mask).image.size
    return f"{size[0]}x{size[1]} edited", size == (8064, 6048)


@case("group_photo", "the mouth, or 'no face there'")
def group_photo(given: Inputs):
    from scfegan_hf.faces.annotate import bundled

    said = []
    for x, y in ((102, 119), (305, 536), (695, 728)):
        try:
            said.append(bundled().part(given.rgb("group_photo.jpg"), x, y)[0])
        except ValueError as error:
            said.append("no face there" if "no face there" in str(error) else str(error))
    return ", ".join(said), set(said) <= {"mouth", "no face there"}


@case("upside_down57", "upright, or left out with its reason")
def upside_down(given: Inputs):
    from scfegan_hf.faces.annotate import bundled
    from scfegan_hf.faces.prepare import ANNOTATOR, PrepareOptions, prepare_photo

    options = PrepareOptions(size=256, edges=ANNOTATOR, landmarks=ANNOTATOR, regions=ANNOTATOR)
    row = prepare_photo(Path(given.path("upside_down57.jpg")).read_bytes(), options, bundled())
    if isinstance(row, str):
        return f"left out: {row}", True
    # The chin is skin and the forehead's top is hair: cheeks of a face on its head would be lighter above.
    image = cv2.cvtColor(cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    if given.out:
        Image.fromarray(image).save(given.out / "upside_down57.png")
    turned = np.asarray(Image.fromarray(image).rotate(180))
    brows = [float(picture[96:120, 60:196].mean()) for picture in (image, turned)]
    return f"prepared; brows {brows[0]:.0f}, chin {brows[1]:.0f}", brows[0] < brows[1]


def table(folder: Path) -> list[tuple[str, str]]:
    """First cell and what was seen of each row of the README's table."""
    lines = (folder / "README.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [(row[0], row[2]) for row in rows if len(row) >= 4 and not row[0].startswith(("---", "files"))]


def seen(given: Inputs, names: list[str]) -> dict[str, tuple[str, bool]]:
    """Figures of this checkout; a case that breaks is wrong, and says how it broke."""
    found = {}
    for each in CASES:
        if names and each.name not in names:
            continue
        try:
            text, holds = each.run(given)
            found[each.name] = text, bool(holds)
        except Exception as error:  # an old checkout may refuse or break in any way, and that is its figure
            traceback.print_exc()
            found[each.name] = f"{type(error).__name__}: {error}", False
    return found


def seen_by(checkout: str, options: argparse.Namespace) -> dict[str, tuple[str, bool]]:
    command = [sys.executable, __file__, str(options.folder), "--json", *(["--only", *options.only] if options.only else [])]
    environment = {**os.environ, "PYTHONPATH": str(Path(checkout).resolve())}
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", metavar="CHECKOUT", help="another working tree to compare with")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--out", type=Path, help="folder for the edited pictures")
    parser.add_argument("--json", action="store_true", help="figures of this checkout alone, as JSON")
    options = parser.parse_args()
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    now = seen(Inputs(options.folder, options.out), options.only)
    if options.json:
        print(json.dumps(now))
        return 0
    rows = table(options.folder)
    before = seen_by(options.before, options) if options.before else {}
    print("| case | table says | before | now | right | holds |\n|---|---|---|---|---|---|")
    judged = set()
    for each in CASES:
        said = [(cell, text) for cell, text in rows if any(word in re.sub("`", "", cell) for word in each.rows)]
        judged |= {cell for cell, _ in said}
        if each.name in now:
            text, holds = now[each.name]
            old = before.get(each.name, ["-"])[0]
            cells = [each.name, "; ".join(text for _, text in said), old, text, each.right, "yes" if holds else "no"]
            print(f"| {' | '.join(cells)} |")
    left = [cell for cell, _ in rows if cell not in judged]
    print("\nNot judged here: " + ("; ".join(left) or "none") + ".")
    return 0 if all(holds for _, holds in now.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
