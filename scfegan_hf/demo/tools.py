"""The endpoints as tools of an MCP server, where gradio's extra `mcp` is installed: pictures in, pictures out.

Gradio's own server answers a list of files by their paths, encodes a single one anew, without the note that it was edited,
keeps what comes as data URLs for ever, hands on pictures that may be left out as mere text, and fetches from any address.
"""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio.mcp
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from gradio_client import handle_file

from scfegan_hf.demo.payload import uploaded_file
from scfegan_hf.demo.uploads import path_of

HOW_TO_SEND = """Each picture is a data URL, all of them together below 4 MB, or the address that this server gave to an upload
(POST to /gradio_api/upload, then /gradio_api/file= and the answer). Other addresses are not fetched."""
DATA_URL = "data:"
UPLOADED = "/gradio_api/file="


class PictureServer(gradio.mcp.GradioMCPServer):
    """Gradio's MCP server with other ideas of how pictures come and go."""

    def __init__(self, blocks: gradio.Blocks):
        super().__init__(blocks)
        self._kept: set[str] = set()
        blocks.temp_file_sets.append(self._kept)  # Gradio's cleaner deletes these in time

    def get_fn_description(self, block_fn: Any, tool_name: str) -> tuple[str, dict[str, str]]:
        """What the tool says of itself."""
        description, parameters = super().get_fn_description(block_fn, tool_name)
        return f"{description}. {HOW_TO_SEND}", parameters

    def convert_strings_to_filedata(self, value: dict[str, Any], filedata_positions: list[list[str | int]]) -> dict[str, Any]:
        """The tool's arguments with a file in place of each picture's address."""
        pictures = {name for name, *_ in filedata_positions}
        return {name: self._file(sent, name) if name in pictures and sent is not None else sent for name, sent in value.items()}

    def postprocess_output_data(self, data: list[Any], root_url: str) -> list[Any]:
        """Each file of the answer as a picture, byte for byte."""
        files = [file for answer in data for file in (answer if isinstance(answer, list) else [answer])]
        contents = (base64.b64encode(Path(path_of(file["path"])).read_bytes()).decode() for file in files)
        return [self.types.ImageContent(type="image", data=content, mimeType="image/png") for content in contents]

    def _file(self, sent: Any, name: str) -> dict[str, Any]:
        uploads = get_upload_folder()
        if isinstance(sent, str) and UPLOADED in sent:
            return handle_file(uploaded_file({"path": unquote(sent.partition(UPLOADED)[2])}, uploads, name))
        if not isinstance(sent, str) or not sent.startswith(DATA_URL):
            raise ValueError(f"Send the {name} as a data URL, or upload it to this server and send its address.")
        try:
            content = base64.b64decode(sent.partition(",")[2], validate=True)
        except ValueError as error:
            raise ValueError(f"The {name} did not arrive whole.") from error
        path = save_bytes_to_cache(content, name, uploads)
        self._kept.add(path)
        return handle_file(path)


def use_picture_server() -> None:
    """Have Gradio serve tools by it: Gradio takes the class by its name and has no setting for it."""
    gradio.mcp.GradioMCPServer = PictureServer
