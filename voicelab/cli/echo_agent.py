"""`voicelab echo-agent`: an agent with known behaviour, for trying out measurements."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from voicelab.cli import terminal


def echo_agent(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free port.")] = 8100,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    delay_s: Annotated[
        float, typer.Option(min=0.0, max=60.0, help="Seconds from the end of the caller's speech to the reply.")
    ] = 0.5,
    leading_silence_s: Annotated[
        float, typer.Option(min=0.0, max=60.0, help="Seconds of silence at the start of the reply's audio.")
    ] = 0.0,
) -> None:
    """Serve an agent that plays back the caller's audio, a fixed time after the caller stops speaking.

    It uses voicelab's protocol and sends no text.

    Example: voicelab echo-agent --port 8100 &
    voicelab evaluate --url http://127.0.0.1:8100 --mode realtime --limit 5
    """
    with terminal.errors():
        from voicelab.targets.echo_agent import EchoAgent, EchoSettings

        agent = EchoAgent(EchoSettings(delay_s=delay_s, leading_silence_s=leading_silence_s))

        async def serve() -> None:
            async with agent.serving(host, port) as chosen:
                typer.echo(f"echo agent at http://{host}:{chosen}; stop it with Ctrl+C")
                await asyncio.Event().wait()

        asyncio.run(serve())
