"""Pictures of strangers are read first where reading can be ended."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from scfegan_hf.editing.reading import PictureCheck

SLOW = "takes too long to read"


@pytest.fixture
def check():
    check = PictureCheck(1_000_000, seconds=60)
    yield check
    check.close()


@pytest.fixture
def picture(tmp_path):
    Image.fromarray(np.full((80, 90, 3), 99, np.uint8)).save(tmp_path / "me.png")
    return str(tmp_path / "me.png")


def process_of(check) -> subprocess.Popen:
    """The process that is asked next."""
    readers = [check._free.get() for _ in range(check.readers)]
    for reader in readers:
        check._free.put(reader)
    return readers[0]._process


def test_pictures_are_let_through_and_others_refused_by_their_names(check, picture, tmp_path):
    assert check.check(picture, "photo") is None and check.check(picture, "mask") is None
    (tmp_path / "none.png").write_bytes(b"hello")
    Image.new("L", (70000, 1)).save(tmp_path / "thin.png")
    Image.new("1", (1001, 1000)).save(tmp_path / "large.png")
    for name, path, words in (
        ("mask", "none.png", "^The mask is not a picture that can be read"),
        ("sketch", "none.png", "^The sketch is not a picture"),
        ("photo", "thin.png", "^The photo is 70000x1"),
        ("mask", "large.png", "^The mask has more than 1 megapixels"),
        ("color", "gone.png", "^The color is no longer on the server"),
    ):
        with pytest.raises(ValueError, match=words):
            check.check(str(tmp_path / path), name)


def test_answers_are_remembered_until_the_file_changes(check, picture, monkeypatch):
    check.check(picture, "photo")
    monkeypatch.setattr("scfegan_hf.editing.reading._Reader.ask", lambda *_: "asked again")
    check.check(picture, "photo")
    os.utime(picture, ns=(1, 1))
    with pytest.raises(ValueError, match="asked again"):
        check.check(picture, "photo")


def test_a_picture_that_takes_too_long_is_refused_and_holds_nobody(check, picture, tmp_path):
    """A named pipe that nobody writes into stands for a decoder that does not end."""
    os.mkfifo(tmp_path / "slow.png")
    check.check(picture, "photo")
    check.check(picture, "mask")  # both processes are there
    check.seconds = 1
    said = []

    def ask():
        try:
            check.check(str(tmp_path / "slow.png"), "color")
        except ValueError as error:
            said.append(str(error))

    slow = threading.Thread(target=ask)
    slow.start()
    while check._free.qsize() == check.readers:
        time.sleep(0.01)
    time.sleep(0.2)
    check.seconds = 60
    check.check(picture, "sketch")
    assert not said  # it was answered while the other was still at it
    slow.join()
    assert said == [f"The color {SLOW}. Save it again as PNG or JPEG."]
    check.check(picture, "color")  # and there are as many processes as before
    check.check(picture, "another")


def test_time_is_the_cores_time(check, picture, tmp_path):
    """A busy machine refuses no picture; the system ends what takes too much of it."""
    code = "from scfegan_hf.editing.reading import limit_time\nlimit_time(0.1)\nwhile True: pass"
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGXCPU
    os.mkfifo(tmp_path / "slow.png")
    check.check(picture, "photo")
    check.check(picture, "mask")
    threading.Timer(0.5, process_of(check).send_signal, [signal.SIGXCPU]).start()
    with pytest.raises(ValueError, match=f"^The photo {SLOW}"):
        check.check(str(tmp_path / "slow.png"), "photo")


def test_a_picture_that_ends_the_process_is_refused(check, picture, tmp_path):
    os.mkfifo(tmp_path / "deadly.png")
    check.check(picture, "photo")
    check.check(picture, "mask")
    process = process_of(check)
    threading.Timer(0.5, process.send_signal, [signal.SIGSEGV]).start()
    with pytest.raises(ValueError, match="^The photo is damaged"):
        check.check(str(tmp_path / "deadly.png"), "photo")
    check.check(picture, "color")
    check.check(picture, "another")


def test_the_process_ends_with_who_began_it(tmp_path, picture):
    """Even one that is killed."""
    code = (
        "import sys, time; from scfegan_hf.editing.reading import PictureCheck; "
        "c = PictureCheck(seconds=60); c.check(sys.argv[1], 'photo'); "
        "r = c._free.get(); r = r if r._process else c._free.get(); print(r._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, picture], stdout=subprocess.PIPE, text=True)
    with parent:
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        parent.kill()
    latest = time.monotonic() + 30
    while not (ended := _state(child) == "Z") and time.monotonic() < latest:  # nobody here collects it
        time.sleep(0.05)
    assert ended, "the process lives on"


def _state(process: int) -> str:
    try:
        with open(f"/proc/{process}/stat") as opened:
            return opened.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"
