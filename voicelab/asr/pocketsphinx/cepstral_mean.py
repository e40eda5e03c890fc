"""The mean cepstrum of a channel, which PocketSphinx takes off its features before it hears words in them."""

from __future__ import annotations

from typing import Any

from voicelab.asr.pocketsphinx.decoder import SphinxDecoder
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip

_GRAMMAR = "#JSGF V1.0; grammar one; public <one> = oh;"


class CepstralMean:
    """Takes it from the first of the sound.

    Whoever ends an utterance has PocketSphinx search all of it that was not searched: a tenth of a second for a second
    of sound, in the decoder that is to hear the words. This one knows but one word, and computes the same features.
    """

    def __init__(self) -> None:
        self._idle = [self._new_decoder()]

    def prepare(self, decoder: Any, sound: Clip | None) -> None:
        """Make a decoder's features ready for an utterance, with the mean of `sound` (SPEECH_RATE_HZ), its first part.

        They start anew each time: what they keep (a running mean, the last samples) would make what is heard now depend
        on the utterances before.
        """
        decoder.reinit_feat()
        if sound is not None:
            decoder.set_cmn(self._of(sound))

    def _of(self, sound: Clip) -> str:
        try:
            decoder = self._idle.pop()
        except IndexError:
            decoder = self._new_decoder()  # another thread has it
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
