"""Preparation on a Ray cluster: actors on its nodes make shards, this process puts them in place.

A cluster needs storage that all nodes, and the machine that gives the command, see at the same paths. A shard is a unit of
work: when a node dies, what it was at is made again elsewhere. Actors write under names that nobody else uses and only this
process renames, so that a node that was given up, but lives, cannot spoil a shard that another made in its place.
"""

import hashlib
import logging
import platform
import socket
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

from scfegan_hf.data.prepare.folder import RowMaker, Shard, row_of_file, write_shard
from scfegan_hf.data.prepare.local import use_one_thread
from scfegan_hf.files import write_text

log = logging.getLogger(__name__)

# A picture that ends the process that reads it would otherwise go round the cluster for ever.
LOST_AT_MOST = 2
HOW_TO_START = (
    "Start one with `ray start --head` on one machine and `ray start --address=THAT_MACHINE:6379` on the others, "
    "or leave out --engine ray."
)


class Preparer:
    """What an actor does on its node: one shard after the other, with networks that its process loads once."""

    def __init__(self, photos: str, make_row: RowMaker):
        self.photos, self.make_row = Path(photos), make_row
        use_one_thread()

    def look(self, token: str, photo: str, code: str) -> None:
        """Raises OSError or ValueError, with the node's name, where work could not be done here."""
        node = platform.node()
        shared = "A cluster needs storage that all its nodes see at the same path."
        try:
            Path(photo).open("rb").close()
        except OSError as error:
            raise OSError(f"Node {node} cannot read {photo} ({error.strerror}). {shared}") from None
        try:
            Path(token).open("rb").close()
            own = Path(f"{token}-{uuid.uuid4().hex}")
            own.touch()
            own.unlink()
        except OSError as error:
            raise OSError(f"Node {node} cannot use {Path(token).parent} ({error.strerror}). {shared}") from None
        if code != _code():
            raise ValueError(f"Node {node} has another version of scfegan_hf than this machine. Install the same.")

    def make(self, files: list[str], out: str) -> tuple[int, dict[str, str]]:
        """Prepare ``files`` into the Parquet file ``out``; how many rows it has (no file for none) and what is left out."""
        paths = [Path(file) for file in files]
        return write_shard(Path(out), paths, [row_of_file(path, self.make_row) for path in paths], self.photos, self.make_row)


def make_shards(
    missing: list[Shard],
    photos: Path,
    make_row: RowMaker,
    address: str,
    workers: int | None = None,
) -> Iterator[int]:
    """Make shards by ``workers`` actors (one for each processor of the cluster); yields each one's number of photographs.

    Raises ModuleNotFoundError without ray, ConnectionError when no cluster answers at ``address`` ("auto": the one that this
    machine belongs to), OSError where a node does not see the storage, ChildProcessError when a shard is lost again and again.
    """
    ray, out = _connected(address), missing[0].path.parents[1]
    token = out / f".cluster-{uuid.uuid4().hex}"
    try:
        _remove_leftovers(out)
        write_text(token, "Seen by the nodes of a cluster while they prepare.\n")
        actor_class = ray.remote(num_cpus=1)(Preparer)
        make_row = make_row.moved()
        waiting, lost = deque(missing), Counter()
        at: dict = {}  # what each actor is at: future -> (actor, shard or None while it starts, file it writes)
        told = time.monotonic()
        while waiting or any(shard for _, shard, _ in at.values()):
            open_shards = len(waiting) + sum(shard is not None for _, shard, _ in at.values())
            for _ in range(min(workers or int(ray.cluster_resources().get("CPU", 0)), open_shards) - len(at)):
                actor = actor_class.remote(str(photos), make_row)
                looking = actor.look.remote(str(token), str(missing[0].files[0]), _code())
                at[looking] = actor, None, None
            if not at:
                time.sleep(1)  # a cluster without a processor, for now
            for future in ray.wait(list(at), timeout=5)[0] if at else ():
                actor, shard, partial = at.pop(future)
                try:
                    answer = ray.get(future)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None  # not of the cluster's making
                except ray.exceptions.RayError as error:  # the node or the process is gone
                    _count_loss(lost, shard, error)
                    if shard:
                        waiting.appendleft(shard)
                    continue
                if shard:
                    prepared, left_out = answer
                    if prepared:
                        partial.replace(shard.path)
                    shard.finish(prepared, left_out)
                    yield len(shard.files)
                else:
                    lost[None] = 0
                if waiting:
                    shard = waiting.popleft()
                    partial = shard.path.with_name(f"{shard.path.name}-{uuid.uuid4().hex}.partial")
                    at[actor.make.remote([str(file) for file in shard.files], str(partial))] = actor, shard, partial
                else:
                    ray.kill(actor)
            if any(shard for _, shard, _ in at.values()):
                told = time.monotonic()
            elif time.monotonic() - told > 60:
                log.warning("No processor of the cluster has been free for a minute; waiting for one.")
                told = time.monotonic()
    finally:
        ray.shutdown()  # ends the actors too
        token.unlink(missing_ok=True)
        _remove_leftovers(out)


def _connected(address: str):
    """The ray module, connected."""
    import ray

    if address.startswith("ray://"):
        raise ValueError("Ray's client (ray://) is not served. Give the command on a node of the cluster, with --address auto.")
    if address != "auto":
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f"--address must be auto or HOST:PORT, not {address}.")
        try:
            socket.create_connection((host, int(port)), timeout=10).close()  # Ray itself tries for minutes
        except OSError as error:
            raise ConnectionError(f"No Ray cluster answers at {address} ({error}). {HOW_TO_START}") from error
    try:
        ray.init(address=address, logging_level=logging.WARNING, log_to_driver=False)
    except ConnectionError as error:
        raise ConnectionError(f"No Ray cluster answers at {address} ({error}). {HOW_TO_START}") from error
    return ray


def _code() -> str:
    """A digest of the package's source: other code makes other rows."""
    package = Path(__file__).parents[2]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(package.rglob("*.py")))).hexdigest()


def _count_loss(lost: Counter, shard: Shard | None, error: Exception) -> None:
    """Raises ChildProcessError when it is one too many of this shard, or of actors that did not even start."""
    lost[shard and shard.path] += 1
    why = str(error).strip().splitlines()[0]
    if lost[shard and shard.path] > LOST_AT_MOST:
        if shard is None:
            raise ChildProcessError(f"{LOST_AT_MOST + 1} actors in a row did not start; the last: {why}")
        names = f"{shard.files[0]} to {shard.files[-1]}"
        raise ChildProcessError(f"{LOST_AT_MOST + 1} actors were lost over {names}; a picture may end them. The last: {why}")
    if shard:
        log.warning("An actor was lost at %s, which is made again: %s", shard.path.name, why)


def _remove_leftovers(out: Path) -> None:
    """What actors wrote that were lost, or a run that was killed."""
    for left in (*(out / "data").glob("*.partial"), *out.glob(".cluster-*")):
        left.unlink(missing_ok=True)
