"""Condition: the parameters of a degradation, as stored in run.json."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voicelab.conditions import outside
from voicelab.conditions.loss import Channel
from voicelab.errors import InputError

NOISES = ("white", "pink", "babble")
"""The kinds of noise that need no recording."""


def _path_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _noise(value: str) -> str:
    """Return a kind of noise or a path. A plain word must be a kind, or exist."""
    if value in NOISES or any(sign in value for sign in "/."):
        return value
    if value and Path(value).exists():
        return f"./{value}"
    raise ValueError("noise must be 'white', 'pink' or 'babble', or the path of a sound file or a folder of them")


Noise = Annotated[str, BeforeValidator(_path_as_text), AfterValidator(_noise)]
_SoundPath = Annotated[str, BeforeValidator(_path_as_text), Field(min_length=1)]
MEAN_BURST = 2.0
"""Default mean burst length in packets: 40 ms of audio."""


class Condition(BaseModel):
    """Degradations of a recording, in this order: transform, impulse response, noise, gain, telephone band, Opus with
    packet loss.

    transform: your own condition (conditions.outside). impulse_response, noise: a sound file, or a folder of which
    each sample gets one file; noise is also white, pink or babble. snr_db: ratio of the active speech level to the
    noise. gain_db: gain of the mixture. telephone: band-pass 300 to 3400 Hz. bitrate_kbps: Opus bitrate in kbit/s.
    loss_percent: packet loss rate; mean_burst: mean number of consecutive losses. fec: Opus in-band FEC. seed: together
    with the sample's id, determines noise, losses and the choice of files, so that one sample gets the same noise at
    every SNR.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    transform: Annotated[str, Field(min_length=1)] | None = None
    impulse_response: _SoundPath | None = None
    noise: Noise | None = None
    snr_db: Annotated[float, Field(ge=-50, le=100)] | None = None
    gain_db: Annotated[float, Field(ge=-100, le=100)] | None = None
    telephone: bool = False
    bitrate_kbps: Annotated[float, Field(ge=6, le=510)] | None = None
    loss_percent: Annotated[float, Field(ge=0, lt=100)] | None = None
    mean_burst: Annotated[float, Field(ge=1)] | None = None
    fec: bool = False
    seed: int = 0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.noise is None) != (self.snr_db is None):
            raise ValueError("noise needs snr_db, and snr_db needs noise")
        if self.loss_percent is not None and self.bitrate_kbps is None:
            raise ValueError("loss_percent needs bitrate_kbps, because Opus packets are lost")
        if self.loss_percent is None and (self.mean_burst is not None or self.fec):
            raise ValueError("mean_burst and fec need loss_percent")
        try:
            _ = self.channel
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    def __repr__(self) -> str:
        return f"Condition: {self.label} (seed {self.seed})"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>"

    @property
    def channel(self) -> Channel:
        """The network channel; without loss_percent, a lossless one."""
        burst = MEAN_BURST if self.mean_burst is None else self.mean_burst
        return Channel((self.loss_percent or 0.0) / 100, burst)

    @property
    def label(self) -> str:
        """The display name: `babble at 10 dB SNR, Opus 16 kbit/s, 5 % lost`."""
        return ", ".join(label for label, _ in self._parts()) or "as recorded"

    @property
    def name(self) -> str:
        """The name for folders: `babble-10dB_opus-16_loss-5`."""
        return "_".join(name for _, name in self._parts()) or "as-recorded"

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Yield the display name and the folder's name of each degradation."""
        if self.transform is not None:
            transform = outside.short_name(self.transform)
            yield transform, _file_name(transform)
        if self.impulse_response is not None:
            room = Path(self.impulse_response)
            yield f"room {room.name}", f"room-{_file_name(room.stem)}"
        if self.noise is not None:
            kind = f"{self.noise} noise" if self.noise in ("white", "pink") else Path(self.noise).name
            yield f"{kind} at {self.snr_db:g} dB SNR", f"{_file_name(Path(self.noise).stem)}-{self.snr_db:g}dB"
        if self.gain_db is not None:
            yield f"{self.gain_db:+g} dB", f"gain{self.gain_db:+g}dB"
        if self.telephone:
            yield "telephone band", "telephone"
        if self.bitrate_kbps is not None:
            yield f"Opus {self.bitrate_kbps:g} kbit/s", f"opus-{self.bitrate_kbps:g}"
        if self.loss_percent is not None:
            bursts = f", {self.channel.mean_burst:g} in a row" if self.loss_percent else ""
            burst = f"x{self.mean_burst:g}" if self.mean_burst not in (None, MEAN_BURST) else ""
            label = f"{self.loss_percent:g} % lost{bursts}{', FEC' if self.fec else ''}"
            yield label, f"loss-{self.loss_percent:g}{burst}{'-fec' if self.fec else ''}"


def _file_name(text: str) -> str:
    """Return the text with other characters than letters, digits, dots and hyphens replaced."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-")
