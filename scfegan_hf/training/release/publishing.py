"""Uploads to the Hub beside the training, which goes on whatever becomes of them."""

import json
import logging
import os
import shutil
import sys
import threading
from pathlib import Path

from huggingface_hub import HfApi

from scfegan_hf.files import write_text
from scfegan_hf.models.hub import CONFIG, WEIGHTS
from scfegan_hf.recipe import Card
from scfegan_hf.training.release.card import public
from scfegan_hf.training.release.hub import PICTURES, card_of

log = logging.getLogger(__name__)

WAITS = (1, 5, 25, 60, 120)  # seconds before each further try
# How long the end of a run waits for the last upload: so many seconds, and what the files take at so many bytes a second.
PATIENCE, SLOWEST = 30.0, 500_000
THREAD = "upload"


def end_process(code: int, message: str = "") -> None:
    """End the process at once if an upload hangs, whose threads Python would wait for; else leave the end to the caller."""
    if any(thread.name == THREAD for thread in threading.enumerate()):
        print(message, file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Publisher:
    """Uploads the newest release in ``out`` by a thread of its own; a release that comes meanwhile takes its turn after."""

    def __init__(self, out: Path, card: Card, settings: dict, release: list[str]):
        self.out, self.card, self.settings, self.release = out, card, settings, release
        self.wanted = settings["hub_model_id"] or out.resolve().name
        self.repository: str | None = None  # with its owner, once the Hub has said it
        self._news = threading.Condition()
        self._waiting: Path | None = None
        self._closing = self._failed = False
        self._count = 0
        for left_over in out.glob(".upload-*"):
            shutil.rmtree(left_over)
        self._thread = threading.Thread(target=self._work, daemon=True, name=THREAD)
        self._thread.start()

    def push(self) -> None:
        """Upload the release as it is now, soon."""
        snapshot = self._snapshot()
        with self._news:
            if self._waiting:
                shutil.rmtree(self._waiting)
            self._waiting = snapshot
            self._news.notify()

    def finish(self) -> None:
        """Upload what is there now and wait for it, but not for a Hub that hangs; says what to do when that fails."""
        self.push()
        with self._news:
            size = sum(file.stat().st_size for file in self._waiting.rglob("*") if file.is_file())
            self._closing = True
            self._news.notify()
        self._thread.join(PATIENCE + size / SLOWEST)
        hangs = self._thread.is_alive()
        name = self.repository or self.wanted
        if self._failed or hangs:
            log.error(
                "The result was not uploaded to %s; it is whole in %s. Try again by hand: "
                'hf upload %s %s --exclude "checkpoints/*" "logs/*" "log.jsonl"', name, self.out, name, self.out
            )  # fmt: skip
        else:
            print(f"Uploaded to {name}.")

    def _snapshot(self) -> Path:
        """Hard links to the files of the release: they are replaced, never written into, so these stay as they are."""
        self._count += 1
        folder = self.out / f".upload-{self._count}"
        names = [WEIGHTS, CONFIG, "metrics.json", *PICTURES]
        names += [f"{name}/{file}" for name in self.release[1:] for file in (WEIGHTS, CONFIG)]
        for name in names:
            if (self.out / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                try:
                    os.link(self.out / name, folder / name)
                except OSError:  # a file system without hard links
                    shutil.copyfile(self.out / name, folder / name)
        write_text(folder / "training_config.json", json.dumps(public(self.settings), indent=2))
        return folder

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._closing)
                snapshot, self._waiting = self._waiting, None
            if snapshot is None:
                return
            self._failed = not self._upload(snapshot)
            shutil.rmtree(snapshot, ignore_errors=True)

    def _upload(self, snapshot: Path) -> bool:
        """Whether the snapshot has reached the Hub; no more tries once there is a newer one."""
        for wait in (*WAITS, None):
            try:
                api = HfApi()
                self.repository = self.repository or api.create_repo(self.wanted, exist_ok=True).repo_id
                metrics = json.loads((snapshot / "metrics.json").read_text())
                write_text(snapshot / "README.md", card_of(snapshot, self.card, self.settings, metrics, self.repository))
                message = f"{metrics['step']} steps, {metrics['images']} images"
                api.upload_folder(repo_id=self.repository, folder_path=snapshot, commit_message=message)
                return True
            except Exception as error:  # whatever the network and the Hub come up with, training goes on
                reason = (str(error) or type(error).__name__).splitlines()[0]
                log.warning("Upload failed (%s)%s", reason, f", trying again in {wait} s" if wait else "")
            with self._news:
                if wait is None or self._news.wait_for(lambda: self._waiting, timeout=wait):
                    break
        return False
