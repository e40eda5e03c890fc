"""Normalizers, one file each, and sentence and word segmentation.

Scores are only comparable under the same normalizer, so every result records its name and version.
"""

from voicelab.text.catalog import ALIASES, NAMES, NORMALIZERS, normalizer
from voicelab.text.heard_script import heard_in_another_script
from voicelab.text.hyphens import keep_hyphens
from voicelab.text.languages import Language, headline_of, language, misfit, normalizer_for
from voicelab.text.normalizer import Normalizer
from voicelab.text.sentences import sentences, words_within
from voicelab.text.word_map import WordMap, mapped_normalizer

__all__ = [
    "ALIASES",
    "NAMES",
    "NORMALIZERS",
    "Language",
    "Normalizer",
    "WordMap",
    "headline_of",
    "heard_in_another_script",
    "keep_hyphens",
    "language",
    "mapped_normalizer",
    "misfit",
    "normalizer",
    "normalizer_for",
    "sentences",
    "words_within",
]
