"""Folders of models that become folders for the package dfloat11."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pyinfo.integrations import dfloat11, safetensors_folders
from support import dfloat11_decoder

safetensors = pytest.importorskip("safetensors", reason="needs safetensors (extra weights)")

pytestmark = pytest.mark.once

Arrays = dict[str, tuple[str, NDArray[Any]]]  # types as the files name them

LAYER = ["self_attn.q_proj", "mlp.up_proj"]
PATTERNS = {r"model\.embed_tokens": [], r"model\.layers\.\d+": LAYER, "lm_head": []}


def weights(*shape: int) -> tuple[str, NDArray[np.uint16]]:
    values = np.random.default_rng(shape[0]).normal(0, 0.05, shape).astype(np.float32)
    return "BF16", (values.view(np.uint32) >> 16).astype(np.uint16)


def model(layers: int = 2) -> Arrays:
    arrays: Arrays = {
        "model.embed_tokens.weight": weights(100, 16),
        "lm_head.weight": weights(90, 16),
    }
    for i in range(layers):
        at = f"model.layers.{i}"
        arrays[f"{at}.self_attn.q_proj.weight"] = weights(16 + i, 16)
        arrays[f"{at}.self_attn.q_proj.bias"] = weights(16)
        arrays[f"{at}.mlp.up_proj.weight"] = weights(60, 16)
        arrays[f"{at}.input_layernorm.weight"] = weights(16)
    arrays["model.norm.weight"] = weights(16)
    arrays["model.rotary.inv_freq"] = ("F32", np.arange(4, dtype=np.float32))
    arrays["model.odd"] = ("U8", np.arange(3, dtype=np.uint8))
    return arrays


def write(path: Path, arrays: Arrays) -> None:
    """As the format says, in the order given."""
    header, data = {}, b""
    for name, (kind, array) in arrays.items():
        end = len(data) + array.nbytes
        header[name] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [len(data), end],
        }
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def save(folder: Path, arrays: Arrays, config: dict[str, Any] | None = None) -> Path:
    folder.mkdir()
    write(folder / "model.safetensors", arrays)
    config = {"model_type": "x", "hidden_size": 16} if config is None else config
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "tokenizer.json").write_text("{}", "utf-8")
    (folder / "pytorch_model.bin").write_bytes(b"weights once more")
    return folder


def read(folder: Path) -> Arrays:
    found: Arrays = {}
    for tensor in safetensors_folders.stored_tensors(folder).values():
        dtype = {"BF16": "<u2", "F32": "<f4", "U8": "u1", "I64": "<i8"}[tensor.dtype]
        found[tensor.name] = (tensor.dtype, tensor.read().view(dtype).reshape(tensor.shape))
    return found


def decoded(arrays: Arrays, module: str) -> list[NDArray[np.uint16]]:
    names = (
        "luts", "encoded_exponent", "sign_mantissa", "output_positions", "gaps", "split_positions",
    )  # fmt: skip
    tensors = {name: arrays.pop(f"{module}.{name}")[1] for name in names}
    return np.split(dfloat11_decoder.decode(tensors), tensors["split_positions"])


def test_a_model(tmp_path: Path) -> None:
    arrays = model()
    source = save(tmp_path / "source", arrays)
    converted = dfloat11.convert(source, tmp_path / "new", PATTERNS)
    assert [module.name for module in converted] == [
        "model.embed_tokens", "model.layers.0", "model.layers.1", "lm_head",
    ]  # fmt: skip
    assert converted[1].weights == tuple(f"model.layers.0.{name}.weight" for name in LAYER)
    assert converted[0].original_size == 3200
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "config.json",
        "lm_head.safetensors",
        "model.safetensors",
        "model_embed_tokens.safetensors",
        "model_layers_0.safetensors",
        "model_layers_1.safetensors",
        "tokenizer.json",
    ]
    assert json.loads((tmp_path / "new" / "config.json").read_text("utf-8")) == {
        "model_type": "x",
        "hidden_size": 16,
        "dfloat11_config": {
            "version": "0.5.0",
            "threads_per_block": [512],
            "bytes_per_thread": 8,
            "pattern_dict": PATTERNS,
        },
    }
    found = read(tmp_path / "new")
    for module in converted:
        parts = decoded(found, module.name)
        for name, part in zip(module.weights, parts, strict=True):
            assert np.array_equal(part, arrays.pop(name)[1].reshape(-1)), name
    assert sorted(found) == sorted(arrays)
    for name, (kind, array) in arrays.items():
        assert found[name][0] == kind
        assert np.array_equal(found[name][1], array)


def test_a_module_has_its_other_tensors(tmp_path: Path) -> None:
    dfloat11.convert(save(tmp_path / "source", model()), tmp_path / "new", PATTERNS)
    names = safetensors_folders.check_file(tmp_path / "new" / "model_layers_1.safetensors")
    assert "model.layers.1.input_layernorm.weight" in names
    assert "model.layers.1.self_attn.q_proj.bias" in names
    assert "model.layers.1.self_attn.q_proj.weight" not in names


def test_files_with_an_index(tmp_path: Path) -> None:
    arrays = model()
    source = save(tmp_path / "source", {})
    names = list(arrays)
    files = {"model-1.safetensors": names[:5], "model-2.safetensors": names[5:]}
    for file, held in files.items():
        write(source / file, {name: arrays[name] for name in held})
    weight_map = {name: file for file, held in files.items() for name in held}
    index = source / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}), "utf-8")
    (source / "model.safetensors").write_bytes(b"another form, which the index leaves out")
    dfloat11.convert(source, tmp_path / "new", PATTERNS)
    assert not (tmp_path / "new" / index.name).exists()
    assert not (tmp_path / "new" / "model-1.safetensors").exists()  # nothing of it is left
    assert set(read(tmp_path / "new")) > {"model.norm.weight", "lm_head.luts"}
    for outside in ("../x.safetensors", "a/b.safetensors", "", "..", 3):
        index.write_text(json.dumps({"weight_map": {"a": outside}}), "utf-8")
        with pytest.raises(ValueError, match="which is no file of this folder"):
            dfloat11.convert(source, tmp_path / "other", PATTERNS)


def test_tied_tensors(tmp_path: Path) -> None:
    arrays = model()
    del arrays["lm_head.weight"]
    source = save(tmp_path / "source", arrays, {"tie_word_embeddings": True})
    with pytest.raises(ValueError, match="ties its word embeddings: say by `tied`"):
        dfloat11.convert(source, tmp_path / "new", PATTERNS)
    tied = {"lm_head.weight": "model.embed_tokens.weight"}
    some = {"lm_head": []}
    with pytest.raises(ValueError, match="patterns must fit both or neither"):
        dfloat11.convert(source, tmp_path / "new", some, tied=tied)
    with pytest.raises(ValueError, match=r"tied tensor 'x.weight' is in none of the files"):
        dfloat11.convert(source, tmp_path / "new", PATTERNS, tied={"lm_head.weight": "x.weight"})
    dfloat11.convert(source, tmp_path / "new", PATTERNS, tied=tied)
    found = read(tmp_path / "new")
    (head,), (embeddings,) = decoded(found, "lm_head"), decoded(found, "model.embed_tokens")
    assert np.array_equal(head, embeddings)
    only_layers = {r"model\.layers\.\d": LAYER}
    dfloat11.convert(source, tmp_path / "layers", only_layers, tied={})
    assert "model.embed_tokens.weight" in read(tmp_path / "layers")


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"model.nothing": []}, "pattern 'model.nothing' fits no module"),
        ({"model(": []}, "is no regular expression"),
        ({"lm_head": [], r"lm_.*": []}, "two patterns fit module 'lm_head'"),
        ({r"model\.layers\.0": ["mlp.gate"]}, "has no tensor 'model.layers.0.mlp.gate.weight'"),
        ({r"model\.layers\.0": []}, "has no tensor 'model.layers.0.weight'"),
        ({r"model\.norm": []}, "'model.norm.weight' must be a matrix"),
        ({"model": ["rotary"]}, "has no tensor 'model.rotary.weight'"),
        ({r"model\.layers\.0": ["mlp.up_proj", "mlp.up_proj"]}, "is a weight of"),
        ({"float": []}, "'float.weight' must be of type BF16, not F32"),
        ({"infinite": []}, "module 'infinite' cannot be encoded: .* infinities"),
        ({"empty": []}, "module 'empty' cannot be encoded: there are no weights"),
        ({"bad/name": []}, "'bad/name' cannot be the name of a file"),
        ({"a_b": [], r"a\.b": []}, "would be the same file"),
        ({"model": ["embed_tokens"]}, "would be the same file"),
    ],
)
def test_what_is_refused(tmp_path: Path, patterns: dict[str, list[str]], message: str) -> None:
    arrays = model()
    arrays["float.weight"] = ("F32", np.zeros((2, 2), np.float32))
    arrays["infinite.weight"] = ("BF16", np.full((2, 2), 0x7F80, np.uint16))
    arrays["empty.weight"] = ("BF16", np.zeros((0, 2), np.uint16))
    for name in ("bad/name", "a_b", "a.b"):
        arrays[f"{name}.weight"] = weights(4, 4)
    source = save(tmp_path / "source", arrays)
    with pytest.raises(ValueError, match=message):
        dfloat11.convert(source, tmp_path / "new", patterns)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("patterns", [["lm_head"], {"lm_head": "x"}, {"lm_head": [1]}, {1: []}])
def test_patterns_of_other_types(tmp_path: Path, patterns: Any) -> None:
    with pytest.raises(TypeError, match="pattern_dict must"):
        dfloat11.convert(save(tmp_path / "source", model()), tmp_path / "new", patterns)


def test_damaged_files(tmp_path: Path) -> None:
    source = save(tmp_path / "source", model())
    path = source / "model.safetensors"
    whole = path.read_bytes()
    for damaged in (
        b"",
        whole[:7],
        whole[:-1],
        whole + b"x",
        struct.pack("<Q", 1 << 60) + whole[8:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="is no safetensors file"):
            dfloat11.convert(source, tmp_path / "new", PATTERNS)
    path.write_bytes(whole)
    config = source / "config.json"
    for text, message in (
        ("{", "is no JSON"),
        ("[]", "must hold an object"),
        ('{"dfloat11_config": {}}', "is encoded already"),
    ):
        config.write_text(text, "utf-8")
        with pytest.raises(ValueError, match=message):
            dfloat11.convert(source, tmp_path / "new", PATTERNS)
    config.unlink()
    with pytest.raises(FileNotFoundError):
        dfloat11.convert(source, tmp_path / "new", PATTERNS)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_folder_that_is_there_is_kept(tmp_path: Path) -> None:
    source = save(tmp_path / "source", model())
    (tmp_path / "new").mkdir()
    with pytest.raises(FileExistsError):
        dfloat11.convert(source, tmp_path / "new", PATTERNS)
    assert list((tmp_path / "new").iterdir()) == []


def test_nothing_is_left_of_what_fails_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if somebody else makes the folder meanwhile, and if a file ends early meanwhile."""
    source = save(tmp_path / "source", model())
    check = dfloat11.check_file

    def interfering(path: Path) -> set[str]:
        (tmp_path / "new").mkdir(exist_ok=True)
        return check(path)

    monkeypatch.setattr(dfloat11, "check_file", interfering)
    with pytest.raises(FileExistsError):
        dfloat11.convert(source, tmp_path / "new", PATTERNS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "source"]

    find = dfloat11.stored_tensors

    def cutting(folder: Path) -> dict[str, safetensors_folders.StoredTensor]:
        tensors = find(folder)
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-2000])
        return tensors

    monkeypatch.setattr(dfloat11, "stored_tensors", cutting)
    with pytest.raises(ValueError, match="has changed while it was read"):
        dfloat11.convert(source, tmp_path / "other", PATTERNS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "source"]


def test_torch_reads_what_is_written(tmp_path: Path) -> None:
    """As the package's loader does: all files, and positions as numbers of 32 bits."""
    torch = pytest.importorskip("torch", reason="needs torch (group interop)")
    from safetensors.torch import load_file

    dfloat11.convert(save(tmp_path / "source", model()), tmp_path / "new", PATTERNS)
    tensors = {}
    for path in (tmp_path / "new").glob("*.safetensors"):
        tensors |= load_file(path)
    assert tensors["lm_head.split_positions"].tolist() == []
    assert tensors["lm_head.split_positions"].dtype == torch.int64
    assert tensors["model.layers.0.split_positions"].tolist() == [256]
    positions = tensors["model.layers.0.output_positions"].view(torch.uint32)
    assert positions.numpy().tolist() == [0, 16 * 16 + 60 * 16]
    assert tensors["model.norm.weight"].dtype == torch.bfloat16
