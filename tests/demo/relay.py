"""A relay before the app that keeps every byte of every answer, headers and streams of events included."""

import html
import json
import socket
import threading
from contextlib import suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import quote, urlsplit

import scfegan_hf

WORDS = ("Traceback", "site-packages", str(Path(scfegan_hf.__file__).parent), f"{Path.home()}/")


class Relay(ThreadingTCPServer):
    """Serves at ``address`` what is served at another one; addresses end with a slash."""

    daemon_threads = True

    def __init__(self, address: str):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.behind = urlsplit(address).hostname, urlsplit(address).port
        self.address = f"http://127.0.0.1:{self.server_address[1]}/"
        self.answers: list[bytearray] = []  # of each connection

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def told(self, text: str) -> list[str]:
        """Where a text was answered, in any spelling, with what stands around it."""
        spellings = {text, html.escape(text), html.escape(text, quote=False), quote(text)}
        spellings |= {json.dumps(each, ensure_ascii=ascii)[1:-1] for each in spellings for ascii in (True, False)}
        for sign in "&'<>":  # as Gradio writes JSON into its page
            spellings |= {each.replace(sign, f"\\u{ord(sign):04x}") for each in spellings}
        found = []
        for answer in map(bytes, self.answers):
            for spelling in spellings:
                at = answer.find(spelling.encode())
                if at >= 0:
                    found.append(f"{spelling!r} in {answer[max(at - 200, 0) : at + 200]!r}")
        return found

    def told_of_the_server(self, *folders: str | Path) -> list[str]:
        """Where one of these folders was answered, or another place of the server, or a traceback."""
        return [place for text in (*map(str, folders), *WORDS) for place in self.told(text)]


class _Connection(BaseRequestHandler):
    def handle(self):
        with socket.create_connection(self.server.behind) as behind:
            kept = bytearray()
            self.server.answers.append(kept)
            asking = threading.Thread(target=_pass_on, args=(self.request, behind), daemon=True)
            asking.start()
            _pass_on(behind, self.request, kept)


def _pass_on(source: socket.socket, sink: socket.socket, kept: bytearray | None = None) -> None:
    with suppress(OSError):  # whoever hangs up has heard enough
        while data := source.recv(2**16):
            if kept is not None:
                kept += data
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
