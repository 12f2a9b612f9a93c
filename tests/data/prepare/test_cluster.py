"""Preparation on a real Ray cluster of two nodes on this machine: nothing lost, nothing twice, the local engine's rows."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet
import pytest
from PIL import Image

from scfegan_hf.cli import main

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = ["--size", "512", "--no-align", "--edges", "canny", "--landmarks", "none", "--regions", "none", "--shard-size", "4"]
PHOTOS = 40
NODE = {"object_store_memory": 80 * 2**20, "include_dashboard": False}


@pytest.fixture(scope="module")
def ray():
    with pytest.MonkeyPatch.context() as patch:
        # Read when ray is imported, and by the nodes: nothing is sent home, and this source is prepared with.
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("RAY_worker_niceness", "0")  # Ray's 15 would starve them on a busy machine
        yield pytest.importorskip("ray", reason="ray is not installed: pip install 'scfegan_hf[cluster]'")


@pytest.fixture(scope="module")
def head(ray):
    """A node that only leads."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "num_cpus": 0})
    yield cluster
    cluster.shutdown()


@pytest.fixture
def cluster(head):
    """And two with a processor each."""
    while len(head.worker_nodes) < 2:
        head.add_node(**NODE, num_cpus=1)
    return head


@pytest.fixture(scope="module")
def photos(tmp_path_factory, draw_face) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "below").mkdir()
    for number in range(PHOTOS):
        name = f"below/{number:02d}.jpg" if number % 7 == 0 else f"{number:02d}.jpg"
        Image.fromarray(draw_face(number)["image"]).resize((512, 512)).save(folder / name)
    (folder / "notes.jpg").write_text("not a picture")
    return folder


@pytest.fixture(scope="module")
def local(photos, tmp_path_factory) -> Path:
    """What the local engine makes of them."""
    out = tmp_path_factory.mktemp("local")
    assert main(["prepare", str(photos), str(out), *OPTIONS, "--num-proc", "1"]) == 0
    return out


def rows(out: Path) -> dict[str, list[dict]]:
    """All rows by shard."""
    return {path.name: pyarrow.parquet.read_table(path).to_pylist() for path in sorted((out / "data").glob("*.parquet"))}


def prepare(photos: Path, out: Path, address: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "scfegan_hf.cli", "prepare", str(photos), str(out), *OPTIONS]
    command += ["--engine", "ray", "--address", address]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finished(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "data").glob("*.json"))


def wait_for_shards(count: int, out: Path, running: subprocess.Popen) -> None:
    end = time.monotonic() + 400
    while len(finished(out)) < count:
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < end, "the shards did not come about in time"
        time.sleep(0.01)


def wait_for_processors(count: int, head, node: subprocess.Popen | None = None) -> None:
    end = time.monotonic() + 120
    while head.global_state.cluster_resources().get("CPU", 0) != count:
        if node and node.poll() is not None:
            pytest.skip(f"may not hide a folder from a node here: {node.communicate()[0].strip()}")
        assert time.monotonic() < end, "the nodes did not change in time"
        time.sleep(0.1)


@pytest.mark.slow
def test_a_node_dies_half_way_and_every_photograph_is_there_once(cluster, photos, local, tmp_path):
    out = tmp_path / "out"
    running = prepare(photos, out, cluster.address)
    try:
        wait_for_shards(PHOTOS // 4 // 2, out, running)
        cluster.remove_node(min(cluster.worker_nodes, key=str), allow_graceful=False)
        printed, _ = running.communicate(timeout=400)
    finally:
        running.kill()
    assert running.returncode == 0, printed
    assert printed.count("which is made again") == 1, printed  # the node was at work when it died
    assert f"{PHOTOS} photographs prepared, 1 left out" in printed
    names = [row["name"] for shard in rows(out).values() for row in shard]
    expected = sorted(path.relative_to(photos).as_posix() for path in photos.rglob("[0-9]*.jpg"))
    assert len(names) == PHOTOS and sorted(names) == expected
    assert rows(out) == rows(local)
    for name in ("report.json", "prepare.json"):
        assert (out / name).read_text() == (local / name).read_text()
    assert sorted(p.name for p in out.rglob("*")) == sorted(p.name for p in local.rglob("*"))  # no leftovers


@pytest.mark.slow
def test_a_killed_command_goes_on_with_what_is_missing(cluster, photos, local, tmp_path):
    def written() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (out / "data").iterdir() if path.suffix in (".json", ".parquet")}

    out = tmp_path / "out"
    running = prepare(photos, out, cluster.address)
    wait_for_shards(3, out, running)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    before = written()
    done = finished(out)
    assert 3 <= len(done) < PHOTOS // 4
    (out / "data" / "train-00000.parquet-0123.partial").write_bytes(b"half")  # by an actor that was lost
    printed, _ = prepare(photos, out, cluster.address).communicate(timeout=400)
    assert f"{PHOTOS} photographs prepared, 1 left out" in printed
    after = written()
    assert {name for name in before if before[name] != after[name]} <= {
        name
        for name in before
        if name.replace(".parquet", ".json") not in done  # in place, but not yet noted
    }
    assert rows(out) == rows(local)
    assert not list(out.rglob("*.partial")) and not list(out.glob(".cluster-*"))


@pytest.mark.slow
def test_a_node_that_does_not_see_the_storage_says_so(head, photos, tmp_path):
    """The node lives in a namespace of its own, where an empty disk hides the output."""
    out = tmp_path / "out"
    out.mkdir()
    for node in list(head.worker_nodes):
        head.remove_node(node)
    wait_for_processors(0, head)
    start = f"mount -t tmpfs tmpfs {out} && exec ray start --address={head.address} --num-cpus=1 --block"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    hidden = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", f"{start} --object-store-memory={NODE['object_store_memory']}"],
        env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for_processors(1, head, hidden)
        running = prepare(photos, out, head.address)
        printed, _ = running.communicate(timeout=400)
    finally:
        if hidden.poll() is None:
            os.killpg(hidden.pid, signal.SIGTERM)
            hidden.communicate(timeout=60)
    assert running.returncode == 1
    sentence = rf"error: Node \S+ cannot use {out} \(No such file or directory\). A cluster needs storage that all"
    assert re.search(sentence, printed), printed
    assert list(out.glob(".cluster-*")) == finished(out) == []


@pytest.mark.slow
def test_what_ends_every_actor_is_given_up_with_the_names_of_the_photographs(cluster, photos, tmp_path):
    code = (
        "import functools, os; from scfegan_hf.faces.prepare import PrepareOptions, prepare_folder; "
        f"prepare_folder({str(photos)!r}, {str(tmp_path / 'out')!r}, PrepareOptions(regions='annotator', align=False), "
        f"make_annotator=functools.partial(os._exit, 1), progress=False, shard_size=100, ray_address={cluster.address!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 1 and done.stderr.count("which is made again") == 2, done.stderr
    assert re.search("ChildProcessError: 3 actors were lost over .*/01.jpg to .*; a picture may end them", done.stderr)


# without a cluster


def test_no_cluster_at_the_address_is_one_line(ray, tmp_path, draw_face, capsys):
    Image.fromarray(draw_face(0)["image"]).save(tmp_path / "0.png")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for given, message in (
            (address, f"No Ray cluster answers at {address} (.*refused.*). Start one with `ray start --head`"),
            ("ray://127.0.0.1:10001", "Give the command on a node of the cluster"),
            ("somewhere", "--address must be auto or HOST:PORT, not somewhere"),
        ):
            options = ["--engine", "ray", "--address", given]
            assert main(["prepare", str(tmp_path), str(tmp_path / "out"), *OPTIONS, *options]) == 1
            printed = capsys.readouterr().err.splitlines()[-1]
            assert printed.startswith("error: ") and re.search(message, printed)


def test_without_ray_the_local_engine_works_and_the_other_says_what_to_install(tmp_path, draw_face, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    (tmp_path / "photos").mkdir()
    Image.fromarray(draw_face(0)["image"]).save(tmp_path / "photos" / "1.png")
    command = ["prepare", str(tmp_path / "photos"), str(tmp_path / "out"), *OPTIONS, "--num-proc", "1"]
    assert main([*command, "--engine", "ray"]) == 1
    assert "pip install 'scfegan_hf[cluster]'" in capsys.readouterr().err
    assert main(command) == 0
