"""Packed weights in transformers: tiny models of several kinds give the same logits, bit for bit.

With the real packages transformers, accelerate and safetensors, where they are installed.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pyinfo.safetensors
from pyinfo import CorruptDataError

torch = pytest.importorskip("torch", reason="needs torch, of the group interop")
safetensors = pytest.importorskip("safetensors", reason="needs safetensors, of the extra weights")
transformers = pytest.importorskip(
    "transformers", reason="needs transformers, of the group loaders"
)

from pyinfo.integrations.transformers import install, loading, uninstall  # noqa: E402

AutoModel, AutoModelForCausalLM = transformers.AutoModel, transformers.AutoModelForCausalLM

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


class Original:
    """What is replaced; not in names of this module, which would be replaced as well."""

    safe_open = safetensors.safe_open
    load = safetensors.torch.load


SMALL = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 300,
}
TOKENS = torch.arange(0, 290, 13)[None]


def llama(**options: Any) -> Any:
    config = transformers.LlamaConfig(**SMALL, num_key_value_heads=2, **options)
    return transformers.LlamaForCausalLM(config)


def mixtral() -> Any:
    config = transformers.MixtralConfig(**SMALL, num_key_value_heads=2, num_local_experts=4)
    return transformers.MixtralForCausalLM(config).to(torch.bfloat16)


# The class that loads it, the model, and the size of a file.
KINDS: dict[str, tuple[Any, Callable[[], Any], str]] = {
    "llama": (AutoModelForCausalLM, lambda: llama().to(torch.bfloat16), "1GB"),
    "tied": (AutoModelForCausalLM, lambda: llama(tie_word_embeddings=True), "1GB"),
    "sharded": (AutoModelForCausalLM, lambda: llama().to(torch.bfloat16), "60KB"),
    "experts": (AutoModelForCausalLM, mixtral, "1GB"),
    "bert": (AutoModel, lambda: transformers.BertModel(transformers.BertConfig(**SMALL)), "1GB"),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Path]]:
    """Return what gives the folder of a model and that of its packed files."""
    root = tmp_path_factory.mktemp("models")

    def make(kind: str) -> tuple[Path, Path]:
        plain, packed = root / kind, root / f"{kind}-packed"
        if not packed.exists():
            torch.manual_seed(0)
            _, build, shard = KINDS[kind]
            build().save_pretrained(plain, max_shard_size=shard)
            pyinfo.safetensors.pack(plain, packed)
        return plain, packed

    return make


@pytest.fixture(autouse=True)
def nothing_stays_replaced() -> Iterator[None]:
    yield
    left = safetensors.safe_open is not Original.safe_open
    uninstall()
    assert not left


def output(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(TOKENS)[0]


def require_same(model: Any, expected: Any) -> None:
    ours, theirs = model.state_dict(), expected.state_dict()
    assert list(ours) == list(theirs)
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype
        assert torch.equal(ours[name], tensor), name
    assert torch.equal(output(model), output(expected))


# -- Models ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_logits(kind: str, folders: Callable[[str], tuple[Path, Path]]) -> None:
    plain, packed = folders(kind)
    files = sorted(packed.glob("*.safetensors"))
    assert (len(files) > 2) == (kind == "sharded")
    with Original.safe_open(files[-1], "pt") as file:
        coded = {file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118
    assert "U8" in coded
    assert (packed / "config.json").read_bytes() == (plain / "config.json").read_bytes()
    loader = KINDS[kind][0]
    expected = loader.from_pretrained(plain)
    with loading():
        require_same(loader.from_pretrained(packed), expected)
        require_same(loader.from_pretrained(plain), expected)


OPTIONS: list[dict[str, Any]] = [
    {"disable_mmap": True},
    {"device_map": "cpu"},
    {"dtype": torch.float32},
    {"dtype": "auto"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: next(iter(options)))
def test_options_of_the_loader(
    options: dict[str, Any], folders: Callable[[str], tuple[Path, Path]]
) -> None:
    if "device_map" in options:
        pytest.importorskip("accelerate", reason="device_map needs accelerate")
    plain, packed = folders("sharded")
    expected = AutoModelForCausalLM.from_pretrained(plain, **options)
    with loading(threads=2):
        require_same(AutoModelForCausalLM.from_pretrained(packed, **options), expected)


def test_dtype_is_that_of_the_decoded_tensors(
    folders: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    """Where config.json has none, the loader looks into the file."""
    _, packed = folders("llama")
    for path in packed.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    config.pop("dtype", None)
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    with loading():
        assert AutoModelForCausalLM.from_pretrained(tmp_path).dtype == torch.bfloat16


def test_offload_to_disk(folders: Callable[[str], tuple[Path, Path]], tmp_path: Path) -> None:
    """accelerate reads the layers that are not in memory each time they are used."""
    pytest.importorskip("accelerate", reason="device_map needs accelerate")
    plain, packed = folders("llama")
    where = dict.fromkeys(["model.embed_tokens", "model.norm", "model.rotary_emb"], "cpu")
    where |= {"model.layers.0": "cpu", "model.layers.1": "disk", "lm_head": "cpu"}
    expected = output(AutoModelForCausalLM.from_pretrained(plain))
    with loading():
        model = AutoModelForCausalLM.from_pretrained(
            packed, device_map=where, offload_folder=tmp_path / "offload"
        )
        assert torch.equal(output(model), expected)


def test_what_is_saved_again_is_plain(
    folders: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    plain, packed = folders("tied")
    with loading():
        AutoModelForCausalLM.from_pretrained(packed).save_pretrained(tmp_path)
    theirs = safetensors.torch.load_file(plain / "model.safetensors")
    ours = safetensors.torch.load_file(tmp_path / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items())


def test_damage_is_told_as_such(
    folders: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    _, packed = folders("llama")
    for path in packed.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = bytearray((tmp_path / "model.safetensors").read_bytes())
    data[-500] ^= 16
    (tmp_path / "model.safetensors").write_bytes(data)
    for options in ({}, {"disable_mmap": True}):
        with loading(), pytest.raises(CorruptDataError, match=r"^tensor 'model\.layers"):
            AutoModelForCausalLM.from_pretrained(tmp_path, **options)


# -- Names that are replaced ----------------------------------------------------------------------


def names_of(*things: Any) -> set[tuple[str, str]]:
    """The attributes of loaded modules that are one of these objects."""
    return {
        (module, name)
        for module, found in sys.modules.copy().items()
        if isinstance(found, ModuleType)
        for name, value in vars(found).copy().items()
        if any(value is thing for thing in things)
    }


def test_all_names_are_replaced_and_restored() -> None:
    importlib.import_module("transformers.modeling_utils")
    importlib.import_module("transformers.integrations.accelerate")
    things = Original.safe_open, Original.load
    before = names_of(*things)
    assert {
        ("safetensors", "safe_open"),
        ("safetensors.torch", "safe_open"),
        ("safetensors.torch", "load"),
        ("transformers.modeling_utils", "safe_open"),
        ("transformers.modeling_utils", "_safe_load_bytes"),
        ("transformers.integrations.accelerate", "safe_open"),
    } < before
    with loading():
        assert names_of(*things) == set()
        replaced = safetensors.safe_open, safetensors.torch.load
        assert names_of(*replaced) == before
    assert names_of(*things) == before
    assert names_of(*replaced) == set()


def test_ordinary_files_are_left_to_the_package(tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    safetensors.torch.save_file({"w": torch.arange(6.0)}, path)
    with loading():
        with safetensors.safe_open(path, "pt") as file:
            assert type(file) is Original.safe_open
            assert isinstance(file, safetensors.safe_open)
        with safetensors.safe_open(filename=path, framework="np", backend="pread") as file:
            assert type(file) is Original.safe_open
        assert torch.equal(safetensors.torch.load(path.read_bytes())["w"], torch.arange(6.0))
        with pytest.raises(FileNotFoundError):
            safetensors.safe_open(tmp_path / "none.safetensors", "pt")
        with pytest.raises(TypeError):
            safetensors.safe_open(b"bytes", "pt")
        with pytest.raises(TypeError, match="framework"):
            safetensors.safe_open(path)
        with pytest.raises(safetensors.SafetensorError):
            safetensors.torch.load(b"no file")
        (tmp_path / "broken.safetensors").write_bytes(b"no file")
        with pytest.raises(safetensors.SafetensorError):
            safetensors.safe_open(tmp_path / "broken.safetensors", "pt")


def test_packed_files_by_the_package(tmp_path: Path) -> None:
    """Whatever reads by these names: load_file, load, load_model, and the modules for NumPy."""
    path, tensors = tmp_path / "w.safetensors", {"w": torch.randn(40, 30).bfloat16()}
    pyinfo.safetensors.torch.save_file(tensors, path)
    assert safetensors.torch.load_file(path)["w"].dtype == torch.uint8
    with loading():
        with safetensors.safe_open(path, framework="pt", device="cpu", backend="mmap") as file:
            assert type(file) is pyinfo.safetensors.safe_open
            assert isinstance(file, safetensors.safe_open)
            assert len({file}) == 1
        assert torch.equal(safetensors.torch.load_file(path)["w"], tensors["w"])
        assert torch.equal(safetensors.torch.load(path.read_bytes())["w"], tensors["w"])
        arrays = importlib.import_module("safetensors.numpy")
        assert arrays.load_file(path)["w"].shape == (40, 30)
        assert arrays.load(path.read_bytes())["w"].shape == (40, 30)


def test_nested_and_repeated() -> None:
    replaced = []
    with loading():
        replaced.append(safetensors.safe_open)
        with loading():
            replaced.append(safetensors.safe_open)
            install()
            install()
        replaced.append(safetensors.safe_open)
    replaced.append(safetensors.safe_open)
    assert all(each is replaced[0] is not Original.safe_open for each in replaced)
    with loading():
        uninstall()
        assert safetensors.safe_open is replaced[0]
    assert safetensors.safe_open is Original.safe_open
    uninstall()
    assert safetensors.safe_open is Original.safe_open
    install()
    uninstall()
    assert safetensors.safe_open is Original.safe_open


def test_undone_when_an_error_passes() -> None:
    with pytest.raises(ZeroDivisionError), loading():
        raise ZeroDivisionError
    assert safetensors.safe_open is Original.safe_open
    for threads in (-1, 1.5):
        with pytest.raises((ValueError, TypeError), match="threads"), loading(threads=threads):  # type: ignore[arg-type]
            pass
        with pytest.raises((ValueError, TypeError), match="threads"):
            install(threads=threads)  # type: ignore[arg-type]
    assert safetensors.safe_open is Original.safe_open


def test_as_a_decorator() -> None:
    @loading()
    def opener() -> Any:
        return safetensors.safe_open

    assert opener() is not Original.safe_open
    assert safetensors.safe_open is Original.safe_open


def test_modules_imported_meanwhile_are_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "from safetensors import safe_open as opens\nkind: 'opens | None' = None\n"
    program += "either = opens | None\n"
    for name in ("meanwhile_kept", "meanwhile_dropped"):
        (tmp_path / f"{name}.py").write_text(program, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    before = importlib.import_module("meanwhile_dropped")
    with loading():
        assert before.opens is not Original.safe_open
        monkeypatch.delitem(sys.modules, "meanwhile_dropped")
        kept = importlib.import_module("meanwhile_kept")
        assert kept.opens is not Original.safe_open
    assert kept.opens is Original.safe_open
    assert before.opens is Original.safe_open
    monkeypatch.delitem(sys.modules, "meanwhile_kept")


def test_what_others_put_there_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("patched_meanwhile")
    module.safe_open = Original.safe_open  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "patched_meanwhile", module)
    with loading():
        assert module.safe_open is not Original.safe_open
        module.safe_open = len  # type: ignore[attr-defined]
    assert module.safe_open is len


def test_a_reference_that_is_left_is_the_original(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    pyinfo.safetensors.torch.save_file({"w": torch.zeros(500)}, path)
    with loading():
        kept, load = safetensors.safe_open, safetensors.torch.load
    with kept(path, "pt") as file:
        assert type(file) is Original.safe_open
    assert load(path.read_bytes())["w"].dtype == torch.uint8


def test_lazy_modules_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "waits_for_its_use.py").write_text("raise AssertionError('loaded')\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    spec = importlib.util.find_spec("waits_for_its_use")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "waits_for_its_use", module)
    monkeypatch.setitem(sys.modules, "no_module_at_all", object())  # type: ignore[misc]
    spec.loader.exec_module(module)
    with loading():
        assert safetensors.safe_open is not Original.safe_open


def test_threads_share_what_is_replaced(folders: Callable[[str], tuple[Path, Path]]) -> None:
    _, packed = folders("sharded")
    files = sorted(packed.glob("*.safetensors"))
    expected = [pyinfo.safetensors.torch.load_file(path) for path in files]
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            for _ in range(6):
                for path, tensors in zip(files, expected, strict=True):
                    with loading():
                        found = safetensors.torch.load_file(path)
                    assert all(torch.equal(found[name], t) for name, t in tensors.items())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert safetensors.safe_open is Original.safe_open
