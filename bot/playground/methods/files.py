"""files.*: announce a file, upload its bytes, share it in the direct messages with one member."""

from __future__ import annotations

import secrets
from typing import Any

from bot.playground.call import Call, Refusal
from bot.playground.methods.method import Method, Room
from bot.playground.workspace import Message, StoredFile, Workspace

Json = dict[str, Any]


def announce(room: Room, call: Call) -> Json:
    """files.getUploadURLExternal: an id, and the address that takes the bytes."""
    name, length = call.needed("filename"), call.number("length", 0)
    if length <= 0:
        raise Refusal("invalid_arguments", response_metadata={"messages": ["[ERROR] length must be above 0"]})
    file_id = f"F{secrets.token_hex(5).upper()}"
    with room.workspace.lock:
        room.workspace.files[file_id] = StoredFile(file_id, name, length)
    return {"upload_url": f"{room.origin}/upload/{file_id}", "file_id": file_id}


def receive(workspace: Workspace, file_id: str, content: bytes) -> None:
    """The bytes of an announced file. Refuses an unknown file and another length than the one announced."""
    with workspace.lock:
        stored = workspace.files.get(file_id)
        if stored is None:
            raise Refusal("file_not_found")
        if len(content) != stored.length:
            raise Refusal("invalid_length")
        stored.content = content


def complete(room: Room, call: Call) -> Json:
    """files.completeUploadExternal: share uploaded files. Without a channel they stay private to the app."""
    wanted = call.data("files")
    if not isinstance(wanted, list) or not wanted:
        raise Refusal("invalid_arguments")
    with room.workspace.lock:
        stored = [_uploaded(room.workspace, entry) for entry in wanted]
        channel = call.text("channel_id") or call.text("channels")
        if channel:
            _share(room.workspace, stored, channel, call)
    return {"files": [{"id": file.file_id, "title": file.title} for file in stored]}


def _uploaded(workspace: Workspace, entry: Any) -> StoredFile:
    file = workspace.files.get(str(entry.get("id"))) if isinstance(entry, dict) else None
    if file is None or file.content is None:
        raise Refusal("file_not_found")
    file.title = str(entry.get("title") or file.name)
    return file


def _share(workspace: Workspace, files: list[StoredFile], channel: str, call: Call) -> None:
    member = workspace.owner_of(channel)
    for file in files:
        file.shared_with = member.slack_id
    shown = Message(workspace.next_ts(), channel, "app", call.text("initial_comment"))
    shown.files = [file.file_id for file in files]
    workspace.add(shown, method=call.method)


METHODS = {
    "files.getUploadURLExternal": Method(announce, "files:write", 4),
    "files.completeUploadExternal": Method(complete, "files:write", 4),
}
