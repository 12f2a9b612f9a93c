"""Odd flags, damaged checkpoints and kills of a training, for hostile.py. The first GAN is trained, by its command."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import scfegan_hf

TRAIN = (sys.executable, str(Path(scfegan_hf.__file__).parents[1] / "train_accelerate.py"), "vanilla")
STEPS, EVERY = 12, 2
HUNG = 120  # seconds
ODD = ("0", "-1", "nan", "inf", "-inf", "1e400", "x", "", "None", "0.5", "99999999999999999999", "[]")
# Flags of numbers, and those of the odd values that are in order for each.
FLAGS = {
    "train_batch_size": (), "gradient_accumulation_steps": (), "resolution": (), "max_train_steps": (),
    "checkpointing_steps": (), "validation_steps": (), "logging_steps": (), "num_validation_images": (),
    "checkpoints_total_limit": (), "ema_decay": ("0", "0.5"), "max_skipped_share": ("0", "0.5"), "max_grad_norm": ("0", "0.5"),
    "lr_warmup_steps": ("0",), "dataloader_prefetch_factor": (), "dataloader_num_workers": ("0",),
    "expect_processes": ("None",),
    "seed": ("0",), "learning_rate": ("0.5",), "beta1": ("0", "0.5"), "dropout": ("0", "0.5"), "smoothing": ("0.5",),
    "z_size": (), "seed_hidden": (), "stretch_minutes": ("0", "0.5"),
}  # fmt: skip
COMMANDS = (
    ("prepare", ".", "out", "--size"), ("prepare", ".", "out", "--shard-size"), ("prepare", ".", "out", "--num-proc"),
    ("demo", "--port"), ("demo", "--max-queue"), ("demo", "--device"), ("trace", "none.png", "-o", "a.png", "--level"),
    ("evaluate", "none", "--out", "out", "--faces"), ("edit", "none.png", "-o", "a.png", "--seed"),
    ("edit", "none.png", "-o", "a.png", "--quality"), ("edit", "none.png", "-o", "a.png", "--grow"),
    ("mask", "none.png", "-o", "a.png", "--at"),
)  # fmt: skip


def environment() -> dict[str, str]:
    path = os.pathsep.join((str(Path(scfegan_hf.__file__).parents[1]), os.environ.get("PYTHONPATH", "")))
    return {**os.environ, "ACCELERATE_USE_CPU": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": path}


def ended(command: list[str], folder: Path) -> tuple[int | None, str]:
    """Exit status, None for a process that hung, and what it wrote."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HUNG, env=environment())
    except subprocess.TimeoutExpired as hung:
        return None, f"{(hung.stdout or b'').decode()} it hung"
    return done.returncode, done.stdout + done.stderr


def try_flags(tries: int) -> tuple[int, list[str]]:
    """Odd values of flags, many in one process. Failure: no refusal, one without a word or with a traceback, anything
    written, a value in order that is refused."""
    failures, questions = [], [(flag, value) for flag in FLAGS for value in ODD]
    questions += [(command, value) for command in COMMANDS for value in ("0", "-1", "nan", "x", "", "1e400", "10000000000")]
    with tempfile.TemporaryDirectory() as folder:
        code, said = ended([sys.executable, __file__, json.dumps(questions[:: max(1, 1500 // max(tries, 1))])], Path(folder))
        answers = [json.loads(line.removeprefix("ANSWER ")) for line in said.splitlines() if line.startswith("ANSWER ")]
        failures += [why for why in answers if why]
        failures += [] if code == 0 else [f"the process of the flags ended with {code}: {said[-200:]}"]
        failures += [f"{path.name} was written" for path in Path(folder).iterdir()]
    return len(answers), failures


def answers_to(questions: list) -> Iterator[str | None]:
    """What is wrong with how each flag is taken; in a process of its own, since libraries keep what they were told."""
    import contextlib
    import io

    from scfegan_hf.cli import main as edits
    from scfegan_hf.training.command import main as trains

    for what, value in questions:
        told, training = io.StringIO(), isinstance(what, str)
        try:
            with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
                if training:
                    trains(["vanilla", "--output_dir", "out", "--report_to", "none", "--dry_run", f"--{what}={value}"])
                else:
                    status = edits([*what, value])
            refused = told.getvalue() if not training and status else None
        except SystemExit as end:
            refused = f"{end.code} {told.getvalue()}" if end.code not in (0, None) else None
        except BaseException as error:  # that is what is looked for
            yield f"{what} {value!r}: {type(error).__name__}: {error}"
            continue
        fine = training and value in FLAGS[what]
        if refused is None and not fine:
            yield f"{what} {value!r} was taken"
        elif refused is not None and (fine or len(refused) < 12 or "Traceback" in refused):
            yield f"{what} {value!r} was refused so: {refused.strip()[-150:]!r}"
        else:
            yield None


def training(out: Path, steps: int = STEPS) -> list[str]:
    flags = dict(output_dir=out, max_train_steps=steps, checkpointing_steps=EVERY, checkpoints_total_limit=3, report_to="none")
    flags |= dict(num_validation_images=8, train_batch_size=8, validation_steps=1000, hidden="16")
    return [*TRAIN, *(f"--{name}={value}" for name, value in flags.items())]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def flipped(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)


def garbled(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b'\x00\xff garbage\n[1]\n{"step": "one"}\n{"half": ')


def try_checkpoints(tries: int) -> tuple[int, list[str]]:
    """Each file of the newest checkpoint cut, emptied, changed by a bit or gone, garbage in the log, all of it at once.
    Failure: training does not come to the end of the same weights, or does not name what is damaged."""
    failures, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole")
        code, said = ended(training(whole), Path(folder))
        if code:
            return 1, [f"the training itself ended with {code}: {said[-200:]}"]
        weights, newest = (whole / "model.safetensors").read_bytes(), f"step-{STEPS:08d}"
        files = sorted(path.name for path in (whole / "checkpoints" / newest).iterdir())
        harms: tuple[Callable[[Path], None], ...] = (cut, emptied, flipped, Path.unlink)
        trials = [(f"checkpoints/{newest}/{name}", harm) for name in files for harm in harms] + [("log.jsonl", garbled)]
        trials = trials[:: max(1, 600 // max(tries, 1))]
        for number, (name, harm) in enumerate(trials):
            count, out = count + 1, Path(folder, f"out-{number}")
            shutil.copytree(whole, out)
            (out / "model.safetensors").unlink()
            harm(out / name)
            code, said = ended(training(out, STEPS + EVERY if name == "log.jsonl" else STEPS), Path(folder))
            where = f"{name} {harm.__name__}"
            if code or "Traceback" in said:
                failures.append(f"{where}: it ended with {code}: {said[-200:]}")
            elif name != "log.jsonl" and (out / "model.safetensors").is_file():
                if (out / "model.safetensors").read_bytes() != weights:
                    failures.append(f"{where}: other weights")
                elif "is passed over" not in said and Path(name).name != "state.json":  # without which there is no checkpoint
                    failures.append(f"{where}: nothing was said")
            shutil.rmtree(out)
    return count, failures


def try_kills(tries: int) -> tuple[int, list[str]]:
    """A training killed again and again at odd moments, and begun again. Failure: a run that does not go on, or an end of
    other weights than without kills."""
    failures, kills, rng = [], max(2, tries // 150), random.Random(2)
    with tempfile.TemporaryDirectory() as folder:
        whole, out = Path(folder, "whole"), Path(folder, "out")
        code, said = ended(training(whole), Path(folder))
        if code:
            return 1, [f"the training itself ended with {code}: {said[-200:]}"]
        for begun in range(kills):
            running = subprocess.Popen(
                training(out), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
            )
            while running.poll() is None and not any((out / "checkpoints").glob("*")) and not begun:
                time.sleep(0.05)
            time.sleep(rng.uniform(0, 1) if not begun else rng.uniform(2, 8))
            running.send_signal(rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)))
            try:
                running.wait(HUNG)
            except subprocess.TimeoutExpired:
                running.kill()
                failures.append("it did not end when it was asked to")
        code, said = ended(training(out), Path(folder))
        if code:
            failures.append(f"after {kills} kills it ended with {code}: {said[-200:]}")
        elif (out / "model.safetensors").read_bytes() != (whole / "model.safetensors").read_bytes():
            failures.append(f"after {kills} kills the weights are others")
    return kills, failures


if __name__ == "__main__":
    for answer in answers_to(json.loads(sys.argv[1])):
        print("ANSWER", json.dumps(answer), flush=True)
