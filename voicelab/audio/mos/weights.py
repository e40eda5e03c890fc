"""Model files from the wheel speechmos (MIT). Its Python code, which needs librosa, is not used."""

from importlib import resources
from pathlib import Path
from typing import Any

from voicelab.engines.weights.cache import sha256
from voicelab.errors import EngineMissingError

PACKAGE = "speechmos"
SHA256 = {
    "dnsmos_models/sig_bak_ovr.onnx": "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
    "dnsmos_models/model_v8.onnx": "9246480c58567bc6affd4200938e77eef49468c8bc7ed3776d109c07456f6e91",
    "plcmos_models/plcmos_v2.onnx": "c0ad3fc64ef9682b4749c0e96636b41c73b4b30bd123b9348feea06a96895286",
}
P835, P808, PLCMOS = SHA256


def open_model(name: str) -> Any:
    """Return an onnxruntime session on one core. Raises EngineMissingError when the file is missing or differs."""
    import onnxruntime

    try:
        path = Path(str(resources.files(PACKAGE))) / name
    except ModuleNotFoundError as error:
        raise EngineMissingError("sound quality", "not installed; run: pip install 'voicelab[quality]'") from error
    if not path.is_file() or sha256(path) != SHA256[name]:
        raise EngineMissingError(
            "sound quality", f"{path} is not the published model; run: pip install --force-reinstall {PACKAGE}==0.0.1.1"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
