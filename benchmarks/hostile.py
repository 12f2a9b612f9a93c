"""What strangers may send, tried: damaged pictures, hostile requests, odd weights, odd photographs to prepare, odd flags,
damaged checkpoints, kills.

    python benchmarks/hostile.py [--tries 1500] [--only pictures requests ...] [--show 3]

Prints a table: tried, failed, seconds. Everything is made here, of fixed seeds, and goes in by public ways alone, so that
another commit is tried by `PYTHONPATH=THAT_CHECKOUT python benchmarks/hostile.py`. What counts as a failure stands with each
trial. The exit status is 1 if anything failed. A small part of it is a test (tests/test_hostile.py).
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hostile_pictures import bad_pictures, picture
from hostile_requests import try_requests
from hostile_training import try_checkpoints, try_flags, try_kills

# Words of libraries, which are of no use to whoever sent a picture.
INNER = re.compile(
    r"PIL|Pillow|decoder|unpack|cannot identify|broken data|libtiff|Traceback|site-packages|errno|\bNone\b", re.IGNORECASE
)
SLOW = 8.0  # seconds of a core for one small file
Failures = list[str]


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
    "flags": try_flags,
    "checkpoints": try_checkpoints,
    "kills": try_kills,
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
