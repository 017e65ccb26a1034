"""What a tool answered, as a result: bounded, printable, and data whatever it says."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executor.actions.capture import Capture
from executor.actions.mcp.session import Answer
from executor.domain.outcome import Result

ANSWERED = {"answered": True}
"""In the metadata of a failure: the other side itself said so, and may have done a part of it."""

FILES_MAX = 20
FILE_BYTES_MAX = 10_000_000
STRUCTURED_BYTES_MAX = 16_384  # kept apart in the metadata, beside the text
LINE_CHARACTERS_MAX = 160
_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "application/pdf": "pdf",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that is no text, for a file in the goal's folder."""

    name: str
    content: bytes


def read_answer(answer: Answer, name: str, output_bytes_max: int) -> tuple[Result, list[Attachment]]:
    """`name` begins the names of files. Whatever does not fit is left out with a word about it."""
    texts: list[str] = []
    files: list[Attachment] = []
    for block in answer.content:
        texts.append(_text(block, name, files))
    if not any(texts) and answer.structured is not None:
        texts = [json.dumps(answer.structured, ensure_ascii=False)]
    capture = Capture(output_bytes_max)
    capture.add("\n".join(texts).encode("utf-8", errors="replace"))
    output = capture.text()
    metadata: dict[str, Any] = {"output_cut_bytes": capture.cut}
    if answer.structured is not None and len(json.dumps(answer.structured)) <= STRUCTURED_BYTES_MAX:
        metadata["structured"] = answer.structured
    if files:
        metadata |= {"file_path": files[0].name, "file_size": len(files[0].content)}
    line = _line(output)
    if answer.failed:
        error = f"The tool says that it failed: {line or 'without a word'}"
        return Result(success=False, result=error, output=output, error=error, metadata=metadata | ANSWERED), []
    return Result(success=True, result=line or "Answered", output=output, metadata=metadata), files


def _line(output: str) -> str:
    words = " ".join(output[: 4 * LINE_CHARACTERS_MAX].split())
    return words if len(words) <= LINE_CHARACTERS_MAX else f"{words[:LINE_CHARACTERS_MAX]}…"


def _text(block: Mapping[str, Any], name: str, files: list[Attachment]) -> str:
    match block.get("type"):
        case "text":
            return str(block.get("text") or "")
        case "image" | "audio":
            return _attached(str(block.get("data") or ""), str(block.get("mimeType") or ""), name, files)
        case "resource":
            inner = block.get("resource")
            resource = inner if isinstance(inner, Mapping) else {}
            if "text" in resource:
                return str(resource["text"])
            return _attached(str(resource.get("blob") or ""), str(resource.get("mimeType") or ""), name, files)
        case "resource_link":
            return f"[{block.get('name') or 'resource'}: {block.get('uri')}]"
    return f"[{block.get('type')}: not shown]"


def _attached(data: str, kind: str, name: str, files: list[Attachment]) -> str:
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return f"[{kind}: not readable]"
    if len(files) >= FILES_MAX or len(content) > FILE_BYTES_MAX:
        return f"[{kind}, {len(content):,} bytes: not kept]"
    file = Attachment(f"{name}-{len(files) + 1}.{_ENDINGS.get(kind, 'bin')}", content)
    files.append(file)
    return f"[{file.name}: {kind}, {len(content):,} bytes]"
