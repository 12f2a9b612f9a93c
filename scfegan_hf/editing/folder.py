"""A folder of photographs, edited by masks and drawings of the same names; a stopped run goes on, a report tells of all."""

import json
from collections.abc import Callable
from pathlib import Path

from scfegan_hf.editing.result import EditResult
from scfegan_hf.editing.saving import save_edited
from scfegan_hf.files import write_text
from scfegan_hf.formats import PHOTO_ENDINGS

KINDS = ("mask", "sketch", "color")
REPORT = "report.json"

# The photograph, and for each of KINDS what lies there for it.
Edit = Callable[[Path, dict[str, Path | None]], EditResult]


def edit_folder(
    edit: Edit,
    photos: str | Path,
    out: str | Path,
    drawings: dict[str, str | Path | None],
    *,
    ending: str = ".png",
    quality: int | None = None,
    progress: bool = True,
) -> dict:
    """Edit every picture below ``photos`` into ``out``, under its own name with ``ending``; returns and writes report.json.

    ``drawings``: by kind (of KINDS) a folder that holds them under the photographs' names, NAME.png or NAME_mask.png, or
    one file for all, or None. Photographs whose result is there already are passed over, so running the same again goes
    on. What cannot be edited is in the report with its reason. FileNotFoundError for a folder without pictures.
    """
    from tqdm import tqdm

    photos, out = Path(photos), Path(out)
    ours = [path.resolve() for path in (out, *(Path(each) for each in drawings.values() if each))]
    files = [file for file in _pictures(photos) if not _is_drawing(file, photos, ours)]
    if not files:
        raise FileNotFoundError(f"No pictures below {photos}. Give a folder with {', '.join(PHOTO_ENDINGS)} files.")
    layers = {kind: _Drawings(Path(place), kind, photos) for kind, place in drawings.items() if place is not None}
    report = {"edited": [], "there_already": [], "left_out": {}, "notes": {}}
    names: set[Path] = set()
    for file in tqdm(files, unit="photo", disable=not progress):
        name = file.relative_to(photos)
        target = out / name.with_suffix(ending)
        if target in names:
            report["left_out"][name.as_posix()] = f"another photograph is written as {target.name} too"
            continue
        names.add(target)
        if target.exists():
            report["there_already"].append(name.as_posix())
            continue
        try:
            result = edit(file, {kind: layers[kind].of(name) if kind in layers else None for kind in KINDS})
            save_edited(result.image, target, quality)
        except (ValueError, OSError) as error:
            report["left_out"][name.as_posix()] = str(error)
            continue
        report["edited"].append(name.as_posix())
        if result.notes:
            report["notes"][name.as_posix()] = list(result.notes)
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / REPORT, json.dumps(report, indent=2, ensure_ascii=False))
    return report


class _Drawings:
    """Where the drawings of one kind lie."""

    def __init__(self, place: Path, kind: str, photos: Path):
        self.place, self.kind = place, kind
        self.beside = place.resolve() == photos.resolve()  # there a photograph's name is its own
        if not place.exists():
            raise FileNotFoundError(f"There is no {kind} at {place}.")
        self.by_name = {}
        for file in _pictures(place) if place.is_dir() else ():
            self.by_name.setdefault(file.relative_to(place).with_suffix("").as_posix(), file)

    def of(self, photo: Path) -> Path | None:
        """What belongs to a photograph, called by its path below its folder. ValueError for none: a mask must be there."""
        if not self.place.is_dir():
            return self.place
        name = photo.with_suffix("").as_posix()
        for each in (f"{name}_{self.kind}", f"{name}-{self.kind}", f"{name}.{self.kind}", *([] if self.beside else [name])):
            if each in self.by_name:
                return self.by_name[each]
        if self.kind == "mask":
            raise ValueError(f"there is no mask for it in {self.place}")
        return None


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_ENDINGS and path.is_file())


def _is_drawing(file: Path, photos: Path, ours: list[Path]) -> bool:
    """Whether a picture below the photographs' folder is a result or a drawing that lies there too."""
    if any(file.resolve().is_relative_to(place) and place != photos.resolve() for place in ours):
        return True
    return file.stem.endswith(tuple(f"{mark}{kind}" for kind in KINDS for mark in "_-."))
