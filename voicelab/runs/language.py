"""Applies the language of a run: its samples, its normalizer, and the recognizer's language option."""

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.datasets import SampleSet
from voicelab.engines.spec import EngineSpec
from voicelab.errors import InputError
from voicelab.runs.records import RunSpec
from voicelab.text import language, normalizer, normalizer_for


def settled(spec: RunSpec, samples: SampleSet) -> RunSpec:
    """Return the spec with all language-dependent settings filled in.

    The language is the requested one, otherwise the only language of the samples. It determines the normalizer, unless
    one is given, and the language option of a recognizer that has one. Without any language, the script of the texts
    determines the normalizer. A settled spec stays unchanged. Raises InputError for samples in several languages, and
    for a recognizer that does not support the language.
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
            f"{samples.path}: the samples have several languages ({', '.join(found)}), but a run has one: "
            f"choose with --language {found[0]}"
        )
    return found[0] if found else None


def _hearing(asr: str | None, code: str | None) -> str | None:
    """Return the recognizer with its language option set; checks an option set by the user."""
    if asr is None or code is None:
        return asr
    spec = RECOGNIZERS.parse(asr)
    entry = RECOGNIZERS.entry(spec.name)
    if entry is None:
        return asr  # the catalog's own error is more specific
    if entry.languages is not None and code not in entry.languages:
        raise InputError(
            f"recognizer {spec.name} does not support the language {code!r}, only {', '.join(entry.languages)}; "
            "choose another --asr, or correct the language of the samples"
        )
    if not entry.installed() or "language" not in entry.options():
        return asr
    option = spec.options.get("language")
    if option is None:
        return str(EngineSpec(spec.name, {**spec.options, "language": code}))
    if option.lower() not in ("auto", "none") and language(option).code != code:
        raise InputError(
            f"--asr {asr}: its option language={option} is not the language of the samples, {code}; omit it"
        )
    return asr
