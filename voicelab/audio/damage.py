"""Measures how much of a recording could not be decoded, in seconds."""

from dataclasses import dataclass

from voicelab.audio.containers import is_text

_TOLERANCE_S = 0.05
"""Differences below this come from encoder padding, not from damage."""
_LONGEST_S = 86_400.0
"""A header that states more, a day, is damaged itself."""
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")
_INFO_FRAMES = (b"Xing", b"Info", b"VBRI")


@dataclass(slots=True)
class Damage:
    """Counts decoded and failed packets, and compares them with the length that each file states.

    reached_s: time in the current file at which its last packet ends, in seconds.
    """

    decoded_s: float = 0.0
    reached_s: float = 0.0
    _lost_s: float = 0.0
    _failed_s: float = 0.0
    _text_s: float = 0.0
    _good_bytes: int = 0
    _before_s: float = 0.0

    def good(self, size: int, decoded_s: float) -> None:
        """Record a decoded packet of `size` bytes."""
        self.decoded_s += decoded_s
        self._good_bytes += size
        if size:
            self._failed_s, self._text_s = self._failed_s + self._text_s, 0.0

    def garbled(self, duration_s: float) -> None:
        """Record that decoded audio turned out to be none."""
        self.decoded_s -= duration_s
        self._failed_s += duration_s

    def reach(self, end_s: float) -> None:
        """Record where a packet ends, in seconds from the start of its file."""
        self.reached_s = max(self.reached_s, end_s)

    def failed(self, data: bytes, duration_s: float) -> None:
        """Record a packet that failed to decode. duration_s: its duration according to the container."""
        if is_no_sound(data):
            return
        failed_s = max(duration_s, self.estimate_s(len(data)))
        if is_text(data):
            # Counts if audio follows; at the end of a file it is an error page or a comment.
            self._text_s += failed_s
        else:
            self._failed_s += failed_s

    def estimate_s(self, size: int) -> float:
        """Return the duration of this many bytes of decoded packets, in seconds."""
        return size * self.decoded_s / self._good_bytes if self._good_bytes else 0.0

    def end_file(self, promised_s: float | None, missing_s: float = 0.0, *, is_damaged: bool = False) -> None:
        """Record the end of a file.

        promised_s: its duration according to the container in seconds, or None. If the file is that long, bytes that
        failed to decode were no audio. missing_s: seconds that are known to be missing at its end. is_damaged: some are
        missing in its middle, so that also a small difference is none of padding.
        """
        if promised_s is None or promised_s > _LONGEST_S:
            self._lost_s += self._failed_s + (missing_s if missing_s <= _LONGEST_S else 0.0)
        else:
            missing_s = promised_s - (self.decoded_s - self._before_s)
            tolerance_s = 0.0 if is_damaged else _TOLERANCE_S
            self._lost_s += max(self._failed_s, missing_s) if abs(missing_s) > tolerance_s else 0.0
        self._before_s, self._failed_s, self._text_s, self.reached_s = self.decoded_s, 0.0, 0.0, 0.0

    def lose(self, duration_s: float) -> None:
        """Record audio of which nothing was decoded."""
        self._lost_s += duration_s

    @property
    def so_far_s(self) -> float:
        """Seconds of audio missing before the last packet, according to its time, in the middle of a file."""
        gap_s = self.reached_s - (self.decoded_s - self._before_s)
        is_gap = _TOLERANCE_S < gap_s < _LONGEST_S
        return self._lost_s + (max(self._failed_s, gap_s) if is_gap else self._failed_s)

    @property
    def undecoded_s(self) -> float:
        """Seconds of audio missing from the decoded result; complete after the last file's end."""
        return self._lost_s + self._failed_s


def is_no_sound(data: bytes) -> bool:
    """Whether a demuxed packet is padding, a tag, or an encoder's info frame."""
    return not data.strip(b"\0") or data.startswith(_TAGS) or any(name in data[:64] for name in _INFO_FRAMES)
