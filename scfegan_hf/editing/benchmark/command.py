"""`scfegan evaluate`: from folders and models to report.md, report.json and sheet.png."""

import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.benchmark import baselines, figures, judges, recoloring, report, tasks
from scfegan_hf.editing.pipeline import FaceEditPipeline
from scfegan_hf.editing.saving import save_png
from scfegan_hf.files import write_text

OURS = "this model"


def named_models(texts: Sequence[str]) -> dict[str, str | None]:
    """Folders or Hub repositories by name, from `PATH` (in place of the weights in the package) and `NAME=PATH`.

    ValueError for a name that is given twice or taken by a baseline.
    """
    models: dict[str, str | None] = {OURS: None}
    seen = set()
    for text in texts:
        name, path = (OURS, text) if "=" not in text or Path(text).exists() else text.split("=", 1)
        if name in seen or name in baselines.BASELINES or not name or not path:
            raise ValueError(f"--model {text}: give each model a name of its own, as in --model paper=FOLDER.")
        seen.add(name)
        models[name] = path
    return models


def evaluate(
    data: Sequence[str],
    out: str | Path,
    models: Sequence[str] = (),
    faces: int = 20,
    names: Sequence[str] = tasks.TASKS,
    guidance: Sequence[str] = tasks.GUIDANCE,
    feature_weights: str | None = None,
    seed: int = 0,
    by_hand: bool = False,
    no_detail: bool = False,
    drafts: bool = False,
    lpips_weights: str | None = None,
) -> str:
    """Run the benchmark on validation faces and write its report below ``out``; returns report.md's text.

    ``by_hand``: see `tasks.make_tasks`. ``no_detail``: each model without the detail pass too, as one more row.
    ``drafts``: by what drawings mean too (editing/draft.py), where the others take them to the letter.
    Errors are ValueError or FileNotFoundError that say what to do.
    """
    if faces < 1:
        raise ValueError(f"--faces must be at least 1, not {faces}.")
    begin, busy = time.perf_counter(), time.process_time()
    rows = load_rows(list(data), "validation")
    chosen = tasks.pick_faces(rows, faces)
    paths = named_models(models)
    pipes = {name: FaceEditPipeline.from_pretrained(path) for name, path in paths.items()}
    methods = {name: baselines.of_pipeline(pipe) for name, pipe in pipes.items()}
    if no_detail:
        methods |= {f"{name}, no detail": baselines.of_pipeline(pipe, detail=False) for name, pipe in pipes.items()}
    if drafts:
        methods |= {f"{name}, as meant": baselines.of_pipeline(pipe, drafts=True) for name, pipe in pipes.items()}
    methods |= baselines.BASELINES
    had, notes = _judges(feature_weights, lpips_weights)
    sheet = report.ContactSheet(chosen, names, OURS, [name for name in methods if name not in (OURS, "the photograph")])
    outcome = figures.run(tasks.make_tasks(rows, chosen, names, seed, by_hand), methods, guidance, had, seed, sheet)
    if not outcome.rows:
        raise ValueError("None of these tasks can be made from these faces. Prepare them with landmarks and regions.")
    table, stated = figures.tabulate(outcome, seed), figures.facts(outcome, list(paths), seed)
    made = {name: len({row["face"] for row in outcome.rows if row["task"] == name}) for name in names}
    edits = len({(row["face"], row["task"], row["guidance"]) for row in outcome.rows})
    notes = [
        *(["Features are drawn and painted as people do; holes without one are left out."] if by_hand else []),
        f"{len(chosen)} of {len(rows)} validation faces, {edits} edits by each method, seed {seed}. "
        f"Faces by task: {', '.join(f'{name} {count}' for name, count in made.items())}.",
        "Means ± half of the 95% interval: bootstrap over faces; for figures of whole sets the jackknife over groups of faces.",
        *notes,
        f"Took {time.perf_counter() - begin:.0f} s, {time.process_time() - busy:.0f} s of processor time.",
    ]
    settings = {"data": list(map(str, data)), "models": paths, "faces": chosen, "made": made, "seed": seed, "by_hand": by_hand}
    settings["notes"] = notes
    text = report.to_markdown(table, stated, notes)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "report.md", text)
    write_text(out / "report.json", figures.to_json(table, stated, settings))
    save_png(Image.fromarray(sheet.picture()), out / "sheet.png")
    return text


def evaluate_recoloring(
    data: Sequence[str], out: str | Path, model: str | None = None, *, faces: int = 20, seed: int = 0
) -> str:
    """Measure recolouring (`recoloring`) on validation faces and write report.md, report.json and sheet.png below ``out``."""
    if faces < 1:
        raise ValueError(f"--faces must be at least 1, not {faces}.")
    rows = load_rows(list(data), "validation")
    dabs = list(recoloring.make_dabs(rows, tasks.pick_faces(rows, faces), seed))
    if not dabs:
        raise ValueError("None of these faces shows a part to recolour. Prepare them with landmarks and regions.")
    methods = recoloring.methods(FaceEditPipeline.from_pretrained(model))
    table, sheet = recoloring.run(dabs, methods, seed)
    people = len({dab.face for dab in dabs})
    text = f"# Recolouring\n\n{len(dabs)} dabs on {people} of {len(rows)} validation faces, seed {seed}.\n\n"
    text += recoloring.to_markdown(table) + "\n"
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "report.md", text)
    settings = {"data": list(map(str, data)), "model": model, "faces": sorted({dab.face for dab in dabs}), "seed": seed}
    write_text(out / "report.json", figures.to_json({"recolor": table}, [], settings))
    save_png(Image.fromarray(sheet), out / "sheet.png")
    return text


def _judges(feature_weights: str | None, lpips_weights: str | None) -> tuple[list[judges.Judge], list[str]]:
    """Those that can be had, and what to say about the others."""
    had, notes = [], []
    try:
        had.append(judges.standard_judge())
    except RuntimeError as error:
        notes.append(f"LPIPS, FID, P-IDS and U-IDS are left out: {error}.")
    if feature_weights is None:
        notes.append("SqueezeNet's figures are left out: no --feature-weights FILE was given.")
    else:
        had.append(judges.squeezenet_judge(feature_weights))
    if lpips_weights is not None:
        had.append(judges.lpips_judge(lpips_weights))
    return had, notes
