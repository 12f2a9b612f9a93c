"""What strangers may send, tried: damaged pictures, hostile requests, odd weights, odd photographs to prepare, kills.

    python benchmarks/hostile.py [--tries 1500] [--only pictures requests ...] [--show 3]

Prints a table: tried, failed, seconds. Everything is made here, of fixed seeds, and goes in by public ways alone, so that
another commit is tried by `PYTHONPATH=THAT_CHECKOUT python benchmarks/hostile.py`. What counts as a failure stands with each
trial. The exit status is 1 if anything failed. A small part of it is a test (tests/test_hostile.py).
"""

import argparse
import io
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

FORMATS = (
    "PNG",
    "JPEG",
    "WEBP",
    "AVIF",
    "TIFF",
    "BMP",
    "GIF",
    "JPEG2000",
    "QOI",
    "DDS",
    "PPM",
    "TGA",
    "PCX",
    "ICO",
    "SGI",
    "EPS",
)
# Words of libraries, which are of no use to whoever sent a picture.
INNER = re.compile(
    r"PIL|Pillow|decoder|unpack|cannot identify|broken data|libtiff|Traceback|site-packages|errno|\bNone\b", re.IGNORECASE
)
SLOW = 8.0  # seconds of a core for one small file
Failures = list[str]


def picture(side: int = 96) -> Image.Image:
    """Smooth colours with a little noise."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    return Image.fromarray((np.asarray(coarse) // 8 * 8 + rng.integers(0, 8, (side, side, 3))).astype(np.uint8))


def encoded(form: str, image: Image.Image | None = None, **options) -> bytes:
    data = io.BytesIO()
    image = image or picture()
    (image if form != "DDS" else image.convert("RGBA")).save(data, form, **options)
    return data.getvalue()


def with_scans(count: int) -> bytes:
    """A progressive JPEG of 36 megapixels whose first scan is given again and again."""
    data = encoded("JPEG", Image.new("RGB", (6000, 6000)), progressive=True)
    first, second = (match.start() for match in list(re.finditer(rb"\xff\xda", data))[:2])
    header = data[first : first + 2 + int.from_bytes(data[first + 2 : first + 4], "big")]
    return data[:second] + (header + b"\x00") * count + data[second:]


def bad_pictures(tries: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents: the known ones, then whole files of each format with some bytes changed, cut or repeated."""
    yield "EPS that does not end", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n{ } loop\n"
    yield "nothing", b""
    yield "text", b"hello" * 100
    yield "PNG with four bytes of EXIF", encoded("PNG", exif=b"II*\0")
    yield "WebP with odd EXIF", encoded("WEBP", exif=b"Exif\0\0MM\0*")
    yield "65535x1", encoded("PNG", Image.new("L", (65535, 1)))
    yield "1x65535", encoded("PNG", Image.new("L", (1, 65535)))
    yield "a bomb", encoded("PNG", Image.new("1", (20_000, 20_000)))
    yield "a JPEG of 3000 scans", with_scans(3000)
    seeds, rng = {form: encoded(form) for form in FORMATS}, random.Random(0)
    for number in range(tries):
        form = FORMATS[number % len(FORMATS)]
        data = bytearray(seeds[form])
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            at = rng.randrange(min(len(data), rng.choice((64, 400, len(data)))))
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        if rng.random() < 0.3:
            del data[rng.randrange(len(data)) :]
        if rng.random() < 0.1:
            at = rng.randrange(len(data) + 1)
            data[at:at] = data[:at][-rng.randrange(1, 200) :] * rng.randrange(1, 20)
        yield f"{form} {number}", bytes(data)


def try_pictures(tries: int) -> tuple[int, Failures]:
    """Each as photograph and as mask of an edit. Failure: anything but a result or a ValueError in our words within SLOW."""
    from scfegan_hf import FaceEditPipeline, SCFEGANGenerator

    pipe = FaceEditPipeline(SCFEGANGenerator.preset("compact", width=4, resolution=128), device="cpu")
    photo, mask, failures, count = np.asarray(picture()), np.zeros((96, 96), np.uint8), [], 0
    mask[30:50, 30:60] = 255
    for name, data in bad_pictures(tries):
        for role, given in (("photo", (data, mask)), ("mask", (photo, data))):
            count, start = count + 1, time.process_time()
            try:
                pipe(*given)
            except ValueError as error:
                if INNER.search(str(error)) or (role == "mask" and str(error).startswith("The photo")):
                    failures.append(f"{name} as {role}: {error}")
            except Exception as error:  # that is what is looked for
                failures.append(f"{name} as {role}: {type(error).__name__}: {error}")
            if time.process_time() - start > SLOW:
                failures.append(f"{name} as {role}: {time.process_time() - start:.0f} s")
    return count, failures


def served() -> tuple[object, str]:
    """The app of a tiny network, and its address, which ends with a slash."""
    from scfegan_hf import FaceEditPipeline, SCFEGANGenerator
    from scfegan_hf.demo import launch

    pipe = FaceEditPipeline(SCFEGANGenerator.preset("compact", width=4, resolution=128), device="cpu")
    return launch(pipeline=pipe, prevent_thread_lock=True, host="127.0.0.1")


def try_requests(tries: int) -> tuple[int, Failures]:
    """Failure: a status from 500 on, a refusal without a sentence, an error of null, a connection to anybody, no answer."""
    app, address = served()
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[int] = []
    threading.Thread(target=lambda: [asked.append(1) for _ in iter(listener.accept, None)], daemon=True).start()
    failures, count = [], 0
    with httpx.Client(base_url=address, timeout=30) as client:
        for name, method, path, options in hostile_requests(listener.getsockname()[1], tries):
            count += 1
            try:
                failures += [f"{name}: {why}" for why in judged(client, client.request(method, path, **options))]
            except httpx.HTTPError as error:
                failures.append(f"{name}: {type(error).__name__}")
        for name, data in bad_pictures(tries // 10):
            count += 1
            try:
                failures += [f"{name}: {why}" for why in edited(client, data)]
            except httpx.HTTPError as error:
                failures.append(f"{name}: {type(error).__name__}")
    app.close()
    return count, failures + ["the server fetched"] * len(asked)


def judged(client: httpx.Client, answer: httpx.Response) -> Iterator[str]:
    """What is wrong with an answer; of an event that was begun, with how it ends."""
    if answer.status_code >= 500:
        yield f"HTTP {answer.status_code} {answer.text[:80]!r}"
    elif answer.status_code >= 400:
        try:
            said = answer.json()
            if not (said.get("detail") or said.get("error")):
                yield f"HTTP {answer.status_code} without a word"
        except ValueError:
            yield f"HTTP {answer.status_code} {answer.text[:80]!r}"
    elif "event_id" in answer.text and "/call/" in str(answer.url):
        place = str(answer.url).split("/call/")[1].removeprefix("v2/").strip("/")
        told = client.get(f"gradio_api/call/{place}/{answer.json()['event_id']}").text
        if "event: error" in told and ("data: null" in told or '"error": null' in told):
            yield "an error of null"
        if "event: error" not in told and "event: complete" not in told:
            yield f"no end: {told[-80:]!r}"


def edited(client: httpx.Client, data: bytes) -> Iterator[str]:
    """What is wrong with how the app takes a picture as a photo, whose mask is a sound one."""
    mask = Image.new("L", (96, 96))
    mask.paste(255, (30, 30, 60, 50))
    files = [("files", ("a.png", data)), ("files", ("b.png", encoded("PNG", mask)))]
    uploaded = client.post("gradio_api/upload", files=files)
    if uploaded.status_code != 200:
        yield from judged(client, uploaded)
        return
    given = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in uploaded.json()]
    yield from judged(client, client.post("gradio_api/call/edit", json={"data": [*given, None, None, 0, 1, "redraw", None]}))


def hostile_requests(port: int, tries: int) -> Iterator[tuple[str, str, str, dict]]:
    """(name, method, path, options for httpx)."""
    api, huge = "gradio_api/", "9" * 400
    for way in ("file=", "proxy=", "file/", "file= "):
        for target in (
            f"http://127.0.0.1:{port}/x.png",
            f"HTTP://127.0.0.1:{port}/x",
            f"//127.0.0.1:{port}/x",
            "ftp://127.0.0.1/x",
        ):
            yield f"fetch {way}{target}", "GET", f"{api}{way}{target}", {}
    for path in ("/etc/passwd", "../../etc/passwd", "%00", "x" * 5000, "", "."):
        yield f"file {path[:20]}", "GET", f"{api}file={path}", {}
    file = {"path": f"http://127.0.0.1:{port}/x.png", "meta": {"_type": "gradio.FileData"}}
    values = (None, 1, -1, "", "x", [], {}, True, 1.5, [[]], file, {**file, "path": "/etc/passwd"}, {"path": 7}, "x" * 10_000)
    for name, value in ((str(value)[:40], value) for value in values):
        for count in (0, 1, 6, 7):
            yield f"edit {count} of {name}", "POST", f"{api}call/edit", {"json": {"data": [value] * count}}
        yield f"trace {name}", "POST", f"{api}call/trace", {"json": {"data": [value]}}
        yield f"join {name}", "POST", f"{api}queue/join", {"json": {"data": value, "fn_index": value, "session_hash": value}}
        yield f"cancel {name}", "POST", f"{api}cancel", {"json": {"session_hash": value, "fn_index": value, "event_id": value}}
        yield f"v2 {name}", "POST", f"{api}call/v2/edit", {"json": {"photo": value, "mask": value, "seed": value}}
        yield (
            f"component {name}",
            "POST",
            f"{api}component_server",
            {"json": {"data": value, "component_id": value, "fn_name": "x"}},
        )
    for body in (
        "{",
        "[]",
        "null",
        "7",
        '{"data": [' + huge * 20 + "]}",
        '{"data": ' + "[" * 50_000,
        '"' + "\\ud800" + '"',
        "\x00",
    ):
        for path in (
            "queue/join",
            "call/edit",
            "call/none",
            "run/edit",
            "api/edit",
            "reset",
            "cancel",
            "call/v2/edit",
            "upload",
        ):
            yield (
                f"{path} {body[:20]!r}",
                "POST",
                api + path,
                {"content": body, "headers": {"content-type": "application/json"}},
            )
    places = "queue/data?session_hash=none queue/status info heartbeat stream/x/1/2/playlist.m3u8 run-history/records app_id"
    places += " deep_link?session_hash=x token custom_component/a/b/c/d upload_progress?upload_id=x"
    for path in places.split():
        yield path, "GET", api + path, {}
    yield (
        "a large body",
        "POST",
        f"{api}queue/join",
        {"content": b"[" * 30_000_000, "headers": {"content-type": "application/json"}},
    )
    yield "fifty files", "POST", f"{api}upload", {"files": [("files", (f"{i}.png", b"x")) for i in range(50)]}
    yield "a large file", "POST", f"{api}upload", {"files": {"files": ("a.png", bytes(30 * 2**20))}}
    rng = random.Random(1)
    for number in range(tries // 20):
        raw = bytes(rng.randrange(256) for _ in range(rng.randrange(300)))
        path = rng.choice(("queue/join", "call/edit", "upload", "cancel"))
        kind = rng.choice(("application/json", "multipart/form-data; boundary=x", "text/plain", ""))
        yield f"noise {number}", "POST", api + path, {"content": raw, "headers": {"content-type": kind}}


def try_weights(tries: int) -> tuple[int, Failures]:
    """Configs with odd values, damaged weights. Failure: anything but a network or a ValueError in words within SLOW."""
    from safetensors.torch import load_file, save_file

    from scfegan_hf import SCFEGANGenerator

    odd = (0, -1, None, True, "x", "7", 1.5, 10**9, [], [0], [1] * 2000, [None], [[1]], {}, 10**400)
    failures, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        network = SCFEGANGenerator.preset("plain", width=4, resolution=128)
        network.save_pretrained(folder)
        config, weights = Path(folder, "config.json"), Path(folder, "model.safetensors")
        sound, whole, tensors, rng = json.loads(config.read_text()), weights.read_bytes(), load_file(weights), random.Random(0)

        def attempt(name: str) -> None:
            nonlocal count
            count, start = count + 1, time.process_time()
            try:
                SCFEGANGenerator.from_pretrained(folder)
            except (ValueError, FileNotFoundError):
                pass
            except Exception as error:  # that is what is looked for
                failures.append(f"{name}: {type(error).__name__}: {error}")
            if time.process_time() - start > SLOW:
                failures.append(f"{name}: {time.process_time() - start:.0f} s")

        for name in sound:
            for value in odd:
                config.write_text(json.dumps({**sound, name: value}))
                attempt(f"{name} = {str(value)[:30]}")
        config.write_text(json.dumps(sound))
        for number in range(tries // 20):
            data = bytearray(whole)
            for _ in range(rng.choice((1, 4, 16))):
                data[rng.randrange(rng.choice((8, 200, 2000)))] = rng.randrange(256)
            weights.write_bytes(bytes(data[: rng.randrange(len(data))] if rng.random() < 0.3 else data))
            attempt(f"damaged weights {number}")
        for value in (float("nan"), float("inf")):
            save_file({key: tensor * value for key, tensor in tensors.items()}, weights)
            count += 1
            try:
                SCFEGANGenerator.from_pretrained(folder)
                failures.append(f"weights of {value} were taken")
            except ValueError:
                pass
    return count, failures


def try_prepare(tries: int) -> tuple[int, Failures]:
    """A folder of bad pictures, and its processes' end when the command is killed. Failure: an end by anything but 0, a
    picture that the report does not have, a process that lives on."""
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        photos.mkdir()
        for number, (_, data) in enumerate(bad_pictures(tries // 20)):
            (photos / f"{number:04d}.jpg").write_bytes(data)
        command = [sys.executable, "-m", "scfegan_hf.cli", "prepare", str(photos), str(Path(folder, "out")), "--size", "128"]
        command += ["--edges", "canny", "--landmarks", "none", "--regions", "none", "--num-proc", "2"]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            failures.append(f"it ended with {ended.returncode}: {ended.stderr.strip()[-200:]}")
        else:
            report = json.loads(Path(folder, "out", "report.json").read_text())
            names = {path.name for path in photos.iterdir()}
            failures += [f"{name} is not in the report" for name in names - set(report["left_out"])][report["prepared"] :]
        for number in range(3):
            failures += killed_workers(photos, Path(folder, f"killed-{number}"), command)
    return tries // 20 + 9 + 3, failures


def killed_workers(photos: Path, out: Path, command: list[str]) -> Failures:
    """Begin to prepare, kill the command once it has processes, and see whether these end within half a minute."""
    running = subprocess.Popen([*command[:5], str(out), *command[6:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    workers: list[int] = []
    while running.poll() is None and len(workers) < 2:
        workers = [int(each) for each in Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()]
        time.sleep(0.05)
    time.sleep(1)
    running.send_signal(signal.SIGKILL)
    running.wait()
    end = time.monotonic() + 30
    while (living := [each for each in workers if is_running(each)]) and time.monotonic() < end:
        time.sleep(0.1)
    for each in living:
        os.kill(each, signal.SIGKILL)
    return [f"process {each} lived on" for each in living]


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


TRIALS: dict[str, Callable[[int], tuple[int, Failures]]] = {
    "pictures": try_pictures,
    "requests": try_requests,
    "weights": try_weights,
    "prepare": try_prepare,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=1500, help="damaged pictures; other trials have a share of it")
    parser.add_argument("--only", nargs="+", choices=TRIALS, default=list(TRIALS))
    parser.add_argument("--show", type=int, default=3, help="failures of each trial to print")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lines, all_failures = [], 0
    os.environ["GRADIO_TEMP_DIR"] = kept = tempfile.mkdtemp()
    for name in options.only:
        start = time.perf_counter()
        count, failures = TRIALS[name](options.tries)
        all_failures += len(failures)
        lines.append(f"| {name} | {count} | {len(failures)} | {time.perf_counter() - start:.0f} |")
        for failure in failures[: options.show]:
            print(f"{name}: {failure}", file=sys.stderr)
    shutil.rmtree(kept)
    print("\n".join(("| trial | tried | failed | seconds |", "|---|---:|---:|---:|", *lines)))
    sys.stdout.flush()
    os._exit(bool(all_failures))  # an app that hangs does not hold the end


if __name__ == "__main__":
    main()
