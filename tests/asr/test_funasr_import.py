"""Only what SenseVoice and fsmn-vad use of funasr is imported, and all of it where a model needs more."""

import json
import os
import subprocess
import sys
from pathlib import Path

REGISTER = "from funasr.register import tables\ntables.model_classes['{}'] = object\n"
FUNASR = {
    "__init__.py": """
import importlib, pkgutil
def import_submodules(name):
    for found in pkgutil.walk_packages(importlib.import_module(name).__path__, name + "."):
        importlib.import_module(found.name)
import_submodules(__name__)
""",
    "register.py": """
class tables:
    model_classes, encoder_classes, frontend_classes = {}, {}, {}
    tokenizer_classes, specaug_classes, normalize_classes = {}, {}, {}
""",
    "models/sense_voice/model.py": REGISTER.format("SenseVoiceSmall"),
    "auto/auto_model.py": "",
    "models/fsmn_vad_streaming/model.py": "",
    "models/fsmn_vad_streaming/encoder.py": "",
    "models/specaug/specaug.py": "",
    "frontends/wav_frontend.py": "",
    "tokenizer/sentencepiece_tokenizer.py": "",
    "models/other.py": REGISTER.format("Other"),
}
"""A package that imports all its modules, as funasr does."""
TRY = """
import json, pkgutil, sys
from voicelab.asr.sensevoice.funasr_import import open_funasr, register_classes
walk = pkgutil.walk_packages
open_funasr()
known = lambda: "funasr.models.other" in sys.modules
told = {"opened": known(), "restored": pkgutil.walk_packages is walk}
register_classes({"model": "SenseVoiceSmall", "encoder": None})
told["its own classes"] = known()
register_classes({"model": "Other"})
told["another class"] = known()
print(json.dumps(told))
"""


def test_the_rest_is_imported_only_for_a_class_that_is_not_there(tmp_path):
    for name, text in FUNASR.items():
        file = tmp_path / "funasr" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        for folder in list(file.parents)[: len(Path(name).parents)]:
            (folder / "__init__.py").touch()
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    done = subprocess.run([sys.executable, "-c", TRY], env={**os.environ, "PYTHONPATH": path}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"opened": False, "restored": True, "its own classes": False, "another class": True}
