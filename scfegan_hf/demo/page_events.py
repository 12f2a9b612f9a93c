"""The page's events: a drawing, or wishes for what is shown, in; the reply that page/server.js waits for out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import gradio as gr

from scfegan_hf.demo.editor import EVENTS, TELL_THE_PAGE
from scfegan_hf.demo.edits import (
    CHOOSE_FIRST,
    edit_drawing,
    face_frames,
    faces_of,
    faces_of_doodle,
    part_of_photo,
    trace_drawing,
)
from scfegan_hf.demo.endpoints import changed, enlarged, made_up
from scfegan_hf.demo.errors import Sent, answer
from scfegan_hf.demo.glances import SECONDS, patch
from scfegan_hf.demo.makeup import sent_colors
from scfegan_hf.demo.payload import NOT_WHOLE, Drawing, layer_url, photo_path, read_drawing, reference_path
from scfegan_hf.demo.service import Service, Tools
from scfegan_hf.demo.studio import Wishes
from scfegan_hf.editing.result import EditResult
from scfegan_hf.portrait.looked import Looked
from scfegan_hf.portrait.result import PortraitResult


class PageEvents:
    """Each method is an event's work, named like the event; it fills in the reply. Raises ValueError in words."""

    def __init__(self, service: Service):
        self.service = service

    def edit(self, sent: Sent) -> None:
        drawing = read_drawing(sent.get("drawing"), self.service.uploads)
        how = (sent.get(name) for name in ("seed", "candidates", "mode", "feather"))
        result = self.service.on_gpu(_edited, drawing, *how)
        sent.reply |= {"images": self._choices(result, _edited_name(drawing)), "notes": list(result.notes)}

    def lines(self, sent: Sent) -> None:
        drawing = read_drawing(sent.get("drawing"), self.service.uploads)
        result = self.service.on_gpu(_drawn, drawing, sent.get("seed"), sent.get("candidates"), sent.get("doodle"))
        sent.reply["images"] = self._choices(result, "face.png")

    def enlarge(self, sent: Sent) -> None:
        drawing = self._photo(sent)
        image = self.service.on_gpu(enlarged, drawing.photo, sent.get("scale")).image
        sent.reply["images"] = [self.service.shown(image, _edited_name(drawing))]

    def makeup(self, sent: Sent) -> None:
        self._whole(sent, self._made_up)

    def style(self, sent: Sent) -> None:
        self._whole(sent, self._painted)

    def alter(self, sent: Sent) -> None:
        self._whole(sent, self._altered)

    def preview(self, sent: Sent) -> None:
        """What an event of another name would do, at once and small."""
        drawing = self._photo(sent)
        work = {"makeup": self._made_up, "style": self._painted, "alter": self._altered}.get(str(sent.get("of")))
        if work is None:
            raise ValueError(NOT_WHOLE)
        seen = self.service.glances.at(drawing.photo)
        sent.reply |= patch(seen, work(sent, seen.looked))

    def trace(self, sent: Sent) -> None:
        drawing = read_drawing(sent.get("drawing"), self.service.uploads)
        sent.reply |= {"sketch": layer_url(trace_drawing(self.service.tools.editing, drawing)), "frame": drawing.frame}

    def part(self, sent: Sent) -> None:
        drawing = read_drawing(sent.get("drawing"), self.service.uploads)
        part, layer, frame = part_of_photo(self.service.tools.editing, drawing, sent.get("point"))
        sent.reply |= {"part": part, "mask": layer_url(layer), "frame": frame}

    def _made_up(self, sent: Sent, photo: str | Looked) -> PortraitResult:
        reference, colors = reference_path(sent.get("reference"), self.service.uploads), sent_colors(sent.get("colors"))
        if reference and isinstance(photo, Looked):
            reference = self.service.glances.at(reference, "reference").looked
        how = (reference, colors, sent.get("remove"), sent.get("strength"), None, True)
        return self.service.on_gpu(made_up, photo, *how)

    def _painted(self, sent: Sent, photo: str | Looked) -> PortraitResult:
        picture = reference_path(sent.get("reference"), self.service.uploads)
        wishes = Wishes(style=sent.get("style"), style_picture=picture, style_strength=sent.get("strength"))
        return self.service.on_gpu(changed, photo, wishes)

    def _altered(self, sent: Sent, photo: str | Looked) -> PortraitResult:
        numbers = {name: sent.get(name) for name in ("age", "features", "smile") if sent.get(name) is not None}
        wishes = Wishes(**numbers, hair=sent.get("hair"), all_faces=True)
        return self.service.on_gpu(changed, photo, wishes)

    def _photo(self, sent: Sent) -> Drawing:
        """The drawing, which has a photo."""
        drawing = read_drawing(sent.get("drawing"), self.service.uploads)
        if drawing.photo is None:
            raise ValueError(CHOOSE_FIRST)
        return drawing

    def _choices(self, result: EditResult, name: str) -> list[dict[str, Any]]:
        shown = (self.service.shown(image, name) for image in result.images)
        return [{**files, "label": label} for files, label in zip(shown, result.labels, strict=True)]

    def _whole(self, sent: Sent, work: Callable[[Sent, str], PortraitResult]) -> None:
        drawing = self._photo(sent)
        result = work(sent, drawing.photo)
        sent.reply |= {"images": [self.service.shown(result.image, _edited_name(drawing))], "notes": list(result.notes)}


def add_page_events(service: Service, editor: gr.HTML) -> None:
    """All of them, to the `gr.Blocks` that is being built."""
    events = PageEvents(service)
    in_turn = {kind: _in_turn(service, getattr(events, kind)) for kind in EVENTS if kind != "faces"}
    for kind, function in (in_turn | {"faces": _faces(service)}).items():
        # They wait in our line, so nothing of theirs may wait in Gradio's. "multiple": it would drop a question while one
        # that the page has given up is still about.
        options = dict(show_progress="hidden", api_visibility="private", trigger_mode="multiple", concurrency_limit=None)
        ended = getattr(editor, kind)(function, None, editor, **options)
        for then, answered in ((ended.success, "true"), (ended.failure, "false")):
            then(None, editor, js=TELL_THE_PAGE.format(kind=kind, answered=answered), trigger_mode="multiple")


def _in_turn(service: Service, work: Callable[[Sent], None]) -> Callable[[gr.EventData], AsyncIterator[dict[str, Any]]]:
    """The page's event that does the work when its turn comes, and tells its place in the line until then."""

    async def event_in_turn(event: gr.EventData) -> AsyncIterator[dict[str, Any]]:
        with answer(event) as sent:
            await service.look.at(photo_path(sent.get("drawing"), service.uploads), "photo")
            await service.look.at(reference_path(sent.get("reference"), service.uploads), "reference")
            with service.line.place() as place:
                async for number, waiting in service.line.moves(place):
                    yield {**sent.reply, "place": number, "waiting": waiting}
                await service.line.run(work, sent)
                asyncio.get_running_loop().call_later(SECONDS, service.glances.forget)  # what it looked at, if it did
        yield sent.reply

    return event_in_turn


def _faces(service: Service) -> Callable[[gr.EventData], Any]:
    async def faces_on_page(event: gr.EventData) -> dict[str, Any]:
        with answer(event) as sent:
            photo = photo_path(sent.get("drawing"), service.uploads)
            await service.look.at(photo, "photo")
            sent.reply["faces"] = await service.faces_line.serve(face_frames, photo) if photo else []
        return sent.reply

    return faces_on_page


def _edited_name(drawing: Drawing) -> str:
    return f"{Path(drawing.photo).stem.removesuffix('-edited')}-edited.png"


def _edited(tools: Tools, *sent: Any) -> EditResult:
    return edit_drawing(tools.editing, *sent)


def _drawn(tools: Tools, drawing: Drawing, seed: Any, candidates: Any, doodle: Any) -> EditResult:
    if doodle is True:
        return faces_of_doodle(tools.doodler, drawing, seed, candidates)
    return faces_of(tools.drawer, drawing, seed, candidates)
