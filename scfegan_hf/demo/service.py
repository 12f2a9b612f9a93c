"""What the app's events and endpoints share: the pipelines, the line before them, and the folder of files."""

import io
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from gradio.context import LocalContext
from gradio.data_classes import FileData
from PIL import Image

from scfegan_hf.demo.edits import marked_png, preview
from scfegan_hf.demo.glances import Glances
from scfegan_hf.demo.gpu import with_gpu
from scfegan_hf.demo.line import Line
from scfegan_hf.demo.look import Look
from scfegan_hf.demo.payload import uploaded_file
from scfegan_hf.demo.receiving import keep
from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.editing.lines import FaceFromLines
from scfegan_hf.editing.made_faces import FaceFromDoodle
from scfegan_hf.editing.pipeline import FaceEditPipeline
from scfegan_hf.portrait.makeup import MakeupPipeline
from scfegan_hf.portrait.studio import Studio

Paths = dict[str, str | None]  # of files that an endpoint was given, by their names


class Tools:
    """The pipelines that visitors ask for, each made when it is first needed: for most visitors few are."""

    def __init__(self, editing: FaceEditPipeline):
        self.editing = editing

    @cached_property
    def enlarging(self) -> PhotoEnlarging:
        return PhotoEnlarging.from_pretrained(device=self.editing.device)

    @cached_property
    def drawer(self) -> FaceFromLines:
        return FaceFromLines.from_pretrained(device=self.editing.device)

    @cached_property
    def doodler(self) -> FaceFromDoodle:
        return FaceFromDoodle.from_pretrained(device=self.editing.device)

    @cached_property
    def beautician(self) -> MakeupPipeline:
        return MakeupPipeline.from_pretrained(device=self.editing.device)

    @cached_property
    def studio(self) -> Studio:
        return Studio()


class Service:
    """``uploads``: the folder where visitors' files lie; ``max_queue``: how many may wait in each line."""

    def __init__(self, pipeline: FaceEditPipeline, uploads: str, max_queue: int):
        self.tools, self.uploads = Tools(pipeline), uploads
        self.line, self.faces_line, self.look = Line(max_queue), Line(max_queue), Look()
        self.glances = Glances()
        tools = self.tools
        # On a GPU on loan: work(tools, *arguments).
        self.on_gpu = with_gpu(lambda work, *arguments: work(tools, *arguments))

    def stored(self, data: bytes, name: str) -> str:
        """Path of a new file of that name in the folder."""
        return keep(io.BytesIO(data), name, Path(self.uploads))

    def file(self, image: Image.Image, name: str) -> FileData:
        """A result as an endpoint gives it: a PNG file that says that it was edited."""
        return FileData(path=self.stored(marked_png(image), name))

    def shown(self, image: Image.Image, name: str) -> dict[str, Any]:
        """A result as the page takes it: the file to keep, and the picture to look at."""

        def file(data: bytes, name: str) -> dict[str, Any]:
            return FileData(path=self.stored(data, name), orig_name=name).model_dump()

        whole, small = file(marked_png(image), name), preview(image)
        return {"file": whole, "preview": whole if small is None else file(small, "preview.jpg")}

    async def serve(self, work: Callable[[Paths], Any], **files: FileData | None) -> Any:
        """What ``work`` makes of the files' paths, by the names they were given under, when its turn comes.

        Raises ValueError for files that are no uploads or no pictures.
        """
        paths = {name: file and uploaded_file(file, self.uploads, name) for name, file in files.items()}
        for name, path in paths.items():
            await self.look.at(path, name)
        return await self.line.serve(work, paths, wanted=_somebody_listens)


def _somebody_listens() -> bool:
    """Whether the program whose event this is still waits for its answer; Gradio notes it and tells nobody."""
    queue, number = LocalContext.blocks.get()._queue, LocalContext.event_id.get()
    events = (event for job in queue.active_jobs for event in job or ())
    return next((event.alive for event in events if event._id == number), True)
