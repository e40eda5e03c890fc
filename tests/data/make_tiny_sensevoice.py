"""Create tiny_sensevoice/: a SenseVoice of two blocks that knows four utterances, for tests of the real loading code.

    python -m tests.data.make_tiny_sensevoice

It takes a few minutes on a CPU and needs the extra `sensevoice`. Everything is made here: the utterances are spoken by
eSpeak NG, the pieces are chosen by sentencepiece from their texts, the weights start from random numbers.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from pathlib import Path

import av
import numpy as np
import sentencepiece
import torch
import yaml

from tests.data.cmvn import write_cmvn
from voicelab.asr.sensevoice.random_weights import sensevoice_config
from voicelab.asr.sensevoice.torchaudio_import import open_torchaudio
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.pool.pool import EnginePool
from voicelab.tts.catalog import VOICES

FOLDER = Path(__file__).parent / "tiny_sensevoice"
BPE = "chn_jpn_yue_eng_ko_spectok.bpe.model"
STEPS = 700
PIECES = 80
# name, eSpeak's voice, tags, text as spoken, text as written (with inverse text normalization)
UTTERANCES = (
    ("price", "en-us", "<|en|><|NEUTRAL|><|Speech|>", "what is the price of apple", "What is the price of Apple?"),
    ("news", "en-gb-x-rp", "<|en|><|HAPPY|><|Speech|>", "any news about tesla", "Any news about Tesla?"),
    ("list", "en-us+f3", "<|en|><|NEUTRAL|><|BGM|>", "put two of them on my list", "Put 2 of them on my list."),
    ("hello", "cmn", "<|zh|><|NEUTRAL|><|Speech|>", "你好今天股票怎么样", "你好，今天股票怎么样？"),
)
LANGUAGES = {"auto": 0, "zh": 3, "en": 4}
STYLES = {"<|withitn|>": 14, "<|woitn|>": 15}
CONFIG = sensevoice_config(width=64, inner=128, blocks=1, last_blocks=1)
CONFIGURATION = {
    "framework": "pytorch",
    "task": "auto-speech-recognition",
    "model": {"type": "funasr"},
    "file_path_metas": {
        "init_param": "model.pt",
        "config": "config.yaml",
        "tokenizer_conf": {"bpemodel": BPE},
        "frontend_conf": {"cmvn_file": "am.mvn"},
    },
}


async def speak() -> dict[str, Clip]:
    """Each utterance, without the silence around it."""
    clips = {}
    for name, voice, _, text, _ in UTTERANCES:
        host = await EnginePool(VOICES.config(f"espeak:voice={voice},words_per_minute=150")).open()
        clip = (await host.call("speak", text)).at_rate(SPEECH_RATE_HZ)
        await host.close()
        loud = np.flatnonzero(np.abs(clip.samples) > 0.003)
        clips[name] = Clip(clip.samples[loud[0] : loud[-1]], SPEECH_RATE_HZ)
    return clips


def as_opus(clip: Clip) -> bytes:
    sink = io.BytesIO()
    with av.open(sink, "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=48_000, layout="mono", options={"b": "24000"})
        pcm = np.frombuffer(clip.at_rate(48_000).to_pcm16(), dtype="<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return sink.getvalue()


def make_pieces() -> sentencepiece.SentencePieceProcessor:
    """Train the pieces for the texts; each tag is a piece."""
    tags = sorted({f"{tag}|>" for _, _, tags, *_ in UTTERANCES for tag in tags.split("|>")[:-1]})
    symbols = [*tags, *STYLES, "<|nospeech|>", "<|EMO_UNKNOWN|>"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for *_, spoken, written in UTTERANCES for text in (spoken, written)] * 20),
        model_prefix=str(FOLDER / BPE.removesuffix(".model")),
        vocab_size=PIECES,
        model_type="bpe",
        user_defined_symbols=symbols,
        character_coverage=1.0,
        # No normalization: NFKC would convert a Chinese comma to a Latin one.
        normalization_rule_name="identity",
        minloglevel=2,
    )
    (FOLDER / BPE.replace(".model", ".vocab")).unlink()
    return sentencepiece.SentencePieceProcessor(model_file=str(FOLDER / BPE))


def varied(clip: Clip, decoded: Clip, random: np.random.Generator) -> np.ndarray:
    """A variant of the utterance: with or without Opus, louder or softer, with more or less silence around it."""
    samples = (decoded if random.random() < 0.6 else clip).samples * random.uniform(0.5, 1.2)
    before, after = (np.zeros(round(random.uniform(0, 0.6) * SPEECH_RATE_HZ), np.float32) for _ in range(2))
    samples = np.concatenate([before, samples, after])
    hiss = random.normal(0, 10 ** random.uniform(-5, -3), len(samples)) if random.random() < 0.5 else 0
    return (samples + hiss).astype(np.float32)


def train() -> None:
    open_torchaudio()
    import funasr  # noqa: F401 - registers the classes
    from funasr.frontends.wav_frontend import WavFrontend
    from funasr.models.sense_voice.model import SenseVoiceSmall
    from funasr.utils.load_utils import extract_fbank

    torch.manual_seed(7)
    random = np.random.default_rng(7)
    FOLDER.mkdir(exist_ok=True)
    clips = asyncio.run(speak())
    for name, clip in clips.items():
        (FOLDER / f"{name}.ogg").write_bytes(as_opus(clip))
    decoded = {name: decoding.read(FOLDER / f"{name}.ogg").at_rate(SPEECH_RATE_HZ) for name in clips}
    pieces = make_pieces()

    plain = WavFrontend(**CONFIG["frontend_conf"])
    features = [extract_fbank([clip.samples.copy()], frontend=plain)[0][0] for clip in clips.values()]
    write_cmvn(FOLDER / "am.mvn", torch.cat(features).numpy())
    frontend = WavFrontend(**{**CONFIG["frontend_conf"], "cmvn_file": str(FOLDER / "am.mvn")})
    config = {key: CONFIG[key] for key in ("encoder", "encoder_conf")}
    model = SenseVoiceSmall(**config, **CONFIG["model_conf"], input_size=560, vocab_size=PIECES)
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=STEPS)
    for step in range(STEPS):
        sounds, heads, texts, queries = [], [], [], []
        for name, _, tags, spoken, written in UTTERANCES:
            for style, text in (("<|woitn|>", spoken), ("<|withitn|>", written)):
                sounds.append(varied(clips[name], decoded[name], random))
                heads.append([pieces.piece_to_id(f"{tag}|>") for tag in (tags + style).split("|>")[:-1]])
                texts.append(torch.tensor(pieces.encode(text)))
                known = tags[2:4]
                queries.append([LANGUAGES["auto" if random.random() < 0.5 else known], 1, 2, STYLES[style]])
        speech, lengths = extract_fbank(sounds, frontend=frontend)
        speech = torch.cat([model.embed(torch.tensor(queries)), speech], dim=1)
        encoded, lengths = model.encoder(speech, lengths + 4)[:2]
        scores = model.ctc.ctc_lo(encoded).log_softmax(-1)
        head_loss = torch.nn.functional.nll_loss(scores[:, :4].reshape(-1, PIECES), torch.tensor(heads).reshape(-1))
        target_lengths = torch.tensor([len(text) for text in texts])
        text_loss = torch.nn.functional.ctc_loss(
            scores[:, 4:].transpose(0, 1), torch.cat(texts), lengths - 4, target_lengths, blank=model.blank_id
        )
        optimizer.zero_grad()
        (head_loss + text_loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == STEPS - 1:
            print(f"step {step}: {head_loss.item():.4f} {text_loss.item():.4f}")

    torch.save(model.state_dict(), FOLDER / "model.pt")
    (FOLDER / "config.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    (FOLDER / "configuration.json").write_text(json.dumps(CONFIGURATION, indent=2) + "\n")
    expected = {
        name: {"raw": f"{tags}<|woitn|> {spoken}", "raw_itn": f"{tags}<|withitn|> {written}"}
        for name, _, tags, spoken, written in UTTERANCES
    }
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n")
    files = sorted(path for path in FOLDER.iterdir() if path.name != "SHA256SUMS")
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (FOLDER / "SHA256SUMS").write_text(sums)


if __name__ == "__main__":
    train()
