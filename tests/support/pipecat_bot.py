"""pipecat bots without external services: each detects the end of speech and answers after a fixed delay.

Run as a program: `python pipecat_bot.py SERIALIZER=PORT...`. SERIALIZER: protobuf, twilio, plivo, telnyx, vonage or
exotel. It prints a line for each bot that listens.
"""

from __future__ import annotations

import asyncio
import sys

import numpy as np
from loguru import logger
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.exotel import ExotelFrameSerializer
from pipecat.serializers.plivo import PlivoFrameSerializer
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.serializers.telnyx import TelnyxFrameSerializer
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.serializers.vonage import VonageFrameSerializer
from pipecat.transports.websocket.server import SingleClientWebsocketServerParams, SingleClientWebsocketServerTransport
from pipecat.workers.runner import WorkerRunner

SILENCE_S = 0.3
DELAY_S = 0.2
REPLY_S = 0.8
HEARD, ANSWER = "what is up", "Stocks are up."
# The rate of each line: pipecat's resampler would add its own delay.
RATES_HZ = {"protobuf": 16_000, "vonage": 16_000}
PHONE_RATE_HZ = 8_000
_LOUD = 0.01


class Answerer(FrameProcessor):
    """Recognizer, agent and voice in one: an energy threshold, a fixed text, a tone."""

    def __init__(self, rate_hz: int) -> None:
        super().__init__()
        self._rate_hz = rate_hz
        self._speaking, self._silence_s = False, 0.0
        self._reply: asyncio.Task[None] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            await self._listen(frame)
        else:
            await self.push_frame(frame, direction)

    async def _listen(self, frame: InputAudioRawFrame) -> None:
        samples = np.frombuffer(frame.audio, dtype="<i2").astype(np.float64) / 32768
        if len(samples) and float(np.sqrt(np.mean(samples**2))) > _LOUD:
            self._silence_s = 0.0
            if not self._speaking:
                self._speaking = True
                if self._reply is not None and not self._reply.done():
                    self._reply.cancel()
                await self.broadcast_frame(UserStartedSpeakingFrame)
                await self.broadcast_frame(InterruptionFrame)
        elif self._speaking:
            self._silence_s += len(samples) / frame.sample_rate
            if self._silence_s >= SILENCE_S:
                self._speaking = False
                await self.broadcast_frame(UserStoppedSpeakingFrame)
                self._reply = asyncio.create_task(self._answer())

    async def _answer(self) -> None:
        await self.push_frame(TranscriptionFrame(text=HEARD, user_id="caller", timestamp="2026-01-01T00:00:00Z"))
        await asyncio.sleep(DELAY_S)
        await self.push_frame(LLMFullResponseStartFrame())
        for word in ANSWER.split(" "):
            await self.push_frame(LLMTextFrame(text=f"{word} "))
        await self.push_frame(LLMFullResponseEndFrame())
        await self.push_frame(TTSStartedFrame())
        instants = np.arange(round(REPLY_S * self._rate_hz)) / self._rate_hz
        pcm = (9_000 * np.sin(2 * np.pi * 440 * instants)).astype("<i2").tobytes()
        await self.push_frame(TTSAudioRawFrame(audio=pcm, sample_rate=self._rate_hz, num_channels=1))
        await self.push_frame(TTSStoppedFrame())


SERIALIZERS = {
    "protobuf": lambda: ProtobufFrameSerializer(),
    "twilio": lambda: TwilioFrameSerializer("MZ1", params=TwilioFrameSerializer.InputParams(auto_hang_up=False)),
    "plivo": lambda: PlivoFrameSerializer("1", params=PlivoFrameSerializer.InputParams(auto_hang_up=False)),
    "telnyx": lambda: TelnyxFrameSerializer(
        "1", "PCMU", "PCMU", params=TelnyxFrameSerializer.InputParams(auto_hang_up=False)
    ),
    "vonage": lambda: VonageFrameSerializer(),
    "exotel": lambda: ExotelFrameSerializer("1"),
}


def bot(name: str, port: int) -> PipelineWorker:
    rate_hz = RATES_HZ.get(name, PHONE_RATE_HZ)
    params = SingleClientWebsocketServerParams(
        serializer=SERIALIZERS[name](), audio_in_enabled=True, audio_out_enabled=True
    )
    transport = SingleClientWebsocketServerTransport(params=params, host="127.0.0.1", port=port)

    @transport.event_handler("on_websocket_ready")
    async def ready(_transport: object) -> None:
        print(f"{name} listening", flush=True)

    return PipelineWorker(
        Pipeline([transport.input(), Answerer(rate_hz), transport.output()]),
        params=PipelineParams(audio_in_sample_rate=rate_hz, audio_out_sample_rate=rate_hz),
        idle_timeout_secs=None,
        enable_rtvi=name == "protobuf",
        name=name,
    )


async def main(bots: list[str]) -> None:
    logger.remove()
    runner = WorkerRunner(handle_sigint=False)
    for one in bots:
        name, _, port = one.partition("=")
        await runner.add_workers(bot(name, int(port)))
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
