"""Watching a run: JSON lines always, a tracker by name, and the curves of all losses as a picture at the end."""

import importlib.util
import json
import logging
import time
from pathlib import Path

import numpy as np
from accelerate import Accelerator
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scfegan_hf.files import replacing, write_text
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.timing import Stopwatch

log = logging.getLogger(__name__)

TRACKERS = ("tensorboard", "wandb", "trackio")


def check_tracker(name: str) -> None:
    """Raises ValueError for a tracker that there is none of or that is not installed: accelerate would leave it out."""
    if name == "none":
        return
    if name not in TRACKERS:
        raise ValueError(f"--report_to must be one of {', '.join(TRACKERS)} or none, not {name!r}.")
    if importlib.util.find_spec(name) is None:
        raise ValueError(f"--report_to {name} needs a package that is not installed: pip install {name}.")


class RunLog:
    """Lines of log.jsonl, and the same to the tracker."""

    def __init__(self, accelerator: Accelerator, config: TrainConfig, settings: dict, step: int):
        """Going on from ``step``; what a run that was killed wrote after it is taken back."""
        self.accelerator, self.path = accelerator, Path(config.output_dir) / "log.jsonl"
        self.started = time.perf_counter()
        if accelerator.is_main_process and self.path.exists():
            kept = [line for line in read_log(self.path) if line["step"] <= step]
            write_text(self.path, "".join(json.dumps(line) + "\n" for line in kept))
        if config.report_to == "tensorboard":
            accelerator.init_trackers("logs", init_kwargs={"tensorboard": {"purge_step": step + 1}} if step else {})
        elif config.report_to != "none":
            accelerator.init_trackers(Path(config.output_dir).resolve().name, config={k: str(v) for k, v in settings.items()})

    def write(self, values: dict[str, float], step: int) -> None:
        """A line of figures at a step, with the seconds since this process began."""
        values = {**values, "seconds": round(time.perf_counter() - self.started, 1)}
        self.accelerator.log(values, step=step)
        if self.accelerator.is_main_process:
            with open(self.path, "a") as lines:
                lines.write(json.dumps({"step": step, **values}) + "\n")


class Pace:
    """How quick a run is since it was last asked: samples a second, and the share of the time that waited for data."""

    def __init__(self, watch: Stopwatch, step: int, whole_batch: int):
        self.watch, self.whole_batch = watch, whole_batch
        self.restart(step)

    def restart(self, step: int) -> None:
        """Count from here on."""
        self.since, self.step, self.waited = time.perf_counter(), step, self.watch.seconds.get("data", 0.0)

    def read(self, step: int) -> dict[str, float]:
        """Figures for the log, up to ``step``; then counts from here on."""
        seconds, steps, waited = time.perf_counter() - self.since, step - self.step, self.waited
        self.restart(step)
        return {"images_per_second": steps * self.whole_batch / seconds, "data_wait": (self.waited - waited) / seconds}


def read_log(path: Path) -> list[dict]:
    """The whole lines of a log.jsonl. A killed run may have left half of one at the end; of damaged ones a warning tells."""
    texts = [text for text in path.read_text(errors="replace").splitlines(keepends=True) if text.endswith("\n")]
    lines = [line for line in map(_line, texts) if line]
    if len(lines) < len(texts):
        log.warning("%d lines of %s are damaged and left out.", len(texts) - len(lines), path)
    return lines


def _line(text: str) -> dict | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and isinstance(line.get("step"), int) else None


SMOOTHED = 25  # parts of a run, over one of which the bold lines are means


def draw_curves(log: Path, groups: dict[str, set[str]], png: Path) -> None:
    """One panel of losses for each group of names, as logged and smoothed, and one for each validation figure, over steps."""
    lines = read_log(log)
    names = list(dict.fromkeys(name for line in lines for name in line))
    panels = {title: [name for name in names if name in group] for title, group in groups.items()}
    panels |= {name.replace("_", " "): [name] for name in names if name.startswith("validation_")}
    panels = {title: names for title, names in panels.items() if names}
    if not panels:
        return
    figure = Figure(figsize=(8, 3 * len(panels)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, shown) in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels.items(), strict=True):
        for number, name in enumerate(shown):
            steps, values = np.array([(line["step"], line[name]) for line in lines if name in line]).T
            color, width = f"C{number}", len(values) // SMOOTHED
            if width > 1:
                axes.plot(steps, values, color=color, linewidth=0.7, alpha=0.3)
                # A mean over what there is of the window, so that both ends are drawn.
                kernel = np.ones(width)
                values = np.convolve(values, kernel, "same") / np.convolve(np.ones_like(values), kernel, "same")
            label = name.removeprefix("validation").strip("_").replace("_", " ")  # _ in front keeps a figure out of the sum
            axes.plot(steps, values, color=color, label=label, marker="." if len(values) < 30 else None)
        axes.set(title=title, xlabel="step")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    with replacing(png) as partial:
        figure.savefig(partial, format="png")
