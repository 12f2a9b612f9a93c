"""Processes that prepare photographs end with the one that began them, and one that is lost costs one photograph."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from scfegan_hf.data.prepare.folder import Shard, prepare_folder
from scfegan_hf.data.prepare.local import DEADLY, make_shards


class Rows:
    """A row maker of one number; a photograph that says so ends the process, or tells its number and takes long."""

    columns = {"length": "int64"}
    settings = {"kind": "test"}

    def __call__(self, data: bytes) -> dict | str:
        if data == b"deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        if data.startswith(b"slow"):
            Path(data[4:].decode(), str(os.getpid())).touch()
            time.sleep(600)
        return {"length": len(data)}

    def moved(self) -> "Rows":
        return self


def folder_of(folder: Path, contents: list[bytes]) -> Path:
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number:02d}.jpg").write_bytes(content)
    return folder


def engine(missing: list[Shard], photos: Path, make_row: Rows, processes: int = 2):
    return make_shards(missing, photos, make_row, processes)


def test_a_photograph_that_ends_its_process_is_left_out_alone(tmp_path):
    photos = folder_of(tmp_path / "photos", [b"1", b"22", b"deadly", b"4444", b"55555"])
    report = prepare_folder(photos, tmp_path / "out", Rows(), partial(engine, processes=1), shard_size=4, progress=False)
    assert report == {"prepared": 4, "left_out": {"02.jpg": DEADLY}}


def test_a_machine_that_ends_all_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("scfegan_hf.data.prepare.local.LOST_AT_MOST", 2)
    photos = folder_of(tmp_path / "photos", [b"1"] + [b"deadly"] * 3)
    with pytest.raises(ChildProcessError, match=r"2 photographs in a row ended their process, the last .*02\.jpg"):
        prepare_folder(photos, tmp_path / "out", Rows(), partial(engine, processes=1), progress=False)


def test_the_processes_end_with_the_one_that_began_them(tmp_path):
    """It is killed, and can tell nobody."""
    (tmp_path / "at").mkdir()
    photos = folder_of(tmp_path / "photos", [b"slow" + str(tmp_path / "at").encode()] * 4)
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import test_local as t\n"
        "if __name__ == '__main__': t.prepare_folder(sys.argv[2], sys.argv[3], t.Rows(), t.engine, progress=False)"
    )
    script = tmp_path / "begin.py"
    script.write_text(code)
    parent = subprocess.Popen([sys.executable, script, str(Path(__file__).parent), str(photos), str(tmp_path / "out")])
    with parent:
        workers = waited_for(lambda: [int(path.name) for path in (tmp_path / "at").iterdir()], lambda found: len(found) == 2)
        assert all(running(worker) for worker in workers)
        parent.kill()
    waited_for(lambda: [worker for worker in workers if running(worker)], lambda living: not living)


def waited_for(look, enough):
    end = time.monotonic() + 120
    while not enough(found := look()):
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def running(process: int) -> bool:
    """Whether a process is there and not merely uncollected."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
