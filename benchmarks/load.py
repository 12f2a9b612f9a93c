"""The app under load: 50 clients, each with 4 edits, all at once; what they were answered, how fast, and the server's memory.

    python benchmarks/load.py [--clients 50] [--edits 4] [--rounds 1] [--visitors 0] [--size 512] [--max-queue 20]

Starts the app of the bundled weights in a process of its own. "busy" is the answer when too many wait; any other failure,
and any HTTP status from 500 on, counts as an error and makes the script fail. Further rounds tell memory that is kept for
good (threads, buffers of the first rush) from memory that is lost with every rush. ``--visitors`` ask for the page, fifty at
a time, before each round. The memory of the processes that read pictures first is counted by itself.
"""

import argparse
import asyncio
import io
import multiprocessing
import statistics
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
from PIL import Image


def serve(max_queue: int, address) -> None:
    """Run the app and put its address into a queue."""
    from scfegan_hf.demo import launch

    app, url = launch(max_queue=max_queue, prevent_thread_lock=True)
    address.put(url.rstrip("/"))
    app.block_thread()


def memory(process: multiprocessing.Process) -> float:
    """Resident memory of a process in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def of_readers(process: multiprocessing.Process) -> list[float]:
    """Resident memory of the process's children in MB."""
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    children = [child for thread in threads for child in (thread / "children").read_text().split()]
    return [int(Path(f"/proc/{each}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024 for each in children]


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def pictures(size: int) -> tuple[bytes, bytes]:
    """A photograph with some texture, and a mask of an eye's size."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (size // 16, size // 16, 3), np.uint8))
    photo = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))
    mask = np.zeros((size, size), np.uint8)
    mask[size // 2 : size // 2 + size // 8, size // 3 : size // 2] = 255
    return png(photo), png(mask)


async def one_edit(client: httpx.AsyncClient, photo: bytes, mask: bytes, seed: int) -> str:
    """Upload, edit, download: "result", "busy" or what went wrong."""
    files = [("files", ("photo.png", photo, "image/png")), ("files", ("mask.png", mask, "image/png"))]
    uploaded = await client.post("/gradio_api/upload", files=files)
    if uploaded.status_code == 429 and "busy" in uploaded.text:  # more uploads at a time than are taken
        return "busy"
    if uploaded.status_code != 200:
        return f"upload: HTTP {uploaded.status_code}"
    given = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in uploaded.json()]
    joined = await client.post("/gradio_api/call/edit", json={"data": [*given, None, None, seed, 1, "redraw", None]})
    if joined.status_code != 200:
        return f"edit: HTTP {joined.status_code}"
    answer = await client.get(f"/gradio_api/call/edit/{joined.json()['event_id']}")
    if "event: error" in answer.text and "busy" in answer.text:
        return "busy"
    if "event: complete" not in answer.text:
        return f"edit: {answer.text[-200:]}"
    path = answer.text.split('"path": "')[1].split('"')[0]
    result = await client.get(f"/gradio_api/file={path}")
    return "result" if result.status_code == 200 and result.content[1:4] == b"PNG" else f"download: HTTP {result.status_code}"


async def one_client(url: str, number: int, edits: int, photo: bytes, mask: bytes) -> list[tuple[str, float]]:
    answers = []

    async def note_status(response: httpx.Response) -> None:
        if response.status_code >= 500:
            answers.append((f"HTTP {response.status_code} from {response.url.path}", 0.0))

    async with httpx.AsyncClient(base_url=url, timeout=600, event_hooks={"response": [note_status]}) as client:
        for edit in range(edits):
            start = time.perf_counter()
            answers.append((await one_edit(client, photo, mask, number * edits + edit), time.perf_counter() - start))
    return answers


async def all_visitors(url: str, count: int) -> list[tuple[str, float]]:
    """The page, asked for by ``count`` visitors, fifty at a time."""
    places = asyncio.Semaphore(50)

    async def visit() -> tuple[str, float]:
        async with places, httpx.AsyncClient(base_url=url, timeout=600) as client:
            start = time.perf_counter()
            answer = await client.get("/")
            return "page" if answer.status_code == 200 else f"HTTP {answer.status_code}", time.perf_counter() - start

    return list(await asyncio.gather(*(visit() for _ in range(count))))


async def all_clients(url: str, clients: int, edits: int, size: int) -> list[tuple[str, float]]:
    given = pictures(size)
    answers = await asyncio.gather(*(one_client(url, number, edits, *given) for number in range(clients)))
    return [answer for each in answers for answer in each]


def report(answers: list[tuple[str, float]]) -> int:
    """Print how many answers of each kind there were and how long they took; returns the number of errors."""
    kinds = Counter(kind for kind, _ in answers)
    for kind in ("page", "result", "busy"):
        times = [took for name, took in answers if name == kind]
        if times:
            print(f"{kind}: {len(times)}, median {statistics.median(times):.2f} s, longest {max(times):.2f} s")
    errors = [kind for kind in kinds if kind not in ("page", "result", "busy")]
    failed = sum(kinds[kind] for kind in errors if kind.startswith("HTTP 5"))
    print(f"errors: {sum(kinds[kind] for kind in errors)} {errors}, of them HTTP 5xx: {failed}")
    return sum(kinds[kind] for kind in errors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--edits", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--visitors", type=int, default=0)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--max-queue", type=int, default=20)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    address = context.Queue()
    server = context.Process(target=serve, args=(options.max_queue, address), daemon=True)
    server.start()
    try:
        url = address.get(timeout=180)
        asyncio.run(all_clients(url, 5, 2, options.size))  # what a first visitor makes it load stays
        before = memory(server)
        print(f"{options.clients} clients, {options.edits} edits each of {options.size} pixels, {options.max_queue} may wait")
        errors = 0
        for _ in range(options.rounds):
            errors += report(asyncio.run(all_visitors(url, options.visitors))) if options.visitors else 0
            start = time.perf_counter()
            answers = asyncio.run(all_clients(url, options.clients, options.edits, options.size))
            print(f"all answered after {time.perf_counter() - start:.1f} s")
            errors += report(answers)
            time.sleep(5)
            after = memory(server)
            print(f"memory: {before:.0f} MB before, {after:.0f} MB after ({100 * (after / before - 1):+.1f} %)")
            print(f"readers of pictures: {', '.join(f'{each:.0f} MB' for each in of_readers(server))}", flush=True)
            before = after
    finally:
        server.terminate()
    if errors:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
