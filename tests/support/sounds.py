"""A clip in every supported container, made with PyAV's muxers, or manually if they do not support it."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio


def muxed(
    clip: Clip,
    form: str,
    codec: str,
    *,
    rate_hz: int = 48_000,
    layout: str = "mono",
    options: dict[str, str] | None = None,
    experimental: bool = False,
    gains: Sequence[float] = (),
) -> bytes:
    """The clip encoded by FFmpeg, in every channel of the layout. gains: factor of each channel, if not 1."""
    with tempfile.TemporaryDirectory() as folder:
        # A file, because some options make the muxer read what it wrote. Otherwise some write random serial numbers.
        file = Path(folder) / "sound"
        with av.open(str(file), "w", format=form, options={"fflags": "+bitexact"} | (options or {})) as out:
            stream = out.add_stream(codec, rate=rate_hz, layout=layout)
            if experimental:
                stream.codec_context.options = {"strict": "experimental"}
            channels = stream.codec_context.layout.nb_channels
            samples = np.outer(clip.at_rate(rate_hz).samples, gains or [1] * channels).astype(np.float32).reshape(1, -1)
            for start in range(0, samples.shape[1], channels * 1024):
                part = np.ascontiguousarray(samples[:, start : start + channels * 1024])
                frame = av.AudioFrame.from_ndarray(part, format="flt", layout=layout)
                frame.sample_rate, frame.pts, frame.time_base = rate_hz, start // channels, Fraction(1, rate_hz)
                out.mux(stream.encode(frame))
            # FLAC ends with an empty packet for its header, which other muxers refuse.
            out.mux([packet for packet in stream.encode(None) if packet.size or form == "flac"])
        return file.read_bytes()


def wav(
    data: bytes, rate_hz: int = 16_000, *, tag: int = 1, bits: int = 16, channels: int = 1, size: int | None = None
) -> bytes:
    """A WAV file with these samples. size: a false size in its header."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block, block, bits)
    length = len(data) if size is None else size
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", length) + data
    return b"RIFF" + struct.pack("<I", min(0xFFFFFFFF, length + 36)) + body


def extensible(clip: Clip) -> bytes:
    """WAVE_FORMAT_EXTENSIBLE: 24 valid bits of 32, two channels."""
    samples = np.repeat(np.rint(clip.samples * (2**31 - 1)).astype("<i4"), 2).tobytes()
    guid = bytes.fromhex("0100000000001000800000aa00389b71")
    rate_hz = clip.rate_hz
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 2, rate_hz, rate_hz * 8, 8, 32, 22, 24, 3) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def rifx(data: bytes, rate_hz: int, *, tag: int = 1, bits: int = 16, extra: bytes = b"") -> bytes:
    """A big-endian WAV file with these (big-endian) samples of one channel. extra: the rest of its format chunk."""
    form = struct.pack(">HHIIHH", tag, 1, rate_hz, rate_hz * bits // 8, bits // 8, bits) + extra
    body = b"WAVEfmt " + struct.pack(">I", len(form)) + form + b"data" + struct.pack(">I", len(data)) + data
    return b"RIFX" + struct.pack(">I", len(body)) + body


def rf64(clip: Clip) -> bytes:
    """A WAV with 64-bit sizes (EBU Tech 3306), and a list of texts behind its samples."""
    data = clip.to_pcm16()
    form = struct.pack("<HHIIHH", 1, 1, clip.rate_hz, clip.rate_hz * 2, 2, 16)
    sizes = struct.pack("<QQQI", len(data) + 100, len(data), len(data) // 2, 0)
    head = b"RF64" + b"\xff" * 4 + b"WAVEds64" + struct.pack("<I", len(sizes)) + sizes
    behind = b"LIST" + struct.pack("<I", 12) + b"INFOISFT" + struct.pack("<I", 0)
    return head + b"fmt " + struct.pack("<I", 16) + form + b"data" + b"\xff" * 4 + data + behind


def amr_wb(seconds: float) -> bytes:
    """Silence of that length: frames without data, which need no encoder."""
    return b"#!AMR-WB\n" + b"\x7c" * round(seconds * 50)


_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "200000"}

SOUNDS: dict[str, Callable[[Clip], bytes]] = {
    "wav": lambda clip: wav(clip.to_pcm16(), clip.rate_hz),
    "wav_8_bit": lambda clip: muxed(clip, "wav", "pcm_u8"),
    "wav_24_bit": lambda clip: muxed(clip, "wav", "pcm_s24le"),
    "wav_32_bit": lambda clip: muxed(clip, "wav", "pcm_s32le"),
    "wav_float": lambda clip: muxed(clip, "wav", "pcm_f32le"),
    "wav_double": lambda clip: muxed(clip, "wav", "pcm_f64le"),
    "wav_extensible": extensible,
    "wav_mulaw": lambda clip: muxed(clip, "wav", "pcm_mulaw", rate_hz=8_000),
    "wav_alaw": lambda clip: muxed(clip, "wav", "pcm_alaw", rate_hz=8_000),
    "wav_adpcm_ms": lambda clip: muxed(clip, "wav", "adpcm_ms", rate_hz=16_000),
    "wav_adpcm_ima": lambda clip: muxed(clip, "wav", "adpcm_ima_wav", rate_hz=16_000),
    "rifx": lambda clip: rifx(np.frombuffer(clip.to_pcm16(), "<i2").astype(">i2").tobytes(), clip.rate_hz),
    "rf64": rf64,
    "w64": lambda clip: muxed(clip, "w64", "pcm_s16le"),
    "flac": lambda clip: muxed(clip, "flac", "flac"),
    "ogg_opus": lambda clip: muxed(clip, "ogg", "libopus"),
    "ogg_vorbis": lambda clip: muxed(
        clip, "ogg", "vorbis", layout="stereo", experimental=True, options={"page_duration": "20000"}
    ),
    "ogg_flac": lambda clip: muxed(clip, "ogg", "flac"),
    "webm_opus": lambda clip: muxed(clip, "webm", "libopus"),
    "webm_vorbis": lambda clip: muxed(clip, "webm", "vorbis", layout="stereo", experimental=True),
    "webm_live": lambda clip: muxed(clip, "webm", "libopus", options={"live": "1"}),
    "matroska_aac": lambda clip: muxed(clip, "matroska", "aac"),
    "matroska_flac": lambda clip: muxed(clip, "matroska", "flac"),
    "matroska_pcm": lambda clip: muxed(clip, "matroska", "pcm_s16le"),
    "mp3": lambda clip: muxed(clip, "mp3", "libmp3lame"),
    "mp3_bare": lambda clip: muxed(clip, "mp3", "libmp3lame", options={"id3v2_version": "0", "write_xing": "0"}),
    "mp3_behind_zeros": lambda clip: bytes(5_000) + SOUNDS["mp3_bare"](clip),
    "mp2": lambda clip: muxed(clip, "mp2", "mp2"),
    "m4a_index_last": lambda clip: muxed(clip, "ipod", "aac"),
    "m4a_index_first": lambda clip: muxed(clip, "ipod", "aac", options={"movflags": "faststart"}),
    "mp4_fragmented": lambda clip: muxed(clip, "mp4", "aac", options=_FRAGMENTED),
    "mp4_opus_fragmented": lambda clip: muxed(clip, "mp4", "libopus", options=_FRAGMENTED),
    "m4a_alac": lambda clip: muxed(clip, "ipod", "alac"),
    "mp4_3gp": lambda clip: muxed(clip, "3gp", "libopencore_amrnb", rate_hz=8_000),
    "mov_pcm": lambda clip: muxed(clip, "mov", "pcm_s16be"),
    "aac": lambda clip: muxed(clip, "adts", "aac"),
    "amr": lambda clip: muxed(clip, "amr", "libopencore_amrnb", rate_hz=8_000),
    "aiff": lambda clip: muxed(clip, "aiff", "pcm_s16be"),
    "aifc": lambda clip: muxed(clip, "aiff", "pcm_mulaw", rate_hz=8_000),
    "au": lambda clip: muxed(clip, "au", "pcm_mulaw", rate_hz=8_000),
    "au_pcm": lambda clip: muxed(clip, "au", "pcm_s16be"),
    "caf": lambda clip: muxed(clip, "caf", "pcm_s16le"),
    "caf_alac": lambda clip: muxed(clip, "caf", "alac"),
}
"""By name: what makes the file."""

ENCODINGS: dict[str, tuple[str, str]] = {
    "wav": ("WAV", "PCM, 16 bit"),
    "wav_8_bit": ("WAV", "PCM, 8 bit"),
    "wav_24_bit": ("WAV", "PCM, 24 bit"),
    "wav_32_bit": ("WAV", "PCM, 32 bit"),
    "wav_float": ("WAV", "floating point, 32 bit"),
    "wav_double": ("WAV", "floating point, 64 bit"),
    "wav_extensible": ("WAV", "`WAVE_FORMAT_EXTENSIBLE`, 24 valid bits of 32"),
    "wav_mulaw": ("WAV", "mu-law"),
    "wav_alaw": ("WAV", "A-law"),
    "wav_adpcm_ms": ("WAV", "ADPCM (Microsoft)"),
    "wav_adpcm_ima": ("WAV", "ADPCM (IMA)"),
    "rifx": ("RIFX", "PCM, 16 bit"),
    "rf64": ("RF64, BW64", "PCM, 16 bit"),
    "w64": ("W64", "PCM, 16 bit"),
    "flac": ("FLAC", "FLAC"),
    "ogg_opus": ("Ogg", "Opus"),
    "ogg_vorbis": ("Ogg", "Vorbis"),
    "ogg_flac": ("Ogg", "FLAC"),
    "webm_opus": ("WebM", "Opus"),
    "webm_vorbis": ("WebM", "Vorbis"),
    "webm_live": ("WebM without a stated length", "Opus"),
    "matroska_aac": ("Matroska", "AAC"),
    "matroska_flac": ("Matroska", "FLAC"),
    "matroska_pcm": ("Matroska", "PCM, 16 bit"),
    "mp3": ("MP3 behind an ID3 tag", "MP3"),
    "mp3_bare": ("MP3", "MP3"),
    "mp3_behind_zeros": ("MP3 behind zeros", "MP3"),
    "mp2": ("MPEG audio", "MP2"),
    "m4a_index_last": ("M4A, index last", "AAC"),
    "m4a_index_first": ("M4A, index first", "AAC"),
    "mp4_fragmented": ("MP4, fragmented", "AAC"),
    "mp4_opus_fragmented": ("MP4, fragmented", "Opus"),
    "m4a_alac": ("M4A, index last", "ALAC"),
    "mp4_3gp": ("3GP, index last", "AMR, narrowband"),
    "mov_pcm": ("MOV, index last", "PCM, 16 bit"),
    "aac": ("AAC (ADTS)", "AAC"),
    "amr": ("AMR", "AMR, narrowband"),
    "aiff": ("AIFF", "PCM, 16 bit"),
    "aifc": ("AIFC", "mu-law"),
    "au": ("AU", "mu-law"),
    "au_pcm": ("AU", "PCM, 16 bit"),
    "caf": ("CAF", "PCM, 16 bit"),
    "caf_alac": ("CAF", "ALAC"),
}
"""By name: the container and the encoding, in the words of docs/reference/containers.md."""


def decoded_both_ways(data: bytes) -> tuple[float, float]:
    """The seconds that are decoded, and those counted as lost; equal for the whole file and for pieces of it."""
    found = decoding.load(data, rate_hz=SPEECH_RATE_HZ)
    audio = IncomingAudio(longest_s=30.0)
    clips = [audio.feed(data[start : start + 700]) for start in range(0, len(data), 700)] + [audio.finish()]
    assert np.array_equal(Clip.join([clip for clip in clips if clip is not None]).samples, found.clip.samples)
    assert audio.undecoded_s == found.undecoded_s
    return found.clip.duration_s, found.undecoded_s
