"""The mean cepstrum of a channel, which PocketSphinx takes off its features before it hears words in them."""

from __future__ import annotations

from typing import Any

from voicelab.clip import SPEECH_RATE_HZ, Clip

_GRAMMAR = "#JSGF V1.0; grammar one; public <one> = oh;"


class CepstralMean:
    """Takes it from the first of the sound.

    Whoever ends an utterance has PocketSphinx search all of it that was not searched: a tenth of a second for a second
    of sound, in the decoder that is to hear the words. This one knows but one word, and computes the same features.
    """

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(
            loglevel="FATAL", samprate=SPEECH_RATE_HZ, lm=None, dict=None, fwdflat=False, bestpath=False
        )
        self._decoder.add_word("oh", "OW", True)
        self._decoder.add_jsgf_string("one", _GRAMMAR)
        self._decoder.activate_search("one")

    def prepare(self, decoder: Any, sound: Clip | None) -> None:
        """Make a decoder's features ready for an utterance, with the mean of `sound` (SPEECH_RATE_HZ), its first part.

        They start anew each time: what they keep (a running mean, the last samples) would make what is heard now depend
        on the utterances before.
        """
        decoder.reinit_feat()
        if sound is not None:
            decoder.set_cmn(self._of(sound))

    def _of(self, sound: Clip) -> str:
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(sound.to_pcm16(), True, True)
        self._decoder.end_utt()
        return str(self._decoder.get_cmn(False))
