"""Photographs to rows of Parquet shards, whatever a row holds: a shard is whole or not there, a stopped run goes on.

What a row is, is the caller's word (`RowMaker`). Who makes the shards is too: the processes of this machine (`local`) or a
Ray cluster (`cluster`); their output is the same.
"""

import fnmatch
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from scfegan_hf.files import replacing, write_text
from scfegan_hf.formats import PHOTO_ENDINGS

PICTURE = "picture"  # the kind of a column that holds an encoded picture; others are named as `datasets.Value` names them


class RowMaker(Protocol):
    """Makes rows, in any process: it is pickled there. Anything that other processes find elsewhere is `moved` first.

    columns: kinds of a row's columns by name: PICTURE, a type of `datasets.Value`, or a list of one such type. settings:
    what the rows depend on, for JSON.
    """

    columns: Mapping[str, str | list[str]]
    settings: Mapping[str, object]

    def __call__(self, data: bytes) -> dict | str:
        """The row of a photograph's file, or a sentence that says why there is none."""

    def moved(self) -> "RowMaker":
        """The same with absolute paths, for processes that work in other folders."""


class Shard(NamedTuple):
    """A Parquet file to be, and the photographs that go into it."""

    path: Path
    files: list[Path]

    def is_finished(self) -> bool:
        return self.path.with_suffix(".json").exists()  # written last

    def finish(self, prepared: int, left_out: dict[str, str]) -> None:
        """The note that says it is whole."""
        write_text(self.path.with_suffix(".json"), json.dumps({"prepared": prepared, "left_out": left_out}))


# Makes shards of photographs below a folder and yields, again and again, how many photographs more are done.
Engine = Callable[[list[Shard], Path, RowMaker], Iterator[int]]


def prepare_folder(
    photos: str | Path,
    out: str | Path,
    make_row: RowMaker,
    engine: Engine,
    validation: Sequence[str] = (),
    shard_size: int = 64,
    progress: bool = True,
) -> dict:
    """Make rows of every picture below ``photos`` into ``out/data/SPLIT-NNNNN.parquet``; returns and writes report.json.

    ``validation``: shell patterns of file names (without ending) that go to the validation split. The same call goes on
    where the last one stopped, with any engine; other settings for the same ``out`` are refused by ValueError.
    """
    from tqdm import tqdm

    photos, out = Path(photos).absolute(), Path(out).absolute()  # other processes may work elsewhere
    files = sorted(p for p in photos.rglob("*") if p.suffix.lower() in PHOTO_ENDINGS and p.is_file())
    if not files:
        raise FileNotFoundError(f"No pictures below {photos}. Give a folder with {', '.join(PHOTO_ENDINGS)} files.")
    plan = {
        "options": dict(make_row.settings), "validation": list(validation), "shard_size": shard_size, "photos": len(files)
    }  # fmt: skip
    (out / "data").mkdir(parents=True, exist_ok=True)
    _check_plan(out / "prepare.json", plan)

    shards = _shards(files, out, validation, shard_size)
    missing = [shard for shard in shards if not shard.is_finished()]
    with tqdm(total=len(files), unit="photo", disable=not progress) as bar:
        bar.update(len(files) - sum(len(shard.files) for shard in missing))
        for done in engine(missing, photos, make_row) if missing else ():
            bar.update(done)
    reports = [json.loads(shard.path.with_suffix(".json").read_text()) for shard in shards]
    report = {
        "prepared": sum(r["prepared"] for r in reports),
        "left_out": {name: why for r in reports for name, why in r["left_out"].items()},
    }
    write_text(out / "report.json", json.dumps(report, indent=2))
    return report


def _shards(files: list[Path], out: Path, validation: Sequence[str], shard_size: int) -> list[Shard]:
    splits: dict[str, list[Path]] = {"train": [], "validation": []}
    for file in files:
        held_out = any(fnmatch.fnmatch(file.stem, pattern) for pattern in validation)
        splits["validation" if held_out else "train"].append(file)
    return [
        Shard(out / "data" / f"{split}-{start // shard_size:05d}.parquet", members[start : start + shard_size])
        for split, members in splits.items()
        for start in range(0, len(members), shard_size)
    ]


def _check_plan(path: Path, plan: dict) -> None:
    if path.exists():
        before = json.loads(path.read_text())
        differing = sorted(key for key in plan if before.get(key) != plan[key])
        if differing:
            details = "; ".join(f"{key}: {before.get(key)} before, {plan[key]} now" for key in differing)
            raise ValueError(f"{path.parent} was prepared with other settings ({details}). Choose another folder.")
    write_text(path, json.dumps(plan, indent=2))


def row_of_file(file: Path, make_row: RowMaker) -> dict | str:
    """The row of a file, or a sentence that says why there is none."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return f"could not be read ({error.strerror})"
    return make_row(data)


def write_shard(path: Path, files: list[Path], made: list[dict | str], photos: Path, make_row: RowMaker) -> tuple[int, dict]:
    """Write the rows that `row_of_file` made of ``files`` as Parquet at ``path``; no file for no row.

    Returns how many there are, and by name (below ``photos``) why others are none.
    """
    rows, left_out = [], {}
    for file, row in zip(files, made, strict=True):
        name = file.relative_to(photos).as_posix()
        if isinstance(row, str):
            left_out[name] = row
        else:
            rows.append({"name": name, **row})
    if rows:
        with replacing(path) as partial:
            write_rows(partial, rows, make_row.columns)
    return len(rows), left_out


def write_rows(path: Path, rows: list[dict], columns: Mapping[str, str | list[str]]) -> None:
    """One or more rows as a Parquet file; each has a ``name`` beside its ``columns``."""
    from datasets import Dataset, Features, Image, List, Value

    def feature(kind: str | list[str]):
        return List(Value(kind[0])) if isinstance(kind, list) else Image() if kind == PICTURE else Value(kind)

    features = Features({"name": Value("string"), **{name: feature(kind) for name, kind in columns.items()}})
    table = [{key: {"bytes": v, "path": None} if columns.get(key) == PICTURE else v for key, v in row.items()} for row in rows]
    Dataset.from_list(table, features=features).to_parquet(str(path))
