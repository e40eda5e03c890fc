"""What the language of a run decides: its samples, its normalizer, and the recognizer's own language option."""

from __future__ import annotations

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.datasets import SampleSet
from voicelab.engines.spec import EngineSpec
from voicelab.errors import InputError
from voicelab.runs.records import RunSpec
from voicelab.text import language, normalizer, normalizer_for


def settled(spec: RunSpec, samples: SampleSet) -> RunSpec:
    """The spec with everything that it leaves to the language of its samples filled in.

    The language is the one asked for, else the one that all samples name. It decides the normalizer where none is
    named, and the language option of a recognizer that has one. Where nobody names a language, the script of the texts
    decides the normalizer. A settled spec stays as it is. Raises InputError for samples of several languages, and where
    the recognizer does not hear the language.
    """
    code = language(spec.language).code if spec.language is not None else _only_language(samples)
    texts = [sample.text for sample in samples.samples]
    rules = spec.normalizer or (language(code).normalizer if code is not None else normalizer_for(texts)[0])
    changes = {"language": code, "normalizer": normalizer(rules).name, "asr": _hearing(spec.asr, code)}
    return spec.model_copy(update=changes)


def _only_language(samples: SampleSet) -> str | None:
    found = sorted({sample.language for sample in samples.samples if sample.language is not None})
    if len(found) > 1:
        raise InputError(
            f"{samples.path}: the samples are in several languages ({', '.join(found)}); a run has one: "
            f"choose with --language {found[0]}"
        )
    return found[0] if found else None


def _hearing(asr: str | None, code: str | None) -> str | None:
    """The recognizer with its language option set; one that the user has set is held against the language."""
    if asr is None or code is None:
        return asr
    spec = EngineSpec.parse(asr)
    entry = RECOGNIZERS.entries.get(spec.name)
    if entry is None:
        return asr  # the catalog's own error says more
    if entry.languages is not None and code not in entry.languages:
        raise InputError(
            f"recognizer {spec.name} does not hear the language {code!r}, only {', '.join(entry.languages)}; "
            "take another --asr, or correct the language of the samples"
        )
    if not entry.installed() or "language" not in entry.options():
        return asr
    asked = spec.options.get("language")
    if asked is None:
        return str(EngineSpec(spec.name, {**spec.options, "language": code}))
    if asked.lower() not in ("auto", "none") and language(asked).code != code:
        raise InputError(
            f"--asr {asr}: its option language={asked} is not the language of the samples, {code}; leave it out"
        )
    return asr
