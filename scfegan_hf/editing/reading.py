"""Pictures of strangers are read once in a process that can be ended, before they are read where everybody's edits are made.

A file may take a decoder minutes, gigabytes, or down: then this process is ended, the file is refused, and nobody waits.
`python -m scfegan_hf.editing.reading` is that process: a line of JSON a picture on its standard input, and one in answer.
"""

import contextlib
import json
import math
import os
import queue
import signal
import subprocess  # nosec B404
import sys
import threading
import time
from collections import OrderedDict
from pathlib import Path

from scfegan_hf.editing.photos import read_photo
from scfegan_hf.formats import MAX_PIXELS, damaged, load, open_picture

SECONDS = 15.0  # of a core for one picture; of 48 megapixels a JPEG takes 0.4, WebP and AVIF one, JPEG 2000 six
PATIENCE = 4  # times as long by the clock, since others use the cores too
MEMORY = 4 * 2**30  # bytes of address space that a reader may have
READERS = 2
REMEMBERED = 1000  # answers


class PictureCheck:
    """Reads pictures in processes of its own, each begun when it is first needed; may be asked from several threads."""

    def __init__(self, max_pixels: int = MAX_PIXELS, seconds: float = SECONDS, readers: int = READERS):
        self.max_pixels, self.seconds, self.readers = max_pixels, seconds, readers
        self._free: queue.SimpleQueue[_Reader] = queue.SimpleQueue()
        for _ in range(readers):
            self._free.put(_Reader())
        self._answers: OrderedDict[tuple, str | None] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, path: str, name: str) -> None:
        """Raises ValueError that calls the picture ``name`` unless it can be read as such within the time and memory.

        ``name``: "photo", which is held to what can be edited, or another picture's. Answers are remembered.
        """
        try:
            state = os.stat(path)
        except OSError as error:
            raise ValueError(f"The {name} is no longer on the server. Choose it again.") from error
        key = (path, name, state.st_mtime_ns, state.st_size)
        with self._lock:
            known, answer = key in self._answers, self._answers.get(key)
        if not known:
            reader = self._free.get()
            try:
                answer = reader.ask([path, name, self.max_pixels, self.seconds], name, self.seconds)
            finally:
                self._free.put(reader)
            with self._lock:
                self._answers[key] = answer
                while len(self._answers) > REMEMBERED:
                    self._answers.popitem(last=False)
        if answer is not None:
            raise ValueError(answer)

    def close(self) -> None:
        """End the processes, each when its picture is read; whoever asks again begins new ones."""
        readers = [self._free.get() for _ in range(self.readers)]
        for reader in readers:
            reader.end()
            self._free.put(reader)


class _Reader:
    """One process, begun again whenever it was ended."""

    def __init__(self):
        self._process: subprocess.Popen | None = None

    def ask(self, question: list, name: str, seconds: float) -> str | None:
        """None, or why the picture that ``question`` tells `main` of is refused."""
        if self._process is None or self._process.poll() is not None:
            self.end()
            command = [sys.executable, "-m", "scfegan_hf.editing.reading"]
            home = str(Path(__file__).resolve().parents[2])  # where the package lies, installed or not
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))}
            # A process of this package, in fixed words.
            pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
            self._process = subprocess.Popen(command, **pipes)  # nosec B603
            self._answer(PATIENCE * seconds)  # it says that it is there, which takes a while on a busy machine
        with contextlib.suppress(BrokenPipeError):  # it has just ended, and answers nothing
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        answer, too_long = self._answer(PATIENCE * seconds)
        if answer:
            return json.loads(answer)
        too_long = too_long or self._process.wait() == -getattr(signal, "SIGXCPU", 0)
        self.end()
        return f"The {name} takes too long to read. Save it again as PNG or JPEG." if too_long else damaged(name)

    def _answer(self, seconds: float) -> tuple[str, bool]:
        """The next line, "" of a process that has ended, and whether it was ended for taking too long."""
        too_long = threading.Event()

        def stop() -> None:
            too_long.set()
            self._process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            return self._process.stdout.readline(), too_long.is_set()
        finally:
            timer.cancel()

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def limit_time(seconds: float) -> None:
    """Have the system end this process, by SIGXCPU, when it has used so many more seconds of a core, and one."""
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds) + 1, most))


def main() -> None:
    """Answer questions until there are no more."""
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most), most))
    print(flush=True)
    for line in sys.stdin:
        path, name, max_pixels, seconds = json.loads(line)
        limit_time(seconds)
        try:
            with open_picture(path, name, max_pixels=max_pixels) as image:
                read_photo(image) if name == "photo" else load(image, name)
            answer = None
        except (ValueError, FileNotFoundError) as error:
            answer = str(error) if isinstance(error, ValueError) else damaged(name)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
