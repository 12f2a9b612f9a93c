"""The app as a static site, which needs no server: `scfegan export --web DIR`.

The page is the app's own (page/); what a server would answer is computed in the visitor's browser by site/. What both must
know, Python writes into settings.json, so that it stands in one place.
"""

import base64
import gzip
import hashlib
import json
import shutil
import subprocess  # nosec B404
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree  # nosec B405
from dataclasses import asdict
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import cv2
import torch
from huggingface_hub import ModelCard

from scfegan_hf.demo.edits import MOST_ENLARGED
from scfegan_hf.demo.payload import CANVAS_SIDE, MAX_PHOTO_PIXELS, MAX_UPLOAD_BYTES
from scfegan_hf.demo.samples import page_samples
from scfegan_hf.editing import crops, enlarging, guess, lines, looks, matte, parts, recolor, seen, tones
from scfegan_hf.editing.candidates import CHOICES
from scfegan_hf.editing.export import compact, export_module, export_onnx
from scfegan_hf.editing.holes import MAX_PARTS
from scfegan_hf.editing.metadata import GENERATED, MARK, SOFTWARE, XMP, marked_xmp
from scfegan_hf.editing.photos import MIN_SIDE, UNSEEN
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.faces import annotate, clicks, export, haar, landmarks
from scfegan_hf.models import enlarger as enlarger_network
from scfegan_hf.models import face_prior
from scfegan_hf.models.annotator import Annotator
from scfegan_hf.models.pix2pix import IN_CHANNELS, LinesToFace
from scfegan_hf.models.scfegan import SCFEGANGenerator

PAGE, SITE = Path(__file__).parent / "page", Path(__file__).parent / "site"
# ONNX Runtime Web as its makers published it in npm's registry, and the sum that npm has of it.
RUNTIME = "onnxruntime-web@1.30.0"
RUNTIME_SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
RUNTIME_SCRIPTS, RUNTIME_WASM = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs"), "ort-wasm-simd-threaded.wasm"
PIECE = 8_000_000  # bytes: hosts that keep files in Git take those under 10 MB as they are
# OpenCV reads thresholds of stages a little lower than they are written (THRESHOLD_EPS of its cascades).
LENIENCE = 1e-5
UNSTATED = "not stated"
# Most that the network works at: one thread of a browser takes for 384 pixels what a server takes for a thousand.
MOST_SIDE = 256
# The choices that need nothing but the network: how much a crop sees, and whether mirrored.
VIEWS = [(choice.context, choice.mirrored) for choice in CHOICES if choice.detail and not choice.feature]
README = """---
title: Edit a face by drawing on it, in your browser
emoji: ✏️
colorFrom: indigo
colorTo: pink
sdk: static
app_file: index.html
pinned: false
license: {licence}
---

Erase a part of a portrait, draw a few lines and dabs of colour, and get a face back that follows them; draw nothing, and
it is guessed from the rest of the face; dab a colour alone, and hair, eyes or lips take it. Everything is
computed in the visitor's browser: photos never leave it. Made by `scfegan export --web`; licences/ says what is in it.
"""
LICENCES = """What is in this site, and under which licence:

- The page and its scripts: Apache-2.0 (LICENSE.txt).
- models/edit: weights of the editing network; licence: {licence}.
- models/annotator: weights of the package's annotator of faces; licence: {annotator}.
- models/enlarge: weights of the package's enlarger; licence: {enlarger}.
- models/lines: weights of the package's network of faces from lines; licence: {lines}.
- models/prior: the package's prior of faces; licence: {prior}.
- ort/: ONNX Runtime Web, MIT (onnxruntime.txt), with notices of third parties (onnxruntime-notices.txt).
- models/faces: OpenCV's Haar cascade of frontal faces, BSD by Intel (haarcascade.txt).
"""


def export_web(out: str | Path, model: str | None = None, runtime: str | Path | None = None) -> Path:
    """Write the site to ``out``, a folder that does not exist yet or that an earlier export made.

    ``model``: folder or Hub repository (None: the package's weights). ``runtime``: onnxruntime-web's .tgz, where it is at
    hand; None has npm fetch it. Needs the packages ``onnx`` and ``onnxruntime``. ValueError for a folder with other files in
    it, for a runtime that is another one than RUNTIME, and where there is no npm.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir()) and not (out / "settings.json").is_file():
        raise ValueError(f"{out} has files of something else in it. Give a folder that does not exist.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        site = Path(folder) / "site"
        site.mkdir()
        _write_site(site, model, Path(runtime) if runtime else None)
        if out.exists():
            shutil.rmtree(out)
        site.rename(out)
    return out


def _write_site(site: Path, model: str | None, runtime: Path | None) -> None:
    scripts = shutil.ignore_patterns("server.js", "page.html", "around.css", "package.json")
    shutil.copytree(PAGE, site / "page", ignore=scripts)
    shutil.copytree(SITE, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns("package.json"))
    (site / "page" / "editor.css").write_text(f"#editor {{\n{_text(PAGE / 'editor.css')}}}\n", encoding="utf-8")
    for folder in ("models", "ort", "licences"):
        (site / folder).mkdir()
    _write_runtime(site, runtime or fetched_runtime())
    generator = for_browsers(SCFEGANGenerator.from_pretrained(model or BUNDLED_WEIGHTS))
    files = _write_models(site, generator)
    _write_json(site / "settings.json", {**settings(generator), "files": files})
    limits = {"max_upload_bytes": MAX_UPLOAD_BYTES, "max_pixels": MAX_PHOTO_PIXELS, "min_side": MIN_SIDE}
    _write_json(site / "props.json", {"canvas_side": CANVAS_SIDE, **limits, **page_samples()})
    licence = licence_of(model or BUNDLED_WEIGHTS)
    _fill(site / "index.html", page=_text(PAGE / "page.html"), licence=licence)
    folders = {"annotator": annotate.BUNDLED_ANNOTATOR, "enlarger": enlarging.BUNDLED_ENLARGER, "lines": lines.BUNDLED_LINES}
    folders["prior"] = BUNDLED_WEIGHTS / "prior"
    others = {name: licence_of(folder) for name, folder in folders.items()}
    (site / "licences" / "README.txt").write_text(LICENCES.format(licence=licence, **others), encoding="utf-8")
    (site / "README.md").write_text(README.format(licence="other" if licence == UNSTATED else licence), encoding="utf-8")
    _write_own_licence(site / "licences" / "LICENSE.txt")
    shell = sorted(path for path in site.rglob("*") if path.is_file() and path.parent.name not in ("models", "licences"))
    shell = [path for path in shell if path.suffix not in (".gz", ".md") and path.name != "service.js"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file())).hexdigest()[:12]
    names = ["./", *(path.relative_to(site).as_posix() for path in shell)]
    _fill(site / "service.js", edition=digest, shell=json.dumps(names))  # nosec B604


def for_browsers(generator: SCFEGANGenerator) -> SCFEGANGenerator:
    """The same network, at squares of MOST_SIDE where its own are larger and its ``stride`` allows those."""
    if generator.resolution > MOST_SIDE and MOST_SIDE % generator.stride == 0:
        generator.resolution = MOST_SIDE
    return generator


def settings(generator: SCFEGANGenerator) -> dict[str, Any]:
    """What site/ takes from Python: numbers and words that both sides must have the same."""
    groups = {
        name: getattr(landmarks, name.upper())
        for name in ("left_eye", "right_eye", "left_brow", "right_brow", "contour", "outer_lips")
    }
    return {
        "canvas_side": CANVAS_SIDE,
        "limits": {"pixels": MAX_PHOTO_PIXELS, "side": MIN_SIDE},
        "notes": {
            "edited": {"mark": MARK, "software": SOFTWARE, "xmp": XMP},
            "generated": {"mark": GENERATED, "software": SOFTWARE, "xmp": marked_xmp(None, True).decode()},
        },
        "enlarge": {
            "tile": enlarging.TILE, "margin": enlarging.MARGIN, "most": enlarger_network.SCALE, "most_pixels": MOST_ENLARGED,
        },
        "lines": {"side": json.loads(_text(lines.BUNDLED_LINES / "config.json"))["resolution"], "fewest": lines.FEWEST},
        "edit": {"work": generator.resolution, "views": VIEWS, "unseen": UNSEEN, "parts": MAX_PARTS},
        "annotator": {
            "haar": {"centre": haar.HAAR_CENTRE, "side": haar.HAAR_SIDE},
            "face_side": annotate.FACE_SIDE, "finer": annotate.FINER, "edge_side": annotate.EDGE_SIDE,
            "stride": annotate.bundled().network.stride, "min_peak": annotate.MIN_PEAK,
            "labels": clicks.LABELS, "parts": clicks.PARTS, "margins": clicks.MARGINS, "margin": clicks.OTHER_MARGIN,
            "wide": annotate.WIDE, "neck": clicks.NECK, "hat_reach": clicks.HAT_REACH, "hat_share": clicks.HAT_SHARE,
            "mouth_corners": landmarks.MOUTH_CORNERS, **{name: [group.start, group.stop] for name, group in groups.items()},
        },
        "guess": {
            "noise": face_prior.read_prior().noise, "side": face_prior.read_prior().resolution, "bold": face_prior.BOLD,
            "levels": face_prior.LEVELS, "touched": guess.TOUCHED, "face": guess.FACE, "within": guess.WITHIN,
            "agreed": looks.AGREED, "closest": crops.CLOSEST,
        },
        "recolor": {
            "same": seen.SAME, "wide": seen.WIDE, "pupils": landmarks.PUPILS, "parts": parts.PARTS, "spot": parts.SPOT,
            "piece": parts.PIECE, "teeth": parts.TEETH, "iris": parts.IRIS, "least_white": parts.LEAST_WHITE,
            "bands": {name: asdict(band) for name, band in matte.BANDS.items()},
            "work": matte.WORK, "smooth": matte.SMOOTH, "unlike": matte.UNLIKE, "gaps": matte.GAPS, "hint": matte.HINT,
            "least_darker": matte.LEAST_DARKER, "same_color": recolor.SAME_COLOR, "smooth_light": recolor.SMOOTH,
            "toe": tones.TOE, "gain": tones.GAIN, "fine": tones.FINE,
        },
    }  # fmt: skip


def cascade() -> dict[str, list]:
    """OpenCV's cascade of frontal faces as site/engine/detect.js takes it."""
    root = ElementTree.parse(_cascade_file()).getroot().find("cascade")  # nosec B314
    features, stages = [], []
    for entry in root.find("features"):
        features.append([float(value) for rectangle in entry.find("rects") for value in rectangle.text.split()])
    for stage in root.find("stages"):
        weak = []
        for entry in stage.find("weakClassifiers"):
            left, right, feature, threshold = entry.find("internalNodes").text.split()
            if (left, right) != ("0", "-1"):
                raise ValueError("OpenCV's cascade has trees of more than one node, which site/engine/detect.js does not know.")
            weak += [int(feature), float(threshold), *(float(value) for value in entry.find("leafValues").text.split())]
        stages.append([float(stage.find("stageThreshold").text) - LENIENCE, weak])
    return {"features": features, "stages": stages}


def fetched_runtime() -> Path:
    """onnxruntime-web's .tgz, fetched by npm into the user's cache the first time."""
    npm, cache = shutil.which("npm"), Path.home() / ".cache" / "scfegan_hf"
    path = cache / f"{RUNTIME.replace('@', '-')}.tgz"
    if path.is_file():
        return path
    if npm is None:
        raise ValueError(f"npm fetches {RUNTIME}. Install Node.js, which has it, or give the package's .tgz by --runtime.")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        command = [npm, "pack", RUNTIME, "--silent"]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)  # nosec B603
        if run.returncode:
            raise ValueError(f"npm could not fetch {RUNTIME}: {(run.stderr or run.stdout).strip()[-300:]}")
        _check_runtime(Path(folder) / path.name).rename(path)
    return path


def _check_runtime(path: Path) -> Path:
    if base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode() != RUNTIME_SHA512:
        raise ValueError(f"{path} is not {RUNTIME}: its sum is another one.")
    return path


def _write_runtime(site: Path, package: Path) -> None:
    with tarfile.open(_check_runtime(package)) as archive:
        for name in (*RUNTIME_SCRIPTS, RUNTIME_WASM):
            data = archive.extractfile(f"package/dist/{name}").read()
            (site / "ort" / name).write_bytes(data)
    licences = distribution("onnxruntime")  # npm's package says MIT and has neither the text nor the notices
    for name, target in (("LICENSE", "onnxruntime.txt"), ("ThirdPartyNotices.txt", "onnxruntime-notices.txt")):
        shutil.copyfile(licences.locate_file(f"onnxruntime/{name}"), site / "licences" / target)
    notice = _text(_cascade_file()).partition("<!--")[2].partition("-->")[0]
    (site / "licences" / "haarcascade.txt").write_text(notice.strip() + "\n", encoding="utf-8")


def _write_models(site: Path, generator: SCFEGANGenerator) -> dict[str, list[str]]:
    """The graphs, the cascade and the runtime's wasm, gzipped in pieces: names of the pieces."""
    models = site / "models"
    export_onnx(generator, models / "edit.onnx", blended=False)
    look = export.Look(Annotator.from_pretrained(annotate.BUNDLED_ANNOTATOR))
    names = export.INPUTS, export.OUTPUTS
    export_module(look, export.examples(), models / "annotator.onnx", *names, dynamic_axes=export.DYNAMIC)
    enlarger = enlarger_network.PhotoEnlarger.from_pretrained(enlarging.BUNDLED_ENLARGER)
    free = {"small": {2: "height", 3: "width"}, "large": {2: "rows", 3: "columns"}}
    export_module(enlarger, (torch.zeros(1, 3, 64, 48),), models / "enlarge.onnx", ["small"], ["large"], dynamic_axes=free)
    drawer = LinesToFace.from_pretrained(lines.BUNDLED_LINES)
    example = torch.zeros(1, IN_CHANNELS, drawer.resolution, drawer.resolution)
    export_module(drawer, (example,), models / "lines.onnx", ["drawing"], ["face"])
    names = ("edit", "annotator", "enlarge", "lines")
    for name in names:
        compact(models / f"{name}.onnx")
    shutil.copyfile(BUNDLED_WEIGHTS / "prior" / "model.safetensors", models / "prior.safetensors")
    _write_json(models / "faces.json", cascade())
    whole = {name: models / f"{name}.onnx" for name in names}
    whole |= {"cascade": models / "faces.json", "prior": models / "prior.safetensors"}
    return {name: _pieces(path, site) for name, path in {**whole, "wasm": site / "ort" / RUNTIME_WASM}.items()}


def _pieces(path: Path, site: Path) -> list[str]:
    """Replace a file by its gzipped pieces; their names within the site."""
    data = gzip.compress(path.read_bytes(), 9, mtime=0)
    path.unlink()
    names = []
    for number, start in enumerate(range(0, len(data), PIECE), 1):
        piece = path.with_name(f"{path.name}.{number}.gz")
        piece.write_bytes(data[start : start + PIECE])
        names.append(piece.relative_to(site).as_posix())
    return names


def licence_of(model: str | Path) -> str:
    """What a release's card says of its licence: the folder's, or the Hub repository's; UNSTATED if it says nothing."""
    if not Path(model).is_dir():
        return ModelCard.load(str(model)).data.license or UNSTATED
    card = Path(model) / "README.md"
    return (ModelCard.load(card).data.license if card.is_file() else None) or UNSTATED


def _write_own_licence(path: Path) -> None:
    checkout = Path(__file__).parents[2] / "LICENSE"
    if checkout.is_file():
        shutil.copyfile(checkout, path)
    else:
        installed = next(file for file in distribution("scfegan_hf").files if file.name == "LICENSE")
        shutil.copyfile(installed.locate(), path)


def _cascade_file() -> Path:
    return Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"


def _fill(path: Path, **values: str) -> None:
    text = _text(path)
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    path.write_text(text, encoding="utf-8")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
