"""`voicelab echo-agent`: an agent with known behaviour, for trying out measurements."""

import asyncio
from typing import Annotated, Literal

import typer

from voicelab.cli import terminal

EchoProtocol = Literal["voicelab", "twilio", "plivo", "telnyx", "vonage", "exotel", "wyoming"]
_SCHEMES = {"voicelab": "http", "wyoming": "tcp"}


def echo_agent(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free port.")] = 8100,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    protocol: Annotated[EchoProtocol, typer.Option(help="What it speaks.")] = "voicelab",
    delay_s: Annotated[
        float, typer.Option(min=0.0, max=60.0, help="Seconds from the end of the caller's speech to the reply.")
    ] = 0.5,
    leading_silence_s: Annotated[
        float, typer.Option(min=0.0, max=60.0, help="Seconds of silence at the start of the reply's audio.")
    ] = 0.0,
) -> None:
    """Serve an agent that plays back the caller's audio, a fixed time after the caller stops speaking.

    It sends no text.

    Example: voicelab echo-agent --port 8100 &
    voicelab evaluate --url http://127.0.0.1:8100 --mode realtime --limit 5
    voicelab echo-agent --protocol plivo --port 8101 &
    voicelab evaluate --target twilio:url=ws://127.0.0.1:8101,dialect=plivo --mode realtime --limit 5
    """
    from voicelab.targets.echo_agent import EchoAgent, EchoServer, EchoSettings
    from voicelab.targets.echo_phone import EchoPhone
    from voicelab.targets.echo_wyoming import EchoWyoming

    settings = EchoSettings(delay_s=delay_s, leading_silence_s=leading_silence_s)
    agent: EchoServer
    if protocol == "voicelab":
        agent = EchoAgent(settings)
    elif protocol == "wyoming":
        agent = EchoWyoming(settings)
    else:
        agent = EchoPhone(protocol, settings)

    async def serve() -> None:
        async with agent.serving(host, port) as chosen:
            address = f"{_SCHEMES.get(protocol, 'ws')}://{host}:{chosen}"
            terminal.echo(f"echo agent at {address}; stop it with Ctrl+C")
            await asyncio.Event().wait()

    asyncio.run(serve())
