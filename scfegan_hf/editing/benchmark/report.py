"""The benchmark's report: tables in Markdown, and a contact sheet to judge with one's own eyes."""

from collections.abc import Sequence

import cv2
import numpy as np

from scfegan_hf.editing.benchmark.figures import Fact, Figure, Table
from scfegan_hf.editing.benchmark.tasks import Drawing, EditTask

# Heading and decimals by figure, in the order of the columns; arrows say which way is better.
COLUMNS = {
    "masked_l1": ("L1 ↓", 2),
    "masked_psnr": ("PSNR dB ↑", 2),
    "masked_ssim": ("SSIM ↑", 3),
    "lpips_vgg": ("LPIPS ↓", 3),
    "lpips_alex": ("LPIPS (AlexNet) ↓", 3),
    "squeezenet_distance": ("SqueezeNet distance ↓", 3),
    "texture_distance": ("texture distance ↓", 3),
    "detail_b0": ("detail b0 → 1", 2),
    "detail_b1": ("b1 → 1", 2),
    "detail_b2": ("b2 → 1", 2),
    "detail_b3": ("b3 → 1", 2),
    "sketch_precision": ("sketch precision ↑", 3),
    "sketch_recall": ("sketch recall ↑", 3),
    "sketch_f1": ("sketch F1 ↑", 3),
    "color_difference": ("CIEDE2000 ↓", 2),
    "seam": ("seam ↓", 3),
    "changed_outside": ("changed outside", 6),
    "diversity": ("diversity ↑", 2),
    "fid": ("FID ↓", 1),
    "u_ids": ("U-IDS ↑", 3),
    "p_ids": ("P-IDS ↑", 3),
    "squeezenet_frechet": ("SqueezeNet Fréchet ↓", 2),
    "squeezenet_unpaired": ("SqueezeNet unpaired ↑", 3),
    "squeezenet_paired": ("SqueezeNet paired ↑", 3),
}
TILE, HEAD, FACES_PER_TASK = 192, 28, 2  # side of a picture on the sheet, height of its headings; rows of each task
EXACT = 140  # dB that only identical pictures reach


def to_markdown(table: Table, stated: Sequence[Fact], notes: Sequence[str]) -> str:
    """The whole report: notes, facts, a table over all tasks and one for each task."""
    parts = ["# Benchmark of edits", "\n".join(f"- {note}" for note in notes)]
    told = [f"| {f.sentence} | {_cell(f.figure, 4)} | {'yes' if f.holds else 'NO'} |" for f in stated]
    parts.append("\n".join(["| must hold | figure | holds |", "|---|---:|---|", *told]))
    for task, by_guidance in table.items():
        parts.append(f"## {'All tasks' if task == 'all' else task}\n\n{task_table(by_guidance)}")
    return "\n\n".join(parts) + "\n"


def task_table(by_guidance: dict[str, dict[str, dict[str, Figure]]]) -> str:
    """Rows of guidance and method; the columns that any of them has."""
    present = {figure for methods in by_guidance.values() for row in methods.values() for figure in row}
    columns = [name for name in COLUMNS if name in present]
    lines = [
        "| guidance | method | " + " | ".join(COLUMNS[name][0] for name in columns) + " |",
        "|---|---|" + "---:|" * len(columns),
    ]
    for kind, methods in by_guidance.items():
        for method, row in methods.items():
            cells = [_cell(row[name], COLUMNS[name][1], name) if name in row else "–" for name in columns]
            lines.append(f"| {kind} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(figure: Figure, decimals: int, name: str = "") -> str:
    """Mean and half the width of the interval; an exact 0 stays a bare 0."""
    if np.isnan(figure.mean):
        return "–"
    if name == "masked_psnr" and figure.mean > EXACT:
        return "exact"
    if figure.mean == figure.low == figure.high:
        return "0" if figure.mean == 0 else f"{figure.mean:.{decimals}f}"
    half = (figure.high - figure.low) / 2
    return f"{figure.mean:.{decimals}f}" + ("" if np.isnan(half) else f" ± {half:.{decimals}f}")


def show_drawing(photo: np.ndarray, mask: np.ndarray, drawn: Drawing) -> np.ndarray:
    """The photograph with the hole white, colours and lines in it."""
    shown = photo.copy()
    shown[mask] = 255
    painted = mask & drawn.painted
    shown[painted] = drawn.color[..., :3][painted]
    shown[mask & drawn.sketch] = 0
    return shown


class ContactSheet:
    """Collects results as `benchmark.run` shows them: a row for each task and face, a column for each picture."""

    def __init__(self, faces: Sequence[int], names: Sequence[str], main: str, baselines: Sequence[str]):
        self.names, self.main, self.baselines = list(names), main, baselines
        # Tasks step through the faces, so that a sheet shows as many people as it can.
        self.wanted = {
            (name, faces[(place * FACES_PER_TASK + extra) % len(faces)])
            for place, name in enumerate(names)
            for extra in range(FACES_PER_TASK)
        }
        self.rows: dict[tuple[str, int], dict[str, np.ndarray]] = {}

    def __call__(self, task: EditTask, kind: str, method: str, result: np.ndarray) -> None:
        """Keep what the sheet needs of one result."""
        if (task.name, task.face) not in self.wanted:
            return
        row = self.rows.setdefault((task.name, task.face), {"photograph": _tile(task.photo)})
        if kind in ("both", "altered") or "drawing" not in row:
            name = "altered drawing" if kind == "altered" else "drawing"
            row[name] = _tile(
                show_drawing(task.photo, task.mask, task.drawing_for("altered") if kind == "altered" else task.own)
            )
        if method == self.main:
            row[f"{method}: {kind}"] = _tile(result)
        elif method in self.baselines and kind == "both":
            row[method] = _tile(result)

    def picture(self) -> np.ndarray:
        """uint8 RGB, headings on top. ValueError if nothing was shown."""
        if not self.rows:
            raise ValueError("No task could be made from these faces, so there is nothing to show.")
        columns: list[str] = []
        for row in self.rows.values():
            columns += [name for name in row if name not in columns]
        order = sorted(self.rows, key=lambda key: (self.names.index(key[0]), key[1]))
        blank = np.full((TILE, TILE, 3), 255, np.uint8)
        lines = [np.hstack([_words(name, (TILE, HEAD)) for name in ("", *columns)])]
        for key in order:
            cells = [self.rows[key].get(name, blank) for name in columns]
            lines.append(np.hstack([_words(f"{key[0]}, face {key[1]}", (TILE, TILE)), *cells]))
        return np.vstack(lines)


def _tile(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)


def _words(text: str, size: tuple[int, int]) -> np.ndarray:
    board = np.full((size[1], size[0], 3), 255, np.uint8)
    cv2.putText(board, text, (4, size[1] // 2 + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return board
