"""Demuxes and decodes containers. Only this module opens FFmpeg inputs.

The demuxer is chosen explicitly, its bytes come from memory, and every other file or address that it tries to open (a
playlist's entries, a data reference of an MP4) is refused. Only audio is decoded, by the decoders in
`containers.DECODERS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from voicelab.audio.amr import AmrDecoder, is_amr
from voicelab.audio.byte_filter import ByteReader
from voicelab.audio.channels import Mixer
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip, Resampler
from voicelab.audio.containers import DECODERS, Container
from voicelab.audio.limits import DecodeJob, DecodingStopped
from voicelab.audio.ogg_pages import OggPages
from voicelab.audio.opus import PacketDecoder
from voicelab.audio.pcm_packets import realigned, swapped
from voicelab.audio.pipes import Pipe, SeekablePipe
from voicelab.audio.pyav_libraries import limit_allocations
from voicelab.audio.rows import FileReader, reader_for
from voicelab.audio.tags import WithoutTags
from voicelab.audio.wav import WavReader
from voicelab.audio.webm_elements import WebmElements
from voicelab.errors import InputError, VoicelabError

_READ_BYTES = 4096
_SHORTEST_S = 0.5 / SPEECH_RATE_HZ
"""A shorter recording has no sample at the rate of the recognizers."""
_OPUS = ("opus", "libopus")
_TIMED = ("mp4", "webm")
"""Containers whose packets have times of their own, which also tell of lost ones."""
_INDEX = {
    "mp4": (re.compile(rb"mdat"), re.compile(rb"moov|moof")),
    # Packets whose size is not constant.
    "caf": (re.compile(rb"desc.{24}\0{4}", re.DOTALL), re.compile(rb"pakt")),
}
"""Patterns that show that a container's audio can only be located by an index, and patterns of that index."""
_SAFE_OPTIONS = {
    "protocol_whitelist": "none",
    "codec_whitelist": ",".join(sorted(DECODERS)),
    "max_streams": "16",
}


def sound(pipe: Pipe, container: Container, job: DecodeJob) -> Iterator[Clip]:
    """Yield the decoded audio of a container; `job.damage` counts undecodable packets.

    Opus packets of one or two channels are decoded by the same decoder as packets without a container, so that the
    recognizer gets identical audio either way.

    Raises InputError when nothing can be decoded, TurnTooLongError, and DecodingStopped after the job is cancelled.
    """
    count, duration_s = 0, 0.0
    try:
        for clip in _decoded(pipe, container, job):
            count += len(clip.samples)
            duration_s += clip.duration_s
            job.check_length(job.damage.decoded_s)
            yield clip
    except (VoicelabError, DecodingStopped):
        raise
    except Exception as error:
        # FFmpeg's errors, and Python errors of PyAV on broken files.
        job.check()
        if not count:
            raise _refusal(pipe, container, job) from error
    job.check()
    if duration_s < _SHORTEST_S:
        raise InputError(f"{job.source}: contains no audio ({pipe.total} bytes)")


def opus_packets(pipe: Pipe, container: Container, job: DecodeJob) -> list[bytes] | None:
    """Return the Opus packets of all files in the pipe, or None if one has other audio, or more than two channels."""
    found: list[bytes] = []
    reader = reader_for(pipe, container.name, job.source)
    try:
        while True:
            with open_container(_cleaned(reader or pipe, container), container) as demuxed:
                codec = first_audio(demuxed, job.source).codec_context
                if codec.name not in _OPUS or codec.layout.nb_channels > 2:
                    return None
                for packet in demuxed.demux(audio=0):
                    job.check()
                    found += [bytes(packet)] if packet.size else []
            reader = reader.following() if reader is not None else None
            if reader is None:
                return found
    except (av.error.FFmpegError, ValueError) as error:
        raise _refusal(pipe, container, job) from error


def stereo(pipe: Pipe, container: Container, job: DecodeJob) -> tuple[NDArray[np.float32], int]:
    """Return the two channels of a recording, shape (samples, 2), float32, and their rate in Hz."""
    parts: list[NDArray[np.float32]] = []
    try:
        with open_container(pipe, container) as demuxed:
            stream = first_audio(demuxed, job.source)
            rate_hz = int(stream.rate)
            to_float = av.AudioResampler(format="flt", layout="stereo", rate=rate_hz)
            for frame in (*demuxed.decode(stream), None):
                job.check()
                parts += [one.to_ndarray().astype(np.float32).reshape(-1, 2) for one in to_float.resample(frame)]
                job.check_length(sum(map(len, parts)) / rate_hz)
    except (av.error.FFmpegError, ValueError) as error:
        raise _refusal(pipe, container, job) from error
    if not parts:
        raise InputError(f"{job.source}: contains no audio ({pipe.total} bytes)")
    return np.concatenate(parts).astype(np.float32, copy=False), rate_hz


def _refusal(pipe: Pipe, container: Container, job: DecodeJob) -> InputError:
    needs, index = _INDEX.get(container.name, (None, None))
    if needs and index and isinstance(pipe, SeekablePipe) and pipe.holds(needs) and not pipe.holds(index):
        return InputError(
            f"{job.source}: cannot be decoded: the file is cut off before its index, which locates its audio "
            f"({pipe.total} bytes of {container.name}); send it again, or record with the index first or in fragments"
        )
    return InputError(f"{job.source}: cannot be decoded ({pipe.total} bytes of {container.name})")


def open_container(source: ByteReader, container: Container) -> av.container.InputContainer:
    limit_allocations()
    return av.open(
        source,
        "r",
        format=container.demuxer,
        options={**_SAFE_OPTIONS, **container.options},
        buffer_size=_READ_BYTES,
        io_open=_open_nothing,
    )


def _open_nothing(url: str, flags: int, options: object) -> Any:
    raise av.error.PermissionError(1, "a recording may not open other resources")


def first_audio(demuxed: av.container.InputContainer, source: str) -> av.AudioStream:
    """Return the first audio stream, validated."""
    if not demuxed.streams.audio:
        raise InputError(f"{source}: contains no audio stream")
    stream = demuxed.streams.audio[0]
    if stream.codec_context is None or stream.codec_context.name not in DECODERS:
        raise InputError(f"{source}: its codec is unknown")
    return stream


def _decoded(pipe: Pipe, container: Container, job: DecodeJob) -> Iterator[Clip]:
    """Yield the audio of all files in the pipe."""
    reader: FileReader | None = reader_for(pipe, container.name, job.source)
    if reader is None:
        yield from _file(pipe, container, job)
    while reader is not None:
        before_s = job.damage.decoded_s
        try:
            yield from _file(reader, container, job)
        except av.error.FFmpegError:
            if not job.damage.decoded_s:
                raise
        except InputError:
            # A file without audio costs itself, unless it is the only one.
            if not before_s or job.damage.decoded_s > before_s:
                raise
        job.check()
        following = reader.following()
        if job.damage.decoded_s == before_s:
            job.damage.lose(job.damage.estimate_s(reader.total))
        reader = following


def _file(source: ByteReader, container: Container, job: DecodeJob) -> Iterator[Clip]:
    wav = source if isinstance(source, WavReader) else None
    cleaned = _cleaned(source, container)
    with open_container(cleaned, container) as demuxed:
        stream = first_audio(demuxed, job.source)
        codec = stream.codec_context
        codec.thread_count = 1
        job.check_shape(codec.sample_rate, codec.layout.nb_channels)
        try:
            if codec.name in _OPUS and codec.layout.nb_channels <= 2 and job.rate_hz is not None:
                yield from _packets(demuxed, job.rate_hz, job)
            else:
                packets, is_swapped = demuxed.demux(stream), wav is not None and wav.is_big_endian
                if wav is None or not wav.is_complete:
                    packets = realigned(packets, demuxed, codec, job.damage, is_swapped=is_swapped)
                if is_swapped:
                    packets = swapped(packets, codec)
                yield from _resampled(_frames(packets, stream, job), stream, job)
        finally:
            # Also after a demuxer error in the middle of the file.
            if wav is not None:
                job.damage.end_file(None, wav.missing_s)
            elif isinstance(cleaned, OggPages):
                length = cleaned.length(stream.start_time or 0)
                length_s = float(length * stream.time_base) if length and stream.time_base else None
                job.damage.end_file(length_s, is_damaged=cleaned.is_damaged)
            else:
                timed_s = job.damage.reached_s if container.name in _TIMED else None
                is_damaged = isinstance(cleaned, WebmElements) and cleaned.is_damaged
                job.damage.end_file(_length_s(demuxed, stream) or timed_s, is_damaged=is_damaged)


def _cleaned(source: ByteReader, container: Container) -> ByteReader:
    """Return a file without the bytes that FFmpeg's demuxer cannot handle."""
    if container.name == "ogg":
        return OggPages(source)
    if container.name == "webm":
        return WebmElements(source)
    return WithoutTags(source) if container.name in ("mp3", "aac") else source


def _packets(demuxed: av.container.InputContainer, rate_hz: int, job: DecodeJob) -> Iterator[Clip]:
    decoder = PacketDecoder(rate_hz)
    for packet in demuxed.demux(audio=0):
        job.check()
        if not packet.size:
            continue
        job.damage.reach(_end_s(packet))
        try:
            clip = decoder.feed(bytes(packet))
        except InputError:
            job.damage.failed(bytes(packet), _duration_s(packet))
        else:
            job.damage.good(packet.size, clip.duration_s)
            yield clip


def _frames(
    packets: Iterator[av.Packet[av.AudioStream]], stream: av.AudioStream, job: DecodeJob
) -> Iterator[av.AudioFrame]:
    decoder = AmrDecoder(stream.codec_context) if is_amr(stream.codec_context) else stream.codec_context
    for packet in packets:
        job.check()
        job.damage.reach(_end_s(packet))
        if isinstance(decoder, AmrDecoder) and packet.size and not any(bytes(packet)):
            # Padding, which the decoder takes for comfort noise.
            continue
        try:
            frames = decoder.decode(packet)
        except av.error.FFmpegError:
            job.damage.failed(bytes(packet), _duration_s(packet))
        else:
            decoded_s = sum(frame.samples / frame.sample_rate for frame in frames if frame.sample_rate)
            job.damage.good(packet.size, decoded_s)
            yield from frames


def _resampled(frames: Iterator[av.AudioFrame], stream: av.AudioStream, job: DecodeJob) -> Iterator[Clip]:
    mixer = Mixer(job.source, floats=stream.codec_context.name.startswith("pcm_f"))
    resampler: Resampler | None = None
    rate_hz = 0
    for frame in frames:
        job.check_shape(frame.sample_rate, frame.layout.nb_channels)
        job.check_length(job.damage.decoded_s)
        if frame.sample_rate != rate_hz:
            if resampler is not None:
                yield resampler.feed(Clip.silence(0, rate_hz), last=True)
            rate_hz, to_hz = frame.sample_rate, job.rate_hz or (rate_hz or frame.sample_rate)
            resampler = Resampler(rate_hz, to_hz)
        assert resampler is not None
        garbled_s = mixer.garbled_s
        mixed = mixer.mix(frame)
        job.damage.garbled(mixer.garbled_s - garbled_s)
        yield resampler.feed(Clip(mixed, rate_hz))
    if resampler is not None:
        yield resampler.feed(Clip(mixer.rest(), rate_hz), last=True)


def _duration_s(packet: av.Packet[Any]) -> float:
    return float(packet.duration * packet.time_base) if packet.duration and packet.time_base else 0.0


def _end_s(packet: av.Packet[Any]) -> float:
    """Return the time at which a packet ends, from the start of its stream."""
    start = packet.stream.start_time or 0
    return float((packet.pts - start) * packet.time_base) + _duration_s(packet) if packet.pts is not None else 0.0


def _length_s(demuxed: av.container.InputContainer, stream: av.AudioStream) -> float | None:
    """Return the duration that a file states, in seconds."""
    if stream.duration is not None and stream.time_base:
        return float(stream.duration * stream.time_base)
    if demuxed.format.name == "caf" and stream.frames:
        # Samples; in other containers, packets.
        return stream.frames / stream.rate
    return demuxed.duration / av.time_base if demuxed.duration is not None else None
