"""A Hub on this machine that speaks to the real client: repositories, LFS uploads, commits, downloads by revision.

It takes the LFS path (the client is told HF_HUB_DISABLE_XET=1), not xet. Objects are checked by their hashes as they
arrive, and metadata of cards as YAML. `refuse` makes it answer so many commits with an error first; requests that begin
with `hang` ("PUT /objects/") are taken and never answered.
"""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

TOKEN = "hf_loopback"
OWNER = "somebody"


class LoopbackHub:
    """`with LoopbackHub() as hub:` serves at ``hub.endpoint``; ``hub.repositories`` is what has been pushed."""

    def __init__(self, refuse: int = 0, hang: str | None = None):
        self.refuse, self.refused, self.hang, self.ended = refuse, 0, hang, threading.Event()
        self.repositories: dict[str, list[tuple[str, dict[str, str]]]] = {}  # commits, oldest first: (sha, path to object)
        self.objects: dict[str, bytes] = {}
        self.lfs: set[str] = set()  # objects that came by LFS
        self.requests: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "LoopbackHub":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def environment(self, home) -> dict[str, str]:
        """What a process needs to take this for the Hub, with a cache of its own."""
        return {
            "HF_ENDPOINT": self.endpoint, "HF_TOKEN": TOKEN, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_OFFLINE": "0",
        }  # fmt: skip

    def files(self, repository: str) -> dict[str, bytes]:
        """Contents of the newest commit by path."""
        return {path: self.objects[oid] for path, oid in self.repositories[repository][-1][1].items()}


class _Handler(BaseHTTPRequestHandler):
    hub: LoopbackHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def _answer(self, body: bytes | dict, status: int = 200, **headers: str) -> None:
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _handle(self) -> None:
        body, path = self._body(), self.path.split("?")[0]
        self.hub.requests.append(f"{self.command} {path}")
        if self.hub.hang and self.hub.requests[-1].startswith(self.hub.hang):
            self.close_connection = True
            self.hub.ended.wait()
            return None
        if not path.startswith("/objects/") and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._answer({"error": "Invalid token"}, 401)
        for pattern, method in ROUTES:
            if found := re.fullmatch(pattern, f"{self.command} {path}"):
                return getattr(self, method)(body, *found.groups())
        return self._answer({"error": f"nothing at {path}"}, 404)

    do_GET = do_HEAD = do_POST = do_PUT = _handle

    def create(self, body: bytes) -> None:
        given = json.loads(body)
        name = f"{given.get('organization') or OWNER}/{given['name']}"
        status = 409 if name in self.hub.repositories else 200
        self.hub.repositories.setdefault(name, [])
        self._answer({"url": f"{self.hub.endpoint}/{name}", "name": name, "id": name}, status)

    def validate(self, body: bytes) -> None:
        text = json.loads(body)["content"]
        try:
            front = yaml.safe_load(re.match(r"---\n(.*?)\n---", text, re.DOTALL)[1])
            errors = [{"message": f'"{key}" is required'} for key in ("license", "library_name") if key not in front]
        except (yaml.YAMLError, TypeError) as error:
            errors = [{"message": str(error)}]
        self._answer({"errors": errors, "warnings": []}, 400 if errors else 200)

    def preupload(self, body: bytes, repository: str, _: str) -> None:
        files = [
            {"path": f["path"], "uploadMode": "lfs" if f["path"].endswith((".safetensors", ".png")) else "regular",
             "shouldIgnore": False, "oid": None}
            for f in json.loads(body)["files"]
        ]  # fmt: skip
        self._answer({"files": files})

    def batch(self, body: bytes, repository: str) -> None:
        objects = []
        for wanted in json.loads(body)["objects"]:
            href = f"{self.hub.endpoint}/objects/{wanted['oid']}"
            actions = {"upload": {"href": href}, "verify": {"href": f"{self.hub.endpoint}/{repository}/verify"}}
            objects.append({**wanted, **({} if wanted["oid"] in self.hub.objects else {"actions": actions})})
        self._answer({"transfer": "basic", "objects": objects})

    def put(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self._answer({"error": "content does not have that hash"}, 400)
        self.hub.objects[oid] = body
        self.hub.lfs.add(oid)
        return self._answer(b"")

    def verify(self, body: bytes, _: str) -> None:
        given = json.loads(body)
        right = len(self.hub.objects.get(given["oid"], b"")) == given["size"]
        self._answer({}, 200 if right else 404)

    def commit(self, body: bytes, repository: str, _: str) -> None:
        if self.hub.refused < self.hub.refuse:
            self.hub.refused += 1
            return self._answer({"error": "not now"}, 403)
        commits = self.hub.repositories[repository]
        files = dict(commits[-1][1]) if commits else {}
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                content = base64.b64decode(value["content"])
                oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                self.hub.objects[oid], files[value["path"]] = content, oid
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.hub.objects:
                    return self._answer({"error": f"{value['path']} was never uploaded"}, 400)
                files[value["path"]] = value["oid"]
        sha = hashlib.sha1(json.dumps([len(commits), files]).encode()).hexdigest()
        commits.append((sha, files))
        return self._answer({"success": True, "commitOid": sha, "commitUrl": f"{self.hub.endpoint}/{repository}/commit/{sha}"})

    def resolve(self, _: bytes, repository: str, revision: str, path: str) -> None:
        if repository not in self.hub.repositories:
            return self._answer({"error": "Repository not found"}, 404, X_Error_Code="RepoNotFound")
        commits = self.hub.repositories[repository]
        found = [commit for commit in commits if commit[0] == revision] or (commits[-1:] if revision == "main" else [])
        if not found:
            return self._answer({"error": "Invalid rev id"}, 404, X_Error_Code="RevisionNotFound")
        sha, files = found[0]
        if path not in files:
            return self._answer({"error": "Entry not found"}, 404, X_Error_Code="EntryNotFound", X_Repo_Commit=sha)
        oid = files[path]
        content = self.hub.objects[oid]
        linked = {"X_Linked_Etag": f'"{oid}"', "X_Linked_Size": str(len(content))} if oid in self.hub.lfs else {}
        return self._answer(content, ETag=f'"{oid}"', X_Repo_Commit=sha, **linked)

    def info(self, _: bytes, repository: str, __: str | None = None) -> None:
        if repository not in self.hub.repositories:
            return self._answer({"error": "Repository not found"}, 404, X_Error_Code="RepoNotFound")
        commits = self.hub.repositories[repository]
        sha, files = commits[-1] if commits else (None, {})
        return self._answer({"id": repository, "sha": sha, "siblings": [{"rfilename": name} for name in files], "tags": []})


REPOSITORY = r"([\w.-]+/[\w.-]+)"
ROUTES = (
    ("POST /api/repos/create", "create"),
    ("POST /api/validate-yaml", "validate"),
    (rf"POST /api/models/{REPOSITORY}/preupload/(\w+)", "preupload"),
    (rf"POST /{REPOSITORY}\.git/info/lfs/objects/batch", "batch"),
    (r"PUT /objects/(\w+)", "put"),
    (rf"POST /{REPOSITORY}/verify", "verify"),
    (rf"POST /api/models/{REPOSITORY}/commit/(\w+)", "commit"),
    (rf"(?:GET|HEAD) /{REPOSITORY}/resolve/(\w+)/(.+)", "resolve"),
    (rf"GET /api/models/{REPOSITORY}(?:/revision/(\w+))?", "info"),
)
