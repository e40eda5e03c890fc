"""pipecat's protobuf frames: the binary messages of its WebSocket transports.

Source: pipecat's `frames.proto`. The descriptors are built here, in a separate descriptor pool, so that neither pipecat
nor generated code is needed, and both can be imported in one process.
"""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from voicelab.errors import InputError

_HEAD = {"id": "uint64", "name": "string"}
_KINDS = {
    "text": ("TextFrame", _HEAD | {"text": "string"}),
    "audio": (
        "AudioRawFrame",
        _HEAD | {"audio": "bytes", "sample_rate": "uint32", "num_channels": "uint32", "pts": "uint64"},
    ),
    "transcription": ("TranscriptionFrame", _HEAD | {"text": "string", "user_id": "string", "timestamp": "string"}),
    "message": ("MessageFrame", {"data": "string"}),
    "interruption": ("InterruptionFrame", _HEAD),
}
"""The kinds of frames, and the types of their fields, both in the order of their numbers."""


def encode_frame(kind: str, **fields: Any) -> bytes:
    """Encode a frame. kind: a key of the table above."""
    frame = _frame_class()()
    inner = getattr(frame, kind)
    inner.SetInParent()
    for name, value in fields.items():
        setattr(inner, name, value)
    return bytes(frame.SerializeToString())


def decode_frame(data: bytes) -> tuple[str, dict[str, Any]]:
    """Return kind and fields of a frame. Raises InputError for an invalid frame or an unknown kind."""
    try:
        frame = _frame_class().FromString(data)
    except DecodeError as error:
        raise InputError(f"{len(data)} binary bytes are not a pipecat frame") from error
    kind = frame.WhichOneof("frame")
    if kind is None:
        raise InputError(f"{len(data)} binary bytes are a pipecat frame of an unknown kind")
    inner = getattr(frame, kind)
    return kind, {name: getattr(inner, name) for name in _KINDS[kind][1]}


@cache
def _frame_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="voicelab/pipecat_frames.proto", package="pipecat", syntax="proto3")
    for message_name, fields in _KINDS.values():
        message = file.message_type.add(name=message_name)
        for number, (name, kind) in enumerate(fields.items(), start=1):
            message.field.add(name=name, number=number, type=_type(kind), label=_OPTIONAL)
    frame = file.message_type.add(name="Frame")
    frame.oneof_decl.add(name="frame")
    for number, (name, (message_name, _)) in enumerate(_KINDS.items(), start=1):
        type_name = f".pipecat.{message_name}"
        frame.field.add(
            name=name, number=number, type=_type("message"), type_name=type_name, label=_OPTIONAL, oneof_index=0
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("pipecat.Frame"))


_OPTIONAL = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL


def _type(name: str) -> Any:
    return getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{name.upper()}")
