"""A run's language determines its samples, normalizer, headline figure and the recognizer's option."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from tests.support.command_line import voicelab
from tests.support.tiny_sensevoice import needs_sensevoice
from voicelab.asr.faster_whisper import FasterWhisper
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.datasets import load
from voicelab.errors import EngineMissingError, InputError
from voicelab.metrics.entities import mentions
from voicelab.runs.language import settled
from voicelab.runs.records import RunSpec
from voicelab.text import headline_of, heard_in_another_script, language, misfit, normalizer, normalizer_for

NEWS = {
    "en": ("the price of apple today", "the price of maple today"),
    "zh": ("苹果今天的股价是多少", "平果今天的股价是多少"),
    "yue": ("蘋果今日嘅股價係幾多", "平果今日嘅股價係幾多"),
    "ja": ("アップルの株価を教えて", "アップルの株価を押えて"),
    "ko": ("애플의 주가를 알려 줘", "애플의 주가를 알러 줘"),
    "th": ("ราคาหุ้นแอปเปิลวันนี้", "ราคาหุ้นแอปเปิ้ลวันนี้"),
    "hi": ("आज एप्पल का भाव क्या है", "आज एप्पल का भव क्या है"),
    "ar": ("ما هو سعر سهم أبل اليوم", "ما هو سعر سهم أبي اليوم"),
}


def tone(path, seconds=0.5):
    times = np.arange(int(16000 * seconds)) / 16000
    path.write_bytes(codecs.encode_wav(Clip((0.3 * np.sin(2 * np.pi * 300 * times)).astype(np.float32), 16000)))


def manifest(folder, rows):
    tone(folder / "tone.wav")
    path = folder / "set.jsonl"
    lines = [{"id": f"s{number}", "audio_filepath": "tone.wav", **row} for number, row in enumerate(rows)]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def evaluated(folder, path, *more, heard="hello"):
    arguments = ["--in-process", "--agent", "fake", "--tts", "fake", "--out", folder / "out", "--run-id", "r"]
    asr = () if "--asr" in more else ("--asr", f"fake:text={heard}")
    result = voicelab("evaluate", "--samples", path, *arguments, *asr, *more)
    summary = folder / "out" / "r" / "summary.json"
    return result, json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else None


@pytest.mark.parametrize(
    ("text", "code", "rules", "headline"),
    [
        ("en", "en", "english", "wer"),
        ("en-GB", "en", "english", "wer"),
        ("zh-Hans-CN", "zh", "characters", "cer"),
        ("cmn", "zh", "characters", "cer"),
        ("zh-yue", "yue", "characters", "cer"),
        ("Japanese", "ja", "characters", "cer"),
        ("th", "th", "characters", "cer"),
        ("ko-KR", "ko", "korean", "cer"),
        ("hi", "hi", "basic", "wer"),
        ("sw", "sw", "basic", "wer"),
        ("ru-RU", "ru", "russian", "wer"),
        ("Russian", "ru", "russian", "wer"),
        ("be", "be", "basic", "wer"),
    ],
)
def test_a_language_has_a_normalizer_and_a_headline(text, code, rules, headline):
    found = language(text)
    assert (found.code, found.normalizer, found.headline) == (code, rules, headline)
    assert headline_of(normalizer(rules)) == headline


def test_what_is_no_language_is_refused():
    with pytest.raises(InputError, match=r"language 'klingon!': give a code such as en, zh"):
        language("klingon!")


@pytest.mark.parametrize("code", NEWS)
def test_one_wrong_letter_is_a_small_share_under_the_normalizer_of_the_script(tmp_path, code):
    said, heard = NEWS[code]
    _, summary = evaluated(tmp_path, manifest(tmp_path, [{"text": said}]), heard=heard)
    words = summary["figures"]
    assert summary["normalizer"]["name"] == normalizer_for([said])[0] == language(code).normalizer
    assert summary["warnings"] == []
    assert 0 < words["cer"]["value"] < 0.2
    assert words["cer"]["part"] <= 2


@pytest.mark.parametrize("code", ["zh", "yue", "ja", "ko", "th", "hi", "ar"])
def test_a_normalizer_of_another_script_is_warned_about(tmp_path, code):
    said, heard = NEWS[code]
    path = manifest(tmp_path, [{"text": said}])
    result, summary = evaluated(tmp_path, path, "--normalizer", "english", heard=heard)
    (warning,) = summary["warnings"]
    assert "the normalizer english" in warning
    assert f"--normalizer {language(code).normalizer}" in warning
    assert warning in " ".join(result.output.split())
    assert "the normalizer english" in (tmp_path / "out" / "r" / "report.html").read_text(encoding="utf-8")


def test_words_without_spaces_do_not_suit_basic():
    assert "this script has none" in misfit(normalizer("basic"), ["苹果的股价"])
    assert misfit(normalizer("basic"), ["आज एप्पल"]) is None
    assert misfit(normalizer("characters"), ["苹果 and आज"]) is None
    assert misfit(normalizer("english"), ["naïve café 100%", "the letter π"]) is None
    assert misfit(normalizer("korean"), ["all in English"]) is not None
    assert misfit(normalizer("english"), ["123", ""]) is None


@pytest.mark.parametrize("name", ["english", "whisper"])
@pytest.mark.parametrize(
    "text",
    ["chúng tôi đang học ở nhà", "où êtes-vous allé cet été", "wir müssen für Köln grüßen", "er kauft drei Äpfel"],
)
def test_accents_that_english_drops_are_warned_about(name, text):
    warning = misfit(normalizer(name), [text])
    assert warning is not None
    assert "removes accents" in warning
    assert "--language" in warning
    assert misfit(normalizer("basic"), [text]) is None


def test_a_few_accented_words_are_english():
    assert misfit(normalizer("english"), ["a naïve résumé", *["we met at the café's door in the old town"] * 2]) is None
    assert misfit(normalizer("english"), ["Łukasz and Ángel", *["we met at nine in the old town"] * 10]) is None


def test_score_warns_too_and_takes_the_language(tmp_path):
    path = tmp_path / "zh.jsonl"
    path.write_text(json.dumps({"id": "a", "text": "我想买苹果", "pred_text": "我想买平果"}) + "\n", encoding="utf-8")
    by_script = voicelab("score", path, path)
    assert "normalizer characters" in by_script.output
    assert "CER 20.00 %" in by_script.output
    as_english = voicelab("score", path, path, "--language", "en")
    assert "warning: 100% of the references' letters" in as_english.output
    figures = json.loads(voicelab("score", path, path, "--language", "zh", "--json").stdout)
    assert figures["total"]["cer"] == 0.2


def test_the_headline_is_what_the_language_is_scored_by(tmp_path):
    said, heard = NEWS["ko"]
    result, summary = evaluated(tmp_path, manifest(tmp_path, [{"text": said, "lang": "ko"}]), heard=heard)
    assert "character error rate (CER)" in result.output
    assert "word error rate (WER)" not in result.output
    assert (summary["language"], summary["headline"]) == ("ko", "cer")
    words = summary["figures"]
    assert (words["cer"]["part"], words["cer"]["of"], words["wer"]["of"]) == (1, 9, 4)
    listed = voicelab("runs", "list", "--out", tmp_path / "out").output
    assert ("CER" in listed, "0.111" in listed, "WER" in listed) == (True, True, False)


@pytest.mark.parametrize("key", ["language", "lang"])
def test_a_set_of_several_languages_asks_which(tmp_path, key):
    path = manifest(tmp_path, [{"text": "hello", key: "en"}, {"text": "你好", key: "zh-CN"}])
    result, _ = evaluated(tmp_path, path)
    assert result.exit_code == 2
    assert "several languages (en, zh)" in " ".join(result.output.split())
    result, summary = evaluated(tmp_path, path, "--language", "Chinese", heard="你好")
    assert summary["turns"]["planned"] == 1
    assert summary["figures"]["wer"]["value"] == 0
    result, _ = evaluated(tmp_path, path, "--language", "ko")
    assert (result.exit_code, "no sample has the language 'ko'" in result.output) == (2, True)


def test_the_language_of_a_seed_set_stands_in_its_metadata(tmp_path):
    tone(tmp_path / "t.wav")
    sample = {"id": "a", "text": "hola", "audio_path": "t.wav"}
    document = {"metadata": {"language": "es"}, "samples": {"one": [sample, {**sample, "id": "b", "language": "pt"}]}}
    (tmp_path / "voice_samples.json").write_text(json.dumps(document))
    assert [one.language for one in load(tmp_path).samples] == ["es", "pt"]
    document["metadata"]["language"] = "!!"
    (tmp_path / "voice_samples.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"voice_samples.json: metadata: field 'language' is invalid: language '!!'"):
        load(tmp_path)


@dataclass(frozen=True)
class Case:
    asr: str
    code: str
    outcome: str


@pytest.mark.parametrize(
    "case",
    [
        Case("fake", "zh", "fake"),
        Case("pocketsphinx", "en", "pocketsphinx"),
        Case("pocketsphinx", "ja", "recognizer pocketsphinx does not support the language 'ja', only en"),
        Case("sensevoice", "th", "recognizer sensevoice does not support the language 'th', only zh, en, yue, ja, ko"),
    ],
    ids=str,
)
def test_a_recognizer_that_does_not_hear_the_language_is_refused(tmp_path, case):
    samples = load(manifest(tmp_path, [{"text": "x", "language": case.code}]))
    spec = RunSpec(samples=str(samples.path), asr=case.asr)
    if case.outcome == case.asr:
        assert settled(spec, samples).asr == case.outcome
        return
    with pytest.raises(InputError, match=case.outcome):
        settled(spec, samples)


def test_a_settled_spec_stays_as_it_is(tmp_path):
    samples = load(manifest(tmp_path, [{"text": "你好", "language": "yue"}]))
    once = settled(RunSpec(samples=str(samples.path), asr="fake"), samples)
    assert settled(once, samples) == once
    assert (once.language, once.normalizer) == ("yue", "characters")


@pytest.mark.parametrize(
    ("entity", "text", "found"),
    [
        ("苹果", "我想买苹果的股票", True),
        ("東京", "私は東京に行きます", True),
        ("แอปเปิล", "ราคาหุ้นแอปเปิลวันนี้", True),
        ("AAPL", "我想买AAPL的股票", True),
        ("苹果", "我想买平果的股票", False),
        ("App", "buy Apple now", False),
        ("Apple", "buy Pineapple now", False),
        ("애플", "애플 주가", True),
        ("भाव", "आज का भाव", True),
        ("भा", "आज का भाव", False),
        ("Apple", "buy Ap\u00adple now", True),
    ],
)
def test_an_entity_has_word_boundaries_where_its_script_has_them(entity, text, found):
    assert mentions(text, entity) is found


def test_an_english_whisper_is_not_asked_for_another_language():
    with pytest.raises(
        EngineMissingError, match=r"base.en supports English only, not 'zh'; set model= to a multilingual"
    ):
        FasterWhisper(language="zh").load()


@needs_sensevoice
@pytest.mark.parametrize("code", ["zh", "en", "yue", "ja", "ko"])
def test_sensevoice_is_told_the_language_of_the_set(tmp_path, code):
    samples = load(manifest(tmp_path, [{"text": NEWS[code][0], "language": code}]))
    spec = settled(RunSpec(samples=str(samples.path), asr="sensevoice:itn=false"), samples)
    assert spec.asr == f"sensevoice:itn=false,language={code}"
    assert settled(spec, samples) == spec
    other = RunSpec(samples=str(samples.path), asr=f"sensevoice:language={'en' if code != 'en' else 'zh'}")
    with pytest.raises(InputError, match="is not the language of the samples"):
        settled(other, samples)


@pytest.mark.parametrize(
    ("said", "heard", "script"),
    [
        ("what is the price", "ما هو السعر", "Arabic"),
        ("आज एप्पल का भाव", "aaj apple ka bhav", "Latin"),
        ("苹果的股价", "pingguo de gujia", "Latin"),
        ("東京に行きます", "toukyou ni ikimasu", "Latin"),
        ("애플의 주가", "苹果的股价", "Han"),
        ("苹果公司的股价今天上涨了百分之三", "アップルのカブカ", "Katakana"),
    ],
)
def test_transcripts_in_another_script_are_said(said, heard, script):
    warning = heard_in_another_script([said], [heard])
    assert f"letters are {script}" in warning
    assert heard_in_another_script([said], [said]) is None


def test_one_word_of_another_script_is_no_other_script():
    assert heard_in_another_script(["我想买 Apple 股票"], ["我想买 apple 股票"]) is None
    assert heard_in_another_script(["東京"], ["とうきょう"]) is None, "Japanese has three scripts"
    assert heard_in_another_script(["", "12"], ["3 %"]) is None
    assert heard_in_another_script(["hello"], []) is None


def test_score_warns_of_transcripts_in_another_script(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "what is the price", "pred_text": "ما هو السعر"}\n', encoding="utf-8")
    assert "check the recognizer's language" in voicelab("score", path, path).output
