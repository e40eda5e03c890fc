"""A file's bytes that come piece by piece, decoded as they come: Ogg, WebM, WAV, FLAC, MP3, cut anywhere.

FFmpeg reads when it wants to, so it reads in a thread of its own from what has come, and waits there for more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from copy import copy

import av
import numpy as np

from voicelab import codecs
from voicelab.clip import Clip, Resampler
from voicelab.errors import InputError, TurnTooLongError, VoicelabError
from voicelab.opus import PacketDecoder

_READ_BYTES = 4096
_LEAST_RATE_HZ = 4_000
"""No speech has less. A header that says one sample a second makes gigabytes of a little, and a resampler hoards it."""
# Named, so that no bytes are waited for only to guess; WAV would otherwise wait for seconds of sound.
_OPTIONS = {"wav": {"probesize": "2048", "analyzeduration": "1"}}
_DEMUXERS = {"webm": "matroska"}


class ContainerStream:
    """Sound at rate_hz from a container whose first bytes `codecs.sniff` knows as `kind`.

    Opus packets of one or two channels are decoded one by one as they are when they come without a container: so a
    recording sounds the same to a recognizer however it is sent. All else is decoded by FFmpeg and resampled without a
    seam. longest_s: more sound is a TurnTooLongError; with endless, more that nobody has taken yet. `finish` or `close`
    must be called, or its thread would wait on.
    """

    def __init__(
        self,
        kind: str,
        rate_hz: int,
        *,
        longest_s: float,
        endless: bool = False,
        source: str = "the audio of this turn",
    ) -> None:
        self._kind = kind
        self._rate_hz = rate_hz
        self._longest_s = longest_s
        self._endless = endless
        self._counted_s = 0.0
        self._source = source
        self._pipe = _Pipe()
        self._lock = threading.Lock()
        self._ready: list[Clip] = []
        self._fault: VoicelabError | None = None
        self._thread = threading.Thread(target=self._run, name="container", daemon=True)
        self._thread.start()

    def feed(self, data: bytes) -> Clip | None:
        """Take bytes; the sound that is ready by now, if any. InputError when they cannot be decoded."""
        self._pipe.put(data)
        return self._take()

    def finish(self) -> Clip | None:
        """All that is left, once the last byte has come. It waits for the decoder."""
        self._pipe.end()
        self._thread.join()
        return self._take()

    def close(self) -> None:
        """Give up: the thread ends at its next read."""
        self._pipe.end(drop=True)

    def _take(self) -> Clip | None:
        with self._lock:
            ready, self._ready = self._ready, []
            if self._endless:
                self._counted_s = 0.0
            if self._fault is not None:
                # A copy: what is raised knows the frames it came through, and with them this stream.
                raise copy(self._fault)
        return Clip.join(ready) if ready else None

    def _run(self) -> None:
        holds_sound = False
        try:
            for clip in self._decoded():
                holds_sound = holds_sound or clip.duration_s > 0
                with self._lock:
                    self._counted_s += clip.duration_s
                    if self._counted_s > self._longest_s:
                        raise TurnTooLongError(f"one turn may hold {self._longest_s:g} s of sound; this one holds more")
                    self._ready.append(clip)
            if not holds_sound:
                raise InputError(f"{self._source}: holds no sound ({self._pipe.total} bytes)")
        except VoicelabError as fault:
            self._fail(fault)
        except Exception as error:  # noqa: BLE001 - whatever a broken file makes of the decoder, its turn must hear of it
            refusal = InputError(f"{self._source}: cannot be decoded ({self._pipe.total} bytes of {self._kind})")
            refusal.__cause__ = error
            self._fail(refusal)

    def _fail(self, fault: VoicelabError) -> None:
        # Kept without the frames that it came through either, which hold sound.
        error: BaseException | None = fault
        while error is not None:
            error.__traceback__ = None
            error = error.__cause__ or error.__context__
        with self._lock:
            self._fault = fault
        self._pipe.end(drop=True)

    def _decoded(self) -> Iterator[Clip]:
        form, options = _DEMUXERS.get(self._kind, self._kind), _OPTIONS.get(self._kind, {})
        with av.open(self._pipe, "r", format=form, options=options, buffer_size=_READ_BYTES) as container:
            if not container.streams.audio:
                raise InputError(f"{self._source}: no audio stream in it")
            codec = container.streams.audio[0].codec_context
            if codec is None:
                raise InputError(f"{self._source}: its codec is not known")
            if codec.name in ("opus", "libopus") and codec.layout.nb_channels <= 2:
                decoder = PacketDecoder(self._rate_hz)
                for packet in container.demux(audio=0):
                    if packet.size:
                        yield decoder.feed(bytes(packet))
            else:
                yield from self._resampled(container)

    def _resampled(self, container: av.container.InputContainer) -> Iterator[Clip]:
        resampler: Resampler | None = None
        rate_hz = 0
        for frame in container.decode(audio=0):
            if frame.sample_rate != rate_hz:
                if resampler is not None:
                    yield resampler.feed(_nothing(rate_hz), last=True)
                rate_hz = frame.sample_rate
                if rate_hz < _LEAST_RATE_HZ:
                    raise InputError(f"{self._source}: {rate_hz} Hz; at least {_LEAST_RATE_HZ} Hz are taken")
                resampler = Resampler(rate_hz, self._rate_hz)
            assert resampler is not None
            yield resampler.feed(Clip(codecs.mono(frame), rate_hz))
        if resampler is not None:
            yield resampler.feed(_nothing(rate_hz), last=True)


class _Pipe:
    """What FFmpeg reads from: a read waits until there is something, and is short when there is little."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._changed = threading.Condition()
        self._ended = False
        self.total = 0

    def put(self, data: bytes) -> None:
        with self._changed:
            if not self._ended:
                self._data += data
                self.total += len(data)
                self._changed.notify()

    def end(self, *, drop: bool = False) -> None:
        with self._changed:
            self._ended = True
            if drop:
                self._data.clear()
            self._changed.notify()

    def read(self, size: int) -> bytes:
        with self._changed:
            while not self._data and not self._ended:
                self._changed.wait()
            piece = bytes(memoryview(self._data)[:size])
            del self._data[: len(piece)]
            return piece


def _nothing(rate_hz: int) -> Clip:
    return Clip(np.zeros(0, dtype=np.float32), rate_hz)
