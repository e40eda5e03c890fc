"""Estimates a channel's mean cepstrum, which PocketSphinx subtracts from its features."""

from typing import Any

from voicelab.asr.pocketsphinx.decoder import SphinxDecoder
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip

_GRAMMAR = "#JSGF V1.0; grammar one; public <one> = oh;"


class CepstralMean:
    """Estimates the mean from the first part of the audio.

    Ending an utterance makes PocketSphinx search all audio not searched yet: a tenth of a second per second of audio,
    in the decoder that is to recognize the words. This estimator's own decoder has a one-word grammar and computes the
    same features.
    """

    def __init__(self) -> None:
        self._idle = [self._new_decoder()]

    def prepare(self, decoder: Any, sound: Clip | None) -> None:
        """Reset a decoder's features for an utterance, with the mean of `sound` (at SPEECH_RATE_HZ), its first part.

        Without the reset, the running mean and the last samples would make results depend on earlier utterances.
        """
        decoder.reinit_feat()
        if sound is not None:
            decoder.set_cmn(self._of(sound))

    def _of(self, sound: Clip) -> str:
        try:
            decoder = self._idle.pop()
        except IndexError:
            decoder = self._new_decoder()  # take it, so that other threads create their own
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw(sound.to_pcm16(), no_search=True, full_utt=True)
        decoder.end_utt()
        mean = decoder.get_cmn()
        self._idle.append(decoder)
        return mean

    def _new_decoder(self) -> SphinxDecoder:
        decoder = SphinxDecoder({"samprate": SPEECH_RATE_HZ, "fwdflat": False, "bestpath": False}, model=False)
        decoder.add_word("oh", "OW")
        decoder.search_by_grammar("one", _GRAMMAR)
        return decoder
