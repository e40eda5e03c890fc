"""Bytes that make a media library open other resources: playlists, session descriptions, container references."""

from __future__ import annotations

import struct

from tests.support.sounds import SOUNDS, muxed, wav
from voicelab.audio.clip import Clip

_BOXES = (b"moov", b"trak", b"mdia", b"minf", b"dinf")


def texts(name: str, port: int) -> dict[str, bytes]:
    """Playlists and descriptions that name a file in the working directory, or a port of this machine."""
    address = f"http://127.0.0.1:{port}/{name}"
    found = {
        "ffconcat": f"ffconcat version 1.0\nfile {name}\n",
        "ffconcat_address": f"ffconcat version 1.0\nfile '{address}'\n",
        "concat_names": f"concat:{name}|{name}",
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{name}\n#EXT-X-ENDLIST\n",
        "hls_address": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{address}\n#EXT-X-ENDLIST\n",
        "hls_key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{address}"\n#EXTINF:2,\n{name}\n#EXT-X-ENDLIST\n',
        "hls_master": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{address}\n",
        "dash": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        f'<AdaptationSet mimeType="audio/mp4"><Representation id="0"><BaseURL>{address}</BaseURL></Representation>'
        f"</AdaptationSet></Period></MPD>",
        "imf": f'<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">'
        f"<Id>urn:uuid:{name}</Id></CompositionPlaylist>",
        "smooth": f'<SmoothStreamingMedia Duration="1"><StreamIndex Url="{address}"/></SmoothStreamingMedia>',
        "sdp": f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port + 1} RTP/AVP 0\r\n",
        "rtsp_list": f"[reference]\nRef1=rtsp://127.0.0.1:{port}/{name}\n",
        "rtsp_text": f"rtsptextrtsp://127.0.0.1:{port}/{name}\n",
        "asx": f'<asx version="3.0"><entry><ref href="{address}"/></entry></asx>',
        "pls": f"[playlist]\nFile1={name}\nNumberOfEntries=1\n",
        "xspf": f"<playlist><trackList><track><location>{address}</location></track></trackList></playlist>",
        "smil": f'<smil><body><audio src="{address}"/></body></smil>',
        "ffmetadata": f";FFMETADATA1\ntitle={name}\n[STREAM]\nfile={name}\n",
        "cue": f'FILE "{name}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
        "image_pattern": f"{name}%03d",
        "lavfi": f"amovie={name}",
        "file_url": f"file:{name}",
        "data_url": "data:audio/wav;base64,UklGRg==",
        "subfile": f"subfile,,start,0,end,0,,:{name}",
        "plain_address": address,
        "plain_name": name,
        "tee": f"tee:{name}",
        "vapoursynth": f"import vapoursynth\nopen({name!r})\n",
        "avisynth": f'DirectShowSource("{name}")\n',
    }
    return {label: text.encode() for label, text in found.items()}


def disguised(text: bytes) -> dict[str, bytes]:
    """The same bytes after the start of a container, or inside one."""
    tag = b"ID3\x04\0\0" + struct.pack("4B", 0, 0, len(text) >> 7, len(text) & 0x7F)
    return {
        "ogg_sign": b"OggS" + text,
        "flac_sign": b"fLaC" + text,
        "webm_sign": b"\x1a\x45\xdf\xa3" + text,
        "riff_sign": b"RIFF\xff\xff\xff\xffWAVE" + text,
        "mp4_sign": b"\0\0\0\x14ftypM4A \0\0\0\0M4A " + text,
        "in_a_tag": tag + text,
        "behind_a_tag": tag + bytes(len(text)) + text,
        "behind_zeros": bytes(64) + text,
        "wav_data": wav(text + bytes(len(text) % 2)),
        "wav_unknown_codec": wav(text, tag=0x0167),
        "byte_order_mark": b"\xef\xbb\xbf" + text,
    }


def mov_with_references(clip: Clip, name: str, *, kind: bytes = b"alis") -> bytes:
    """A QuickTime file whose samples lie in another file, by an alias (kind "alis") or an address ("url ")."""
    data = muxed(clip, "mov", "pcm_s16be")
    if kind == b"alis":
        path = name.encode()
        file = path[:63]
        alias = bytes(10) + bytes([0]) + bytes(27) + bytes(12) + bytes([len(file)]) + file.ljust(63, b"\0") + bytes(16)
        alias += struct.pack(">HH", 1, 1) + bytes(16) + struct.pack(">HH", 2, len(path)) + path
        body = struct.pack(">I", 0) + alias + bytes(len(path) % 2) + struct.pack(">HH", 0xFFFF, 0) + bytes(64)
    else:
        body = struct.pack(">I", 0) + name.encode() + b"\0"
    entry = struct.pack(">I", 8 + len(body)) + kind + body
    reference = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    return _with_box(data, _BOXES, b"dref", reference)


def _with_box(data: bytes, path: tuple[bytes, ...], name: bytes, box: bytes) -> bytes:
    """Replace the first box of that name on the path, and adjust the sizes of the enclosing boxes."""
    out, place = b"", 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        inner = data[place + 8 : place + size]
        if kind == name:
            out += box
        elif path and kind == path[0]:
            inner = _with_box(inner, path[1:], name, box)
            out += struct.pack(">I4s", 8 + len(inner), kind) + inner
        else:
            out += data[place : place + size]
        place += size
    return out


def containers(clip: Clip, name: str, port: int) -> dict[str, bytes]:
    """Audio containers that refer to other resources."""
    address = f"http://127.0.0.1:{port}/{name}"
    tagged = muxed(clip, "mp3", "libmp3lame")
    link = address.encode() + b"\0"
    frame = b"WXXX" + struct.pack(">IH", len(link) + 2, 0) + b"\0\0" + link
    tag = b"ID3\x03\0\0" + struct.pack("4B", 0, 0, len(frame) >> 7, len(frame) & 0x7F) + frame
    return {
        "mov_alias": mov_with_references(clip, name),
        "mov_url": mov_with_references(clip, address, kind=b"url "),
        "mp3_link": tag + tagged,
        "webm_then_playlist": SOUNDS["webm_opus"](clip) + texts(name, port)["hls_address"],
    }
