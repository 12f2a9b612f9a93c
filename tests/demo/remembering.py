"""A pipeline that the tests can look into: what it was asked last, and a gate that makes it wait."""

import threading
import time
from typing import ClassVar

from scfegan_hf import FaceEditPipeline


class RememberingPipeline(FaceEditPipeline):
    """Keeps the arguments of its last call, and waits while its gate is closed."""

    last: tuple = ()
    calls: ClassVar[list[dict]] = []  # when each call began and ended, of all pipelines

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, image, mask, sketch=None, color=None, **options):
        call = {"began": time.strftime("%X"), "ended": None}
        self.calls.append(call)
        assert self.gate.wait(60)
        self.last = (image, mask, sketch, color, options)
        answer = super().__call__(image, mask, sketch, color, **options)
        call["ended"] = time.strftime("%X")
        return answer
