"""Runs the benchmark: every task, guidance and method, measured; then means with confidence intervals.

Obedience is always held against the whole drawing, whether or not it was given, so that "none" shows what chance and
the surroundings give and the other rows what the drawing adds. Results, features and figures that do not depend on the
guidance are computed once for a task.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from scfegan_hf.editing.benchmark import judges, obedience
from scfegan_hf.editing.benchmark.baselines import Method
from scfegan_hf.editing.benchmark.tasks import GUIDANCE, Drawing, EditTask
from scfegan_hf.evaluation import closeness, sets, texture

# Without meaning where there is no truth; beside the judges' distances.
CLOSENESS = ("masked_l1", "masked_psnr", "masked_ssim", *texture.NAMES, "texture_distance")
RESAMPLES, GROUPS = 1000, 20
MARGIN = 16  # pixels around the hole that figures of the hole can see


@dataclass
class Run:
    """Everything measured. ``rows``: one dict for each edit; ``vectors``: what each judge saw, aligned with ``rows``."""

    judges: Sequence[judges.Judge]
    rows: list[dict] = field(default_factory=list)
    vectors: list[list[tuple[np.ndarray, np.ndarray]]] = field(default_factory=list)  # by judge: (result, photograph)


Show = Callable[[EditTask, str, str, np.ndarray], None]


def run(
    tasks: Iterable[EditTask],
    methods: dict[str, Method],
    guidance: Sequence[str] = GUIDANCE,
    judges: Sequence[judges.Judge] = (),
    seed: int = 0,
    show: Show | None = None,
) -> Run:
    """Measure ``methods`` on ``tasks`` under each guidance. ``show(task, guidance, method, result)`` sees every result.

    Raises ValueError for unknown guidance.
    """
    unknown = [name for name in guidance if name not in GUIDANCE]
    if unknown:
        raise ValueError(f"There is no guidance {unknown[0]!r}. Choose from {', '.join(GUIDANCE)}.")
    outcome = Run(judges, vectors=[[] for _ in judges])
    for task in tasks:
        bench = _Bench(task, judges)
        for name, method in methods.items():
            for kind in guidance:
                if kind == "altered" and task.altered is None:
                    continue
                result = bench.result(name, method, kind, seed)
                figures = bench.figures(name, method, kind)
                if method.seeded and kind == guidance[0]:
                    again = method.edit(task, task.drawing_for(kind), seed + 1)
                    figures["diversity"] = closeness.masked_l1(again, result, task.mask)
                outcome.rows.append({"face": task.face, "task": task.name, "guidance": kind, "method": name, **figures})
                for number in range(len(judges)):
                    outcome.vectors[number].append(bench.vectors(name, method, kind, number))
                if show is not None:
                    show(task, kind, name, result)
    return outcome


class _Bench:
    """One task's results and figures, each computed when it is first asked for."""

    def __init__(self, task: EditTask, judges: Sequence[judges.Judge]):
        self.task, self.judges = task, judges
        self.results: dict[tuple, np.ndarray] = {}
        self.measured: dict[tuple, dict[str, float]] = {}
        self.obeyed: dict[tuple, dict[str, float]] = {}
        self.seen: dict[tuple, list] = {}
        # Everything but the check of the rest of the picture happens in a window around the hole.
        rows, cols = np.flatnonzero(task.mask.any(1)), np.flatnonzero(task.mask.any(0))
        self.window = tuple(slice(max(line[0] - MARGIN, 0), line[-1] + 1 + MARGIN) for line in (rows, cols))
        self.photo, self.mask = task.photo[self.window], task.mask[self.window]
        self.profiles = obedience.border_profiles(self.mask)
        self.photo_jumps = obedience.border_jumps(self.photo, self.profiles)
        share = obedience.explained_share(obedience.edges(self.photo), task.own.sketch[self.window], self.mask)
        self.typical = share if share > 0 else 1.0  # where nothing was traced nothing is known of what is usual
        self.photo_seen = [judge.look(task.photo, task.mask) for judge in judges]

    @staticmethod
    def key(name: str, method: Method, kind: str) -> tuple:
        """What the result depends on: of which drawing lines and colours are heeded."""
        source = "altered" if kind == "altered" else "own"
        parts = {"none": (), "sketch": ("sketch",), "color": ("color",)}.get(kind, ("sketch", "color"))
        heeded = tuple(part for part in parts if part in method.heeds)
        return (name, source, heeded) if heeded else (name,)

    def result(self, name: str, method: Method, kind: str, seed: int) -> np.ndarray:
        key = self.key(name, method, kind)
        if key not in self.results:
            self.results[key] = method.edit(self.task, self.task.drawing_for(kind), seed)
        return self.results[key]

    def figures(self, name: str, method: Method, kind: str) -> dict[str, float]:
        """All figures of a result that exists; those that need a truth are left out for altered drawings."""
        key = self.key(name, method, kind)
        if key not in self.measured:
            self.measured[key] = self._measure(key)
        figures = dict(self.measured[key])
        if kind == "altered":
            for figure in (*CLOSENESS, *(judge.distance_name for judge in self.judges)):
                figures.pop(figure, None)
        against = (*key, "altered" if kind == "altered" else "own")
        if against not in self.obeyed:
            self.obeyed[against] = self._obedience(self.results[key][self.window], self.task.reference(kind))
        return figures | self.obeyed[against]

    def vectors(self, name: str, method: Method, kind: str, judge: int) -> tuple[np.ndarray, np.ndarray]:
        return self.seen[self.key(name, method, kind)][judge][1], self.photo_seen[judge][1]

    def _measure(self, key: tuple) -> dict[str, float]:
        whole = self.results[key]
        result, photo, mask = whole[self.window], self.photo, self.mask
        figures = {
            "masked_l1": closeness.masked_l1(result, photo, mask),
            "masked_psnr": closeness.masked_psnr(result, photo, mask),
            "masked_ssim": closeness.masked_ssim(result, photo, mask),
            "seam": obedience.seam_visibility(obedience.border_jumps(result, self.profiles), self.photo_jumps),
            "changed_outside": obedience.changed_outside(whole, self.task.photo, self.task.mask),
        }
        self.seen[key] = [judge.look(whole, self.task.mask) for judge in self.judges]
        for judge, seen, truth in zip(self.judges, self.seen[key], self.photo_seen, strict=True):
            figures[judge.distance_name] = judge.distance(seen[0], truth[0])
            if judge.texture is not None:
                shown, photographed = (judge.texture(picture, mask) for picture in (result, photo))
                figures["texture_distance"] = judges.texture_distance(shown, photographed)
        return figures | texture.octave_ratios(result, photo, mask)

    def _obedience(self, result: np.ndarray, drawn: Drawing) -> dict[str, float]:
        figures = obedience.sketch_obedience(obedience.edges(result), drawn.sketch[self.window], self.mask, self.typical)
        painted = drawn.painted[self.window] & self.mask
        return figures | {"color_difference": obedience.color_obedience(result, drawn.color[self.window][..., :3], painted)}


@dataclass(frozen=True)
class Figure:
    """A mean over faces with its 95% confidence interval; ``faces`` had a value."""

    mean: float
    low: float
    high: float
    faces: int


Table = dict[str, dict[str, dict[str, dict[str, Figure]]]]


def tabulate(outcome: Run, seed: int = 0) -> Table:
    """``table[task or "all"][guidance][method][figure]``.

    "all" is the mean over a face's tasks first, so that a face is one draw whatever tasks it could have. Intervals:
    percentiles of the mean over resampled faces; for sets of vectors, the jackknife over groups of faces.
    """
    by_cell: dict[tuple, dict[str, dict[int, list[float]]]] = {}
    numbers: dict[tuple, list[int]] = {}
    for number, row in enumerate(outcome.rows):
        for task in (row["task"], "all"):
            cell = (task, row["guidance"], row["method"])
            numbers.setdefault(cell, []).append(number)
            for figure, value in row.items():
                if figure not in ("face", "task", "guidance", "method") and not np.isnan(value):
                    by_cell.setdefault(cell, {}).setdefault(figure, {}).setdefault(row["face"], []).append(value)
    table: Table = {}
    for cell in sorted(by_cell, key=lambda cell: cell[0] != "all"):
        task, kind, method = cell
        figures = {figure: bootstrap([np.mean(v) for v in faces.values()], seed) for figure, faces in by_cell[cell].items()}
        if task == "all":
            for judge, vectors in zip(outcome.judges, outcome.vectors, strict=True):
                figures |= _set_figures(judge, outcome.rows, vectors, numbers[cell])
        table.setdefault(task, {}).setdefault(kind, {})[method] = figures
    return table


def _set_figures(judge: judges.Judge, rows: list[dict], vectors: list, numbers: list[int]) -> dict[str, Figure]:
    """Fréchet distance and indiscriminability of one method's results under one guidance, all tasks together."""
    faces = np.array([rows[n]["face"] for n in numbers])
    fake, real = (np.stack([vectors[n][side] for n in numbers]) for side in (0, 1))

    def compute(kept: np.ndarray) -> tuple[float, ...]:
        told = sets.indiscriminability(real[kept], fake[kept], faces[kept], judge.held_out)
        return (sets.frechet_distance(fake[kept], real[kept]), *told)

    order = np.unique(faces, return_inverse=True)[1]
    count = int(order.max()) + 1
    groups = min(GROUPS, count)
    values = np.array(compute(np.ones(len(faces), bool)))
    error = np.full(3, np.nan)
    if groups > 2:
        without = np.array([compute(order % groups != group) for group in range(groups)])
        error = np.sqrt((groups - 1) / groups * ((without - without.mean(0)) ** 2).sum(0))
    names = (judge.frechet_name, judge.unpaired_name, judge.paired_name)
    return {
        name: Figure(float(value), float(value - 1.96 * e), float(value + 1.96 * e), count)
        for name, value, e in zip(names, values, error, strict=True)
    }


def bootstrap(values: Sequence[float], seed: int = 0) -> Figure:
    """The mean of independent values and the 2.5th and 97.5th percentile of the means of RESAMPLES resamples."""
    values = np.asarray(values, np.float64)
    draws = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(1), (2.5, 97.5))
    return Figure(float(values.mean()), float(low), float(high), len(values))


@dataclass(frozen=True)
class Fact:
    """A sentence that must hold for the benchmark to be believed, and the difference that shows whether it does."""

    sentence: str
    figure: Figure
    holds: bool


def facts(outcome: Run, methods: Sequence[str], seed: int = 0) -> list[Fact]:
    """Outside nothing changes; lines and colours raise obedience where they are given. For each of ``methods``."""
    result = []
    for method in methods:
        changed = bootstrap([row["changed_outside"] for row in outcome.rows if row["method"] == method], seed)
        result.append(Fact(f"{method}: share of pixels changed outside the hole", changed, changed.mean == 0))
        for figure, sign, pairs in (
            ("sketch_f1", 1, (("none", "sketch"), ("color", "both"), ("none", "both"))),
            ("color_difference", -1, (("none", "color"), ("sketch", "both"), ("none", "both"))),
        ):
            for without, with_ in pairs:
                change = _paired_change(outcome.rows, method, figure, without, with_)
                if len(change):
                    gain = bootstrap(sign * change, seed)
                    what = "sketch F1 gained by lines" if sign > 0 else "colour difference taken away by colours"
                    result.append(Fact(f"{method}: {what}, {with_} against {without}", gain, gain.low > 0))
    return result


def _paired_change(rows: list[dict], method: str, figure: str, without: str, with_: str) -> np.ndarray:
    """Mean change by face, over the tasks that have the figure under both guidances."""
    values: dict[tuple, dict[str, float]] = {}
    for row in rows:
        if row["method"] == method and row["guidance"] in (without, with_):
            values.setdefault((row["face"], row["task"]), {})[row["guidance"]] = row[figure]
    by_face: dict[int, list[float]] = {}
    for (face, _), pair in values.items():
        if len(pair) == 2 and not np.isnan(list(pair.values())).any():
            by_face.setdefault(face, []).append(pair[with_] - pair[without])
    return np.array([np.mean(changes) for changes in by_face.values()])


def to_json(table: Table, stated: Sequence[Fact], settings: dict) -> str:
    """Settings, facts and table for programs; NaN, which JSON has not, as null."""

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, Figure):
            return plain({"mean": value.mean, "low": value.low, "high": value.high, "faces": value.faces})
        return None if isinstance(value, float) and np.isnan(value) else value

    told = [{"sentence": f.sentence, "figure": plain(f.figure), "holds": f.holds} for f in stated]
    return json.dumps({"settings": settings, "facts": told, "table": plain(table)}, indent=1)
