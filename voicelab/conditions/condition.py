"""Condition: the parameters of a degradation, as stored in run.json."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from voicelab.conditions.loss import Channel
from voicelab.errors import InputError

Noise = Literal["white", "pink", "babble"]
MEAN_BURST = 2.0
"""Default mean burst length in packets: 40 ms of audio."""


class Condition(BaseModel):
    """Degradations of a recording, in this order: noise, gain, telephone band, Opus with packet loss.

    snr_db: ratio of the active speech level to the noise. gain_db: gain of the mixture. telephone: band-pass 300 to
    3400 Hz. bitrate_kbps: Opus bitrate in kbit/s. loss_percent: packet loss rate; mean_burst: mean number of
    consecutive losses. fec: Opus in-band FEC. seed: together with the sample's id, determines noise and losses, so that
    one sample gets the same noise at every SNR.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

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
        parts = []
        if self.noise is not None:
            parts.append(f"{self.noise} noise at {self.snr_db:g} dB SNR" if self.noise != "babble" else
                         f"babble at {self.snr_db:g} dB SNR")  # fmt: skip
        if self.gain_db is not None:
            parts.append(f"{self.gain_db:+g} dB")
        if self.telephone:
            parts.append("telephone band")
        if self.bitrate_kbps is not None:
            parts.append(f"Opus {self.bitrate_kbps:g} kbit/s")
        if self.loss_percent is not None:
            bursts = f", {self.channel.mean_burst:g} in a row" if self.loss_percent else ""
            parts.append(f"{self.loss_percent:g} % lost{bursts}{', FEC' if self.fec else ''}")
        return ", ".join(parts) or "as recorded"

    @property
    def name(self) -> str:
        """The name for folders: `babble-10dB_opus-16_loss-5`."""
        parts = []
        if self.noise is not None:
            parts.append(f"{self.noise}-{self.snr_db:g}dB")
        if self.gain_db is not None:
            parts.append(f"gain{self.gain_db:+g}dB")
        if self.telephone:
            parts.append("telephone")
        if self.bitrate_kbps is not None:
            parts.append(f"opus-{self.bitrate_kbps:g}")
        if self.loss_percent is not None:
            burst = f"x{self.mean_burst:g}" if self.mean_burst not in (None, MEAN_BURST) else ""
            parts.append(f"loss-{self.loss_percent:g}{burst}{'-fec' if self.fec else ''}")
        return "_".join(parts) or "as-recorded"
