"""Decodes a container while its bytes arrive, in pieces of any size.

FFmpeg pulls its input, so it runs in a separate thread and blocks there until more bytes arrive.
"""

import threading
from copy import copy

from voicelab.audio import demuxing
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.containers import Container
from voicelab.audio.decoding import pipe_for
from voicelab.audio.limits import DecodeJob, DecodingStopped
from voicelab.errors import InputError, TurnTooLongError, VoicelabError


class StreamDecoder:
    """Decodes a container to audio at SPEECH_RATE_HZ while its bytes arrive.

    source: its name in error messages. longest_s: maximum duration; with endless, maximum duration of decoded audio not
    yet taken. Beyond it raises TurnTooLongError. Call `finish` or `close` to end its thread.
    """

    def __init__(self, container: Container, source: str, *, longest_s: float, endless: bool = False) -> None:
        self._container = container
        self._longest_s = longest_s
        self._endless = endless
        self._counted_s = 0.0
        # The length is checked here, where the amount taken is known.
        self._job = DecodeJob(source, rate_hz=SPEECH_RATE_HZ)
        self._pipe = pipe_for(container, self._job)
        self._lock = threading.Lock()
        self._ready: list[Clip] = []
        self._fault: VoicelabError | None = None
        self._thread = threading.Thread(target=self._run, name="container", daemon=True)
        self._thread.start()

    @property
    def undecoded_s(self) -> float:
        """Seconds of audio that could not be decoded so far; complete after `finish`."""
        return self._job.damage.undecoded_s

    def feed(self, data: bytes) -> Clip | None:
        """Add bytes and return the audio that is ready, if any. Raises InputError for undecodable bytes."""
        self._pipe.put(data)
        return self._take()

    def finish(self) -> Clip | None:
        """Return the remaining audio after the last byte. Waits for the decoder."""
        self._pipe.end()
        self._thread.join()
        return self._take()

    def close(self) -> None:
        """Cancel: the thread ends at its next read or packet."""
        self._job.cancel()
        self._pipe.end(drop=True)

    def _take(self) -> Clip | None:
        with self._lock:
            ready, self._ready = self._ready, []
            if self._endless:
                self._counted_s = 0.0
            if self._fault is not None:
                # Raise a copy, because the traceback of a raised exception would keep this stream alive.
                raise copy(self._fault)
        return Clip.join(ready) if ready else None

    def _run(self) -> None:
        try:
            for clip in demuxing.sound(self._pipe, self._container, self._job):
                with self._lock:
                    self._counted_s += clip.duration_s
                    if self._counted_s > self._longest_s:
                        raise TurnTooLongError(f"this turn exceeds the maximum of {self._longest_s:g} s of audio")
                    self._ready.append(clip)
        except DecodingStopped:
            self._fail(InputError(f"{self._job.source}: decoding was stopped"))
        except VoicelabError as fault:
            self._fail(fault)

    def _fail(self, fault: VoicelabError) -> None:
        # Stored without its traceback, whose frames hold audio.
        error: BaseException | None = fault
        while error is not None:
            error.__traceback__ = None
            error = error.__cause__ or error.__context__
        with self._lock:
            self._fault = fault
        self._pipe.end(drop=True)
