"""The fast estimate of the cepstral mean equals PocketSphinx's own."""

from __future__ import annotations

import pytest

from tests.support.speech import SET
from voicelab.asr.pocketsphinx.cepstral_mean import CepstralMean
from voicelab.asr.pocketsphinx.decoder import SphinxDecoder
from voicelab.audio.clip import SPEECH_RATE_HZ

pocketsphinx = pytest.importorskip("pocketsphinx")


def test_a_decoder_that_knows_one_word_finds_the_mean_of_one_that_knows_the_language() -> None:
    mean, found = CepstralMean(), set()
    one = SphinxDecoder({"samprate": SPEECH_RATE_HZ})
    whole = pocketsphinx.Decoder(loglevel="FATAL", samprate=SPEECH_RATE_HZ)
    for sample in SET.samples[:6]:
        sound = sample.clip().at_rate(SPEECH_RATE_HZ).between(0.0, 1.0)
        mean.prepare(one, sound)
        whole.reinit_feat()
        whole.start_utt()
        whole.process_raw(sound.to_pcm16(), True, True)
        whole.end_utt()
        assert one.get_cmn() == whole.get_cmn(False)
        found.add(one.get_cmn())
    assert len(found) == 6, "each voice and room has its own"


def test_without_sound_an_utterance_begins_as_a_new_decoder_does() -> None:
    decoder = SphinxDecoder({"samprate": SPEECH_RATE_HZ})
    fresh = decoder.get_cmn()
    mean = CepstralMean()
    mean.prepare(decoder, SET.samples[0].clip().at_rate(SPEECH_RATE_HZ).between(0.0, 1.0))
    assert decoder.get_cmn() != fresh
    mean.prepare(decoder, None)
    assert decoder.get_cmn() == fresh
