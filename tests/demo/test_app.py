"""The app: what its buttons do, which endpoints it opens, and both of them through gradio_client."""

import io
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from asking import ask_as_a_page, function_number, upload
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw
from skimage.data import astronaut

from scfegan_hf import FaceFromDoodle, FaceSampler, Look, studio
from scfegan_hf.demo import build_app, launch
from scfegan_hf.demo.cleaner import clean
from scfegan_hf.demo.editor import modules_folder, page_file
from scfegan_hf.demo.edits import (
    edit_drawing,
    face_frames,
    marked_png,
    part_of_photo,
    preview,
    trace_drawing,
)
from scfegan_hf.demo.payload import MAX_UPLOAD_BYTES, Drawing, canvas_size
from scfegan_hf.editing.metadata import MARK, SOFTWARE

HOLE = (90, 90, 150, 130)


@pytest.fixture(scope="module")
def client(served):
    return Client(served, verbose=False)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> dict[str, str]:
    """Files of a mask, a sketch and a colour of the photo's size."""
    folder = tmp_path_factory.mktemp("drawn")
    mask, sketch, color = Image.new("L", (256, 256)), Image.new("L", (256, 256)), Image.new("RGBA", (256, 256))
    mask.paste(255, HOLE)
    ImageDraw.Draw(sketch).line((95, 110, 145, 110), 255, 2)
    color.paste((180, 60, 60, 255), (110, 112, 130, 120))
    for name, picture in {"mask": mask, "sketch": sketch, "color": color}.items():
        picture.save(folder / f"{name}.png")
    return {name: str(folder / f"{name}.png") for name in ("mask", "sketch", "color")}


def opened(path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
    return image


def outside_is_kept(before: Image.Image, after: Image.Image) -> bool:
    changed = np.asarray(before) != np.asarray(after)
    x0, y0, x1, y1 = HOLE
    inside = changed[y0:y1, x0:x1].any()
    changed[y0:y1, x0:x1] = False
    return bool(inside) and not changed.any()


def test_only_seven_endpoints_are_open(pipeline):
    app = build_app(pipeline, max_queue=3)
    names = {"/doodle", "/edit", "/enlarge", "/face", "/makeup", "/studio", "/trace"}
    assert set(app.get_api_info()["named_endpoints"]) == names
    assert not app.get_api_info()["unnamed_endpoints"]
    assert app.get_api_info()["named_endpoints"]["/edit"]["description"].startswith("Repaint a photo")
    parameters = [item["parameter_name"] for item in app.get_api_info()["named_endpoints"]["/edit"]["parameters"]]
    assert parameters == ["photo", "mask", "sketch", "color", "seed", "candidates", "mode", "invert"]
    # Nothing that waits for the network may wait in Gradio's queue, which answers 503 when it is full.
    functions = [function for function in app.fns.values() if function.fn]
    limits = sorted((function.fn.__name__, function.concurrency_limit) for function in functions)
    page = [*[("event_in_turn", None)] * 9, ("face", None), ("faces_on_page", None)]
    before, after = (("chain", None), ("doodle", None), ("edit", None)), (("larger", None), ("makeup", None), ("trace", None))
    assert limits == [*before, *page, *after]


def test_edit_through_the_client(client, drawn, photo, photo_file, pipeline):
    files = {name: handle_file(path) for name, path in drawn.items()}
    answers = client.predict(photo=handle_file(photo_file), **files, seed=3, candidates=2, api_name="/edit")
    direct = pipeline(photo_file, drawn["mask"], drawn["sketch"], drawn["color"], seed=3, num_candidates=2).images
    assert len(answers) == 2
    for answer, expected in zip(map(opened, answers), direct, strict=True):
        assert answer.format == "PNG" and answer.text["Comment"] == MARK and answer.text["Software"] == SOFTWARE
        assert "compositeWithTrainedAlgorithmicMedia" in answer.text["XML:com.adobe.xmp"]
        assert outside_is_kept(photo, answer)
        assert np.array_equal(np.asarray(answer), np.asarray(expected))


def test_sketch_color_and_seed_may_be_left_out(client, drawn, photo, photo_file, pipeline):
    answers = client.predict(photo=handle_file(photo_file), mask=handle_file(drawn["mask"]), api_name="/edit")
    assert len(answers) == 1 and outside_is_kept(photo, opened(answers[0]))
    assert pipeline.last[2:] == (None, None, {"seed": 0, "num_candidates": 1, "mode": "redraw", "invert": None})


def test_recolouring_takes_no_mask(client, photo, photo_file, drawn, tmp_path):
    color = np.zeros((256, 256, 4), np.uint8)
    color[46:56, 148:160] = (205, 165, 110, 255)  # on the hair
    Image.fromarray(color).save(tmp_path / "color.png")
    given = {"photo": handle_file(photo_file), "color": handle_file(tmp_path / "color.png"), "api_name": "/edit"}
    changed = (np.asarray(opened(client.predict(**given, mode="recolor")[0])) != np.asarray(photo)).any(2)
    assert changed[46:56, 148:160].mean() > 0.9 and 0.05 < changed.mean() < 0.3
    for wrong, words in (({}, "Give a mask"), ({"mode": "paint"}, "mode must be one of redraw, recolor")):
        with pytest.raises(AppError, match=words):
            client.predict(**given, **wrong)
    with pytest.raises(AppError, match="takes no lines"):
        client.predict(**given, sketch=handle_file(drawn["sketch"]), mode="recolor")


def test_a_mask_of_black_on_white_is_taken_when_it_is_said_to_be_one(client, drawn, photo, photo_file, tmp_path):
    given = {"photo": handle_file(photo_file), "api_name": "/edit"}
    Image.fromarray(255 - np.asarray(Image.open(drawn["mask"]).convert("L"))).save(tmp_path / "mask.png")
    inverted = handle_file(tmp_path / "mask.png")
    with pytest.raises(AppError, match=r"invert it \(invert=True"):
        client.predict(**given, mask=inverted)
    plain, turned = (
        opened(client.predict(**given, mask=mask, **how)[0])
        for mask, how in ((handle_file(drawn["mask"]), {}), (inverted, {"invert": True}))
    )
    assert np.array_equal(np.asarray(plain), np.asarray(turned)) and outside_is_kept(photo, turned)


def test_enlarge_through_the_client(client, photo_file, tmp_path):
    answer = opened(client.predict(photo=handle_file(photo_file), api_name="/enlarge"))
    assert answer.size == (512, 512) and answer.text["Comment"] == MARK
    with Image.open(photo_file) as photo:
        apart = np.abs(np.asarray(answer.convert("RGB").reduce(2), int) - np.asarray(photo.convert("RGB"), int))
    assert apart.mean() < 3
    Image.new("RGB", (1500, 1500)).save(tmp_path / "large.png")
    with pytest.raises(AppError, match="only photos of up to 2 megapixels are enlarged here"):
        client.predict(photo=handle_file(tmp_path / "large.png"), api_name="/enlarge")
    with pytest.raises(AppError, match="The scale must be 2 or 4"):
        client.predict(photo=handle_file(photo_file), scale=3, api_name="/enlarge")


def test_a_face_of_lines_through_the_client(client, tmp_path):
    lines = Image.new("L", (256, 256), 255)
    ImageDraw.Draw(lines).ellipse((60, 40, 196, 230), outline=0, width=3)
    lines.save(tmp_path / "lines.png")
    faces = [opened(each) for each in client.predict(lines=handle_file(tmp_path / "lines.png"), faces=2, api_name="/face")]
    assert [face.size for face in faces] == [(512, 512)] * 2 and faces[0].text["Comment"].startswith("Generated")
    Image.new("L", (256, 256), 255).save(tmp_path / "empty.png")
    with pytest.raises(AppError, match="next to nothing in the drawing"):
        client.predict(lines=handle_file(tmp_path / "empty.png"), api_name="/face")


def test_faces_of_a_doodle_and_of_nothing_through_the_client(client, tmp_path):
    drawing = Image.new("L", (300, 200), 255)
    draw = ImageDraw.Draw(drawing)
    draw.ellipse((100, 20, 220, 180), outline=0, width=4)
    draw.arc((130, 90, 190, 150), 20, 160, fill=0, width=4)
    drawing.save(tmp_path / "doodle.png")
    doodle = handle_file(tmp_path / "doodle.png")
    faces = [opened(each) for each in client.predict(drawing=doodle, seed=2, faces=2, api_name="/doodle")]
    assert [face.size for face in faces] == [(512, 512)] * 2 and faces[0].text["Comment"].startswith("Generated")
    direct = FaceFromDoodle.from_pretrained()(tmp_path / "doodle.png", seed=2, num_faces=2)
    assert all(np.array_equal(np.asarray(x), np.asarray(y)) for x, y in zip(faces, direct.images, strict=True))
    nobody = opened(client.predict(seed=2, api_name="/doodle")[0])
    assert np.array_equal(np.asarray(nobody), np.asarray(FaceSampler.from_pretrained()(seed=2).image))


def test_the_chain_through_the_client(client, tmp_path):
    Image.fromarray(astronaut()[:300, 100:400]).save(tmp_path / "face.png")
    face = handle_file(tmp_path / "face.png")
    answer = opened(client.predict(photo=face, age=9, lips="#a00030", style="golden", upscale=2, api_name="/studio"))
    expected = studio(tmp_path / "face.png", age=9, look=Look(lips="#a00030"), style="golden", upscale=2)
    assert answer.size == (600, 600) and np.array_equal(np.asarray(answer), np.asarray(expected.image))
    like = opened(client.predict(photo=face, style_picture=face, style_strength=0.5, api_name="/studio"))
    assert (np.asarray(like) != astronaut()[:300, 100:400]).any()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Ask for something"),
        ({"style": "cubist"}, "style is one of painterly"),
        ({"style": "x" * 99}, "a style is a name"),
        ({"style": "teal", "style_strength": 7}, "from 0 to 1"),
        ({"upscale": 3}, "upscale must be 1, 2 or 4"),
        ({"hair": "gingerish"}, "A colour is"),
    ],
)
def test_chains_that_do_not_fit_are_answered_in_words(client, tmp_path, sent, words):
    Image.fromarray(astronaut()[:300, 100:400]).save(tmp_path / "face.png")
    with pytest.raises(AppError, match=words):
        client.predict(photo=handle_file(tmp_path / "face.png"), api_name="/studio", **sent)


def test_makeup_through_the_client(client, tmp_path):
    Image.fromarray(astronaut()).save(tmp_path / "face.png")
    face = handle_file(tmp_path / "face.png")
    answer = opened(client.predict(photo=face, lips="#a00030", liner="black", strength=0.8, api_name="/makeup"))
    changed = (np.asarray(answer) != astronaut()).any(2)
    assert 0.001 < changed.mean() < 0.03 and "Edited" in answer.text["Comment"]
    lips = opened(client.predict(photo=face, lips="#a00030", liner="black", parts="lips", api_name="/makeup"))
    assert 0 < (np.asarray(lips) != astronaut()).any(2).mean() < changed.mean()
    for sent in ({"reference": handle_file(answer.filename)}, {"remove": True}):
        carried = opened(client.predict(photo=face, api_name="/makeup", **sent))
        assert 0 < (np.asarray(carried) != astronaut()).any(2).mean() < 0.2


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Give one of these: a reference photo, colours"),
        ({"lips": "red", "remove": True}, "Give one of these: a reference photo, colours"),
        ({"lips": "reddish"}, "'reddish' is no colour"),
        ({"lips": "r" * 5000}, "Colours are names such as crimson"),
        ({"lips": "red", "parts": "nose"}, "Parts to make up are lips, eyes"),
        ({"lips": "red", "strength": 7}, "strength lies from 0 to 1.5"),
        ({"lips": "red", "strength": "much"}, "strength is a number"),
        ({"lips": "red"}, "No face was found in the photo"),
    ],
)
def test_makeup_that_does_not_fit_is_answered_in_words(client, tmp_path, sent, words):
    Image.fromarray(np.full((128, 128, 3), 90, np.uint8)).save(tmp_path / "wall.png")
    with pytest.raises(AppError, match=words):
        client.predict(photo=handle_file(tmp_path / "wall.png"), api_name="/makeup", **sent)


def test_trace_through_the_client(client, photo_file, pipeline):
    lines = opened(client.predict(photo=handle_file(photo_file), api_name="/trace"))
    assert lines.size == (256, 256) and lines.getextrema() == (0, 255)
    assert np.array_equal(np.asarray(lines), pipeline.trace(photo_file))


def test_bad_files_are_answered_in_words(client, drawn, photo_file, tmp_path):
    Image.new("L", (64, 64), 255).save(tmp_path / "small.png")
    Image.new("L", (256, 256)).save(tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("hello")
    for name, words in {"small.png": "same size", "empty.png": "mask is empty", "text.png": "can be read"}.items():
        with pytest.raises(AppError, match=words):
            client.predict(photo=handle_file(photo_file), mask=handle_file(tmp_path / name), api_name="/edit")


def test_the_modules_are_served_at_the_address_of_their_content(served):
    answer = httpx.get(f"{served}/{modules_folder()}/start.js")
    assert answer.status_code == 200 and "javascript" in answer.headers["content-type"]
    assert answer.text == page_file("start.js")
    assert httpx.get(f"{served}/{modules_folder()}/%2e%2e/editor.py").status_code == 404


def test_other_files_of_the_server_are_refused(served, drawn):
    file = {"path": drawn["mask"], "meta": {"_type": "gradio.FileData"}}
    for data in ([file], [{"path": drawn["mask"]}]):
        event = httpx.post(f"{served}/gradio_api/call/trace", json={"data": data}).json()["event_id"]
        answer = httpx.get(f"{served}/gradio_api/call/trace/{event}").text
        assert "event: error" in answer and drawn["mask"] not in answer


def test_nothing_is_fetched_from_other_addresses(served, drawn, photo_file, monkeypatch):
    """Gradio would fetch a picture from any address, in any size, before the app sees it."""
    asked = []

    async def fetch(url, *_, **__):
        asked.append(url)
        raise RuntimeError("asked for an address")

    monkeypatch.setattr("gradio.processing_utils.async_ssrf_protected_download", fetch)
    file = {"path": "http://example.org/face.png", "meta": {"_type": "gradio.FileData"}}
    for data in ([file], [{**file, "path": drawn["mask"], "url": file["path"]}]):
        event = httpx.post(f"{served}/gradio_api/call/trace", json={"data": data}).json()["event_id"]
        answer = httpx.get(f"{served}/gradio_api/call/trace/{event}").text
        assert "event: error" in answer
    assert not asked


def test_large_uploads_are_refused(served):
    answer = httpx.post(f"{served}/gradio_api/upload", files={"files": ("large.png", b"0" * (MAX_UPLOAD_BYTES + 1))})
    assert answer.status_code == 413


def test_the_button_says_what_is_missing(pipeline, photo_file):
    with pytest.raises(ValueError, match="Choose a photo first"):
        edit_drawing(pipeline, Drawing(), 0, 1)
    with pytest.raises(ValueError, match="Paint over the part"):
        edit_drawing(pipeline, Drawing(photo=str(photo_file)), 0, 1)
    with pytest.raises(ValueError, match="Choose a photo first"):
        trace_drawing(pipeline, Drawing())


def test_a_part_is_masked_where_it_is_on_the_photo(pipeline, photo, tmp_path):
    photo.resize((2048, 2048)).save(tmp_path / "large.jpg", quality=92)
    drawing = Drawing(str(tmp_path / "large.jpg"))
    name, layer, (x, y, width, height) = part_of_photo(pipeline, drawing, [127 * 8, 147 * 8])
    assert name == "mouth" and layer.size == canvas_size((width, height))
    assert x < 127 * 8 < x + width and y < 147 * 8 < y + height and 25 * 8 < width < 80 * 8 and height < 50 * 8
    assert 0.3 < (np.asarray(layer)[..., 3] == 255).mean() < 1
    for wrong in (None, [1], [1.5, 2], "here"):
        with pytest.raises(ValueError, match="Click on the photo"):
            part_of_photo(pipeline, drawing, wrong)
    with pytest.raises(ValueError, match="Choose a photo first"):
        part_of_photo(pipeline, Drawing(), [1, 1])
    Image.new("RGB", (9000, 70)).save(tmp_path / "narrow.png")
    with pytest.raises(ValueError, match="too narrow"):
        part_of_photo(pipeline, Drawing(str(tmp_path / "narrow.png")), [1, 1])


def test_trace_keeps_own_lines_and_stays_inside_the_mask(pipeline, photo_file, photo):
    mask, sketch = Image.new("RGBA", photo.size), Image.new("RGBA", photo.size)
    mask.paste((0, 0, 0, 255), HOLE)
    sketch.paste((0, 0, 0, 255), (10, 10, 20, 12))
    traced = np.asarray(trace_drawing(pipeline, Drawing(str(photo_file), None, mask, sketch)))[..., 3] > 0
    own, inside = np.asarray(sketch)[..., 3] > 0, np.asarray(mask)[..., 3] > 0
    assert traced[own].all() and traced[inside].any() and not traced[~own & ~inside].any()
    everything = np.asarray(trace_drawing(pipeline, Drawing(str(photo_file))))[..., 3] > 0
    assert everything[~inside].any()
    left, top, right, bottom = HOLE
    small = trace_drawing(pipeline, Drawing(str(photo_file), (left, top, right - left, bottom - top), mask.crop(HOLE)))
    assert small.size == (right - left, bottom - top) and small.getbbox()
    with pytest.raises(ValueError, match="another shape"):
        trace_drawing(pipeline, Drawing(str(photo_file), (200, 0, 100, 100)))


def test_faces_are_found_and_framed(photo, tmp_path):
    two = Image.new("RGB", (900, 600), (90, 110, 120))
    two.paste(photo, (40, 100))
    two.paste(photo.resize((400, 400)), (450, 50))
    two.save(tmp_path / "two.png")
    first, second = face_frames(tmp_path / "two.png")
    assert 40 < first[0] + first[2] / 2 < 296 and 450 < second[0] + second[2] / 2 < 850
    exif = Image.Exif()
    exif[0x0112] = 3  # held upside down
    two.rotate(180).resize((1800, 1200)).save(tmp_path / "turned.jpg", exif=exif)
    turned = face_frames(tmp_path / "turned.jpg")
    assert len(turned) == 2 and np.abs(np.array(turned) - 2 * np.array([first, second])).max() < 60
    Image.new("RGB", (300, 200)).save(tmp_path / "none.png")
    assert face_frames(tmp_path / "none.png") == []


def test_large_results_are_shown_smaller_and_small_ones_as_they_are():
    assert preview(Image.new("RGB", (2048, 300))) is None
    with Image.open(io.BytesIO(preview(Image.new("RGBA", (4000, 3000))))) as small:
        assert small.size == (2048, 1536)


def test_a_server_error_shows_no_trace_of_the_server(served, pipeline, monkeypatch, photo_file, client):
    def broken(*_, **__):
        raise RuntimeError("secret of the machine")

    monkeypatch.setattr(type(pipeline), "trace", broken)
    with pytest.raises(AppError) as error:
        client.predict(photo=handle_file(photo_file), api_name="/trace")
    assert "secret" not in str(error.value) and "Traceback" not in str(error.value)


def test_uploads_and_results_are_deleted_after_an_hour(pipeline, photo, photo_file, drawn, tmp_path, monkeypatch):
    """The cleaner, an hour later, leaves nothing of what a page and a program made the server keep."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    app, address = launch(pipeline=pipeline, prevent_thread_lock=True)
    try:
        client = Client(address, verbose=False)
        client.predict(photo=handle_file(photo_file), mask=handle_file(drawn["mask"]), api_name="/edit")
        client.predict(photo=handle_file(photo_file), api_name="/trace")
        answer = ask_as_a_page(address, photo_file, opened(drawn["mask"]))
        assert '"success":true' in answer and "preview" in answer
        left = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
        assert len(left) >= 5
        assert clean(tmp_path / "files", after=600) == 0
        assert clean(tmp_path / "files", after=-1) == len(left)  # everything is older than that
        assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
    finally:
        app.close()


def test_the_colour_profile_stays(tmp_path):
    image = Image.new("RGB", (8, 8))
    image.info["icc_profile"] = b"profile"
    (tmp_path / "marked.png").write_bytes(marked_png(image))
    assert opened(tmp_path / "marked.png").info["icc_profile"] == b"profile"


def test_busy_is_an_answer_and_no_error_of_the_server(pipeline, photo_file, drawn):
    app, address = launch(pipeline=pipeline, max_queue=0, prevent_thread_lock=True)
    pipeline.gate.clear()
    try:
        given = {"photo": handle_file(photo_file), "mask": handle_file(drawn["mask"]), "api_name": "/edit"}
        client, calls = Client(address, verbose=False), len(pipeline.calls)
        first = client.submit(**given)
        while len(pipeline.calls) == calls:
            time.sleep(0.05)
        with pytest.raises(AppError, match="busy"):
            client.predict(**given)
        pipeline.gate.set()
        assert len(first.result(60)) == 1
        assert len(client.predict(**given)) == 1
    finally:
        pipeline.gate.set()
        app.close()


def test_who_hangs_up_while_waiting_is_not_served(pipeline, photo_file, drawn, launched, served, client):
    app, _ = launched
    given = {"photo": handle_file(photo_file), "mask": handle_file(drawn["mask"]), "api_name": "/edit"}
    pipeline.gate.clear()
    try:
        calls = len(pipeline.calls)
        first = client.submit(**given)
        while len(pipeline.calls) == calls:
            time.sleep(0.05)
        paths = [upload(f"{served}/", Path(path)) for path in (photo_file, drawn["mask"])]
        function = function_number(f"{served}/", lambda event: event["api_name"] == "edit")
        data = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in paths] + [None, None, 0, 1, "redraw", None]
        body = {"data": data, "fn_index": function, "session_hash": "leaver"}
        assert httpx.post(f"{served}/gradio_api/queue/join", json=body).status_code == 200
        with httpx.stream("GET", f"{served}/gradio_api/queue/data?session_hash=leaver", timeout=60) as answers:
            next(line for line in answers.iter_lines() if "process_starts" in line)
        [event] = [event for job in app._queue.active_jobs for event in job or () if event.session_hash == "leaver"]
        for _ in range(300):  # Gradio looks every ten seconds
            if not event.alive:
                break
            time.sleep(0.1)
        last = client.submit(**given)
        pipeline.gate.set()
        assert len(first.result(60)) == len(last.result(60)) == 1
        assert len(pipeline.calls) == calls + 2
    finally:
        pipeline.gate.set()
