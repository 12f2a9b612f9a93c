"""Files of strangers are deleted by age, whoever wrote them, by a cleaner that nothing ends."""

import asyncio
import threading

import pytest

from scfegan_hf.demo import cleaner
from scfegan_hf.demo.cleaner import clean, clean_always, kept_up


@pytest.fixture
def folder(tmp_path):
    """What may lie there: a picture in its folder, the remains of an upload and of another run, a link."""
    (tmp_path / "uploads" / "abc").mkdir(parents=True)
    (tmp_path / "uploads" / "abc" / "me.png").write_bytes(b"picture")
    (tmp_path / "uploads" / "0123.partial").write_bytes(b"half a picture")
    (tmp_path / "uploads" / "tmpx1y2").write_bytes(b"of Gradio's own")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "other.png").write_bytes(b"elsewhere")
    (tmp_path / "uploads" / "link").symlink_to(tmp_path / "kept")
    return tmp_path / "uploads"


def test_the_old_goes_and_the_new_stays(folder, monkeypatch):
    assert clean(folder, after=60) == 0 and (folder / "abc" / "me.png").is_file()
    now = cleaner.time.time()
    monkeypatch.setattr(cleaner.time, "time", lambda: now + 4000)  # an hour later
    assert clean(folder) == 3
    assert [path.name for path in folder.iterdir()] == ["link"]
    assert (folder.parent / "kept" / "other.png").is_file()


def test_a_folder_that_is_not_there_is_clean(tmp_path):
    assert clean(tmp_path / "none") == 0


def test_what_cannot_be_deleted_is_told_and_left(folder, monkeypatch, caplog):
    unlink = cleaner.Path.unlink

    def unwilling(path):
        if path.suffix != ".png":
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path)

    monkeypatch.setattr(cleaner.Path, "unlink", unwilling)
    assert clean(folder, after=-1) == 1
    assert "Not deleted" in caplog.text and (folder / "0123.partial").exists()


def test_files_that_come_while_it_cleans_do_no_harm(folder):
    """Gradio's cleaner ended for good at the first of them."""
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            try:
                (folder / f"{number % 50}").mkdir(exist_ok=True)
                (folder / f"{number % 50}" / f"{number}.png").write_bytes(b"new")
            except (FileNotFoundError, FileExistsError):  # its folder was just taken away, which uploads heed
                continue
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            clean(folder, after=-1)
    finally:
        stop.set()
        writer.join()
    clean(folder, after=-1)
    assert list(folder.rglob("*.png")) == []


def test_it_cleans_at_once_and_goes_on_whatever_happens(folder, monkeypatch, caplog):
    asked = []

    def broken(place, after):
        asked.append(place)
        if len(asked) < 3:
            raise RuntimeError("Set changed size during iteration")

    monkeypatch.setattr(cleaner, "clean", broken)

    async def served():
        async with kept_up(clean_always(folder, every=0.001)):
            while len(asked) < 5:
                await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(served(), 30))
    assert caplog.text.count("it is tried again") == 2


def test_a_folder_that_is_not_there_yet_is_no_matter(tmp_path, caplog):
    assert clean(tmp_path / "none") == 0 and not caplog.records
