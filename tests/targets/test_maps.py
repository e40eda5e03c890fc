"""Maps: the contents of a target's YAML file, and its errors."""

from __future__ import annotations

import base64
import json
import ssl
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.caller_sound import sound_s, utterance
from tests.support.raw_agent import RawAgent
from tests.support.tones import tone
from voicelab.audio import g711
from voicelab.audio.clip import Clip
from voicelab.audio.codecs import encode_wav
from voicelab.audio.opus import encode_packets
from voicelab.errors import ConnectionLostError, InputError
from voicelab.targets import mapped
from voicelab.targets.base import TargetSettings
from voicelab.targets.catalog import target_config
from voicelab.targets.mapped import Mapped
from voicelab.targets.mapping.loading import load_map, parse_map, shipped_maps
from voicelab.targets.mapping.model import SetupRequest, TargetMap
from voicelab.targets.mapping.paths import holds, values_at
from voicelab.targets.mapping.templates import fill
from voicelab.targets.mapping.wire import MapWire
from voicelab.targets.streaming import events
from voicelab.targets.streaming.sound import SoundDecoder, SoundEncoder, SoundFormat

REPLY = tone(0.4, 16_000)
GEMINI = load_map("gemini-live")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@asynccontextmanager
async def talking(map_text, agent, tmp_path, **options):
    file = tmp_path / "agent.yaml"
    file.write_text(map_text)
    async with agent.running():
        target = Mapped(file=str(file), url=options.pop("url", agent.url), quiet_s=0.3, ready_s=1.0, **options)
        await target.open(TargetSettings(folder=tmp_path, timeout_s=2.0))
        async with target.session("ada") as session:
            yield session


async def one_turn(map_text, agent, tmp_path, **options):
    async with talking(map_text, agent, tmp_path, **options) as session:
        return await session.speak(utterance(trailing_s=0.2), "realtime")


def read(map_text, message):
    """The events that a map gives for a message."""
    found = MapWire(parse_map(map_text, "a.yaml"), {"user_id": "ada"}).read(
        message if isinstance(message, bytes) else json.dumps(message)
    )
    return list(found.events)


def rules(text):
    return f"title: t\nreceive:\n  when:\n{text}"


async def test_binary_sound_both_ways(tmp_path):
    agent = RawAgent(reply=[REPLY.to_pcm16()])
    outcome = await one_turn("title: raw\n", agent, tmp_path)
    assert sound_s(outcome.received) == pytest.approx(0.4)
    assert outcome.error is None
    assert all(len(one) == 640 for one in agent.sounds)


@pytest.mark.parametrize("text", ["base64", "hex"])
async def test_sound_in_json_both_ways(tmp_path, text):
    data = REPLY.to_pcm16()
    written = data.hex() if text == "hex" else base64.b64encode(data).decode()
    described = f"""
title: sound in JSON
send:
  sound: {{message: {{type: in, data: "${{sound}}", number: "${{sequence}}"}}, text: {text}}}
receive:
  when:
    - match: {{type: out}}
      sound: {{field: body.data, text: {text}}}
"""
    agent = RawAgent(reply=[{"type": "out", "body": {"data": written}}], sound_key="data")
    outcome = await one_turn(described, agent, tmp_path)
    assert sound_s(outcome.received) == pytest.approx(0.4)
    first = json.loads(agent.sounds[0])
    assert first["number"] == 1
    assert len(bytes.fromhex(first["data"]) if text == "hex" else base64.b64decode(first["data"])) == 640


@pytest.mark.parametrize("encoding", ["pcm16", "mulaw", "alaw", "opus", "wav"])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 48_000])
def test_every_encoding_carries_sound_at_every_rate(encoding, rate_hz):
    clip = tone(0.2, rate_hz, hz=300.0)
    form = SoundFormat(encoding, rate_hz)
    encoder, decoder = SoundEncoder(form), SoundDecoder(form)
    size = rate_hz // 50
    pieces = [Clip(clip.samples[start : start + size], rate_hz) for start in range(0, len(clip.samples), size)]
    heard = Clip.join([decoder.decode(encoder.encode(piece)) for piece in pieces])
    assert heard.rate_hz == rate_hz
    assert heard.duration_s == pytest.approx(0.2)
    assert heard.level_dbfs == pytest.approx(clip.level_dbfs, abs=1.5)


def test_a_sample_may_be_split_between_two_messages():
    data, decoder = REPLY.to_pcm16(), SoundDecoder(SoundFormat("pcm16", 16_000))
    heard = Clip.join([decoder.decode(data[:101]), decoder.decode(data[101:1_000]), decoder.decode(data[1_000:])])
    assert heard.to_pcm16() == data


def test_a_wav_file_may_go_on_in_the_next_message():
    file, decoder = encode_wav(tone(0.2, 22_050)), SoundDecoder(SoundFormat("wav", 16_000))
    heard = [decoder.decode(file), decoder.decode(tone(0.1, 22_050).to_pcm16())]
    assert [clip.rate_hz for clip in heard] == [22_050, 22_050]
    assert sum(clip.duration_s for clip in heard) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ("user", True),
        ("agent", False),
        (["agent", "user"], True),
        ({"present": True}, True),
        ({"present": False}, False),
        ({"begins": "us"}, True),
        ({"not": "agent"}, True),
        ({"not": "user"}, False),
    ],
)
def test_a_guard_looks_at_a_field(condition, matches):
    assert holds({"who.role": condition}, {"who": {"role": "user"}}) is matches


def test_a_guard_tells_true_from_one_and_missing_from_null():
    assert not holds({"done": True}, {"done": 1})
    assert holds({"done": {"present": True}}, {"done": None})
    assert not holds({"done": {"not": 1}}, {})


def test_a_path_goes_into_lists():
    message = {"parts": [{"t": "a"}, {"t": "b"}, {"x": 1}]}
    assert values_at("parts.*.t", message) == ["a", "b"]
    assert values_at("parts.1.t", message) == ["b"]
    assert values_at("parts.9.t", message) == values_at("parts.t", message) == []
    assert holds({"parts.*.t": "b"}, message)


def test_one_message_can_mean_several_things():
    described = rules("""
    - match: {type: turn}
      caller_text: heard
      reply_text: answer
      reply_end: true
    - match: {$.type: turn}
      each: calls
      tool_call: {name: name, arguments: args, id: id}
""")
    message = {"type": "turn", "heard": "hi", "answer": "hello", "calls": [{"name": "f", "args": '{"a": 1}', "id": 7}]}
    assert read(described, message) == [
        events.CallerText("hi"),
        events.AgentText("hello"),
        events.ReplyEnd(),
        events.AgentToolCall("f", {"a": 1}, "7"),
    ]


def test_a_rule_applies_to_each_element_that_meets_its_conditions():
    described = rules("""
    - each: parts
      match: {role: agent, $.type: update}
      reply_text: {field: text, delta: true}
""")
    parts = [{"role": "agent", "text": "a"}, {"role": "user", "text": "b"}, {"role": "agent", "text": "c"}]
    assert read(described, {"type": "update", "parts": parts}) == [
        events.AgentText("a", delta=True),
        events.AgentText("c", delta=True),
    ]
    assert read(described, {"type": "other", "parts": parts}) == []


def test_an_answer_takes_the_same_id_and_keeps_its_type():
    described = rules("""
    - match: {type: ping}
      answer: [{type: pong, event_id: "${message.ping.id}", note: "for ${message.ping.id} of ${user_id}"}]
""")
    (answer,) = read(described, {"type": "ping", "ping": {"id": 12}})
    assert [json.loads(frame) for frame in answer.frames] == [{"type": "pong", "event_id": 12, "note": "for 12 of ada"}]


async def test_a_variable_of_the_handshake_is_used_later_and_the_end_is_announced(tmp_path):
    described = """
title: with a handshake
send:
  start: [{type: hello, user: "${user_id}"}]
  end: [{type: bye, session: "${session}"}, {$hex: 00ff}]
receive:
  when:
    - match: {type: welcome}
      ready: true
      set: {session: id}
"""
    agent = RawAgent(greeting=[{"type": "welcome", "id": "s-1"}], reply=[REPLY.to_pcm16()])
    outcome = await one_turn(described, agent, tmp_path)
    assert outcome.error is None
    assert agent.received[0] == {"type": "hello", "user": "ada"}
    assert {"type": "bye", "session": "s-1"} in agent.received
    assert agent.sounds[-1] == b"\x00\xff"


async def test_an_utterance_is_ended_by_a_message_and_may_then_come_at_once(tmp_path):
    described = """
title: push to talk
turns: message
send:
  sound: {between: nothing}
  start_of_utterance: [{type: begin}]
  end_of_utterance: [{type: end}]
receive:
  when:
    - match: {type: done}
      reply_end: true
"""
    agent = RawAgent(reply=[REPLY.to_pcm16(), {"type": "done"}], sound_messages=40)
    async with talking(described, agent, tmp_path) as session:
        outcome = await session.speak(utterance(0.6, 0.2), "burst")
    assert sound_s(outcome.received) == pytest.approx(0.4)
    assert [one["type"] for one in agent.received] == ["begin", "end"]


async def test_a_call_before_the_connection_yields_its_address(tmp_path, monkeypatch):
    from tests.support.http_agent import HTTPStub

    monkeypatch.setenv("AGENT_KEY", "k3y/with?signs")
    described = """
title: with a signed address
variables: {key: {environment: AGENT_KEY}, agent: {value: a b}}
request:
  url: %s/sign?agent=${agent}
  method: POST
  headers: {xi-api-key: "${key}"}
  body: {agent: "${agent}"}
  read: {address: data.url}
connect: {url: "${address}", headers: {X-Agent: "${agent}"}}
"""
    agent = RawAgent(reply=[REPLY.to_pcm16()])
    async with agent.running():
        with HTTPStub(lambda request: {"data": {"url": f"{agent.url}/talk?token=t"}}) as stub:
            file = tmp_path / "signed.yaml"
            file.write_text(described % stub.url)
            target = Mapped(file=str(file), quiet_s=0.3)
            await target.open(TargetSettings(folder=tmp_path, timeout_s=2.0))
            async with target.session("ada") as session:
                await session.speak(utterance(), "realtime")
    (request,) = stub.requests
    assert (request.path, json.loads(request.body)) == ("/sign?agent=a%20b", {"agent": "a b"})
    assert request.headers["xi-api-key"] == "k3y/with?signs"
    assert agent.path == "/talk?token=t"
    assert agent.headers["X-Agent"] == "a b"


async def test_a_call_before_the_connection_trusts_the_exported_certificates_only(monkeypatch):
    from tests.support.http_agent import HTTPStub

    made, create = [], ssl.create_default_context

    def noted(**options):
        made.append(options)
        return create(**options)

    monkeypatch.setenv("SSL_CERT_FILE", "own.pem")
    monkeypatch.setattr(ssl, "create_default_context", noted)
    with HTTPStub(lambda request: {"address": "ws://a"}) as stub:
        call = SetupRequest(url=stub.url, method="POST", read={"url": "address"})
        assert await mapped._request(call, {}, "a.yaml", timeout_s=2.0) == {"url": "ws://a"}
    assert made == [{}], "a list of httpx would be a cafile"


async def test_a_secret_stands_in_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("AGENT_KEY", "s3cr3t")
    file = tmp_path / "a.yaml"
    file.write_text(
        'title: t\nvariables: {key: {environment: AGENT_KEY}}\nconnect: {url: "ws://127.0.0.1:9/${key}/x?k=${key}"}\n'
    )
    target = Mapped(file=str(file))
    with pytest.raises(ConnectionLostError) as caught:
        async with target.session("ada"):
            pass
    assert "s3cr3t" not in str(caught.value)
    assert "***" in str(caught.value)
    monkeypatch.delenv("AGENT_KEY")
    with pytest.raises(InputError, match="set the environment variable AGENT_KEY"):
        async with target.session("ada"):
            pass


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a.yaml: is empty"),
        ("title: [", "a.yaml, line 1: not YAML"),
        ("title: " + "[" * 2000, "a.yaml: nested deeper than 40 levels"),
        ("title: t\ntitle: u\n", "a.yaml, line 2: title: occurs twice"),
        ("title: t\nsent: {}\n", "a.yaml, line 2: sent: is not a key of a map here"),
        ("send: {}\n", "a.yaml, line 1: title: is missing"),
        (
            "title: t\nsend:\n  sound:\n    rate_hz: 400\n",
            "line 4: send.sound.rate_hz: input should be greater",
        ),
        (
            "title: t\nsend:\n  sound: {encoding: mp3}\n",
            "line 3: send.sound.encoding: input should be 'pcm16'",
        ),
        ("title: t\nsend:\n  sound: {encoding: opus, rate_hz: 44100}\n", "line 3: send.sound: Opus supports"),
        ("title: t\nturns: message\n", "line 1: turns: message needs send.end_of_utterance"),
        (rules("    - match: {a: {above: 3}}\n"), "line 4: receive.when.0.: match.a takes a value"),
        (rules("    - {ready: yes}\n    - {redy: true}\n"), "line 5: receive.when.1..redy: is not a key of a map here"),
        (
            rules("    - answer: [{id: '${nobody}'}]\n"),
            "answer.0..id: .*nobody. is not defined",
        ),
        (
            "title: t\nsend:\n  sound:\n    message: {a: b}\n",
            r"line 4: send.sound.message: does not contain \$\{sound\}",
        ),
        ("title: t\nvariables:\n  a: {}\n", "line 3: variables.a: give `environment` or `value`"),
        ("title: t\nreceive: {binary: ignore}\n", "line 2: receive: no rule gives"),
        ("a: &x 1\nb: *x\n", "an alias"),
        ("- 1\n", "a.yaml, line 1: input should be an object"),
    ],
)
def test_an_error_names_file_line_and_key(text, says):
    with pytest.raises(InputError, match=says.replace("[", r"\[")):
        parse_map(text, "a.yaml")


def test_a_map_that_is_not_there_lists_the_shipped_ones():
    with pytest.raises(InputError, match="no such file; shipped maps: assemblyai, chirp, deepgram-agent"):
        load_map("nowhere.yaml")


@pytest.mark.parametrize("name", shipped_maps())
def test_every_shipped_map_can_be_used(name):
    target = target_config(f"map:{name},url=ws://127.0.0.1:9").build()
    assert target.capabilities.caller_transcript
    assert load_map(name).title


def test_the_shipped_schema_is_the_one_of_the_form():
    from importlib import resources

    shipped = (resources.files("voicelab.targets") / "maps" / "map.schema.json").read_text()
    assert json.loads(shipped) == TargetMap.model_json_schema()


@given(JSON)
def test_any_json_is_read_or_refused_and_nothing_else(value):
    wire = MapWire(GEMINI, {})
    with suppress(InputError):
        wire.read(json.dumps(value))


def test_a_template_is_filled_everywhere():
    values = {"a": 1, "b": "x"}
    assert fill({"k": ["${a}", "n ${a}${b}"]}, values.__getitem__) == {"k": [1, "n 1x"]}


def test_opus_and_g711_replies_are_decoded():
    packets = encode_packets(tone(0.2, 16_000))
    described = "title: t\nreceive: {sound: {encoding: %s, rate_hz: %d}}\n"
    wire = MapWire(parse_map(described % ("opus", 16_000), "a"), {})
    heard = [event.clip for packet in packets for event in wire.read(packet).events]
    assert Clip.join(heard).duration_s >= 0.2
    (law,) = read(described % ("alaw", 8_000), g711.encode(tone(0.1, 8_000), "alaw"))
    assert law.clip.duration_s == pytest.approx(0.1)
