"""Sound in container files."""

import io

import av
import numpy as np

from tests.support.tones import tone


def container(form: str, codec: str, rate_hz: int = 48_000, layout: str = "mono") -> bytes:
    sink = io.BytesIO()
    clip = tone(0.5, rate_hz)
    with av.open(sink, "w", format=form) as out:
        stream = out.add_stream(codec, rate=rate_hz, layout=layout)
        channels = len(av.AudioLayout(layout).channels)
        pcm = np.repeat(np.frombuffer(clip.to_pcm16(), "<i2").reshape(1, -1), channels, axis=0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.T).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(stream.format, stream.layout, rate_hz, stream.frame_size or None)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return sink.getvalue()
