"""A model with what is known of it in `metadata_props`: the same model to whoever runs it, and read by viewers."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import strideinspect
from strideinspect import Settings, UsageError
from strideinspect.cli.annotations import WantedFiles, write
from strideinspect.results.written_file import WrittenFile
from tests.edit.branching import branching, calling
from tests.oracle_models import model_of

SAMPLES = Path(__file__).parents[2] / "sample_models"
HOSTILE = 'a "name" </script>\n\\ & ☃'


def chain() -> onnx.ModelProto:
    """A window of three, one of five with stride 2 and an odd name, and a sum; the last of 22 samples is never seen."""
    body = "a = Conv (x, w) b = Conv <strides = [2]> (a, v) y = Add (b, b)"
    model = model_of(body, {"x": (1, 1, 22)}, constants={"w": (1, 1, 3), "v": (1, 1, 5)})
    model.graph.node[1].name = HOSTILE
    model.graph.node[1].metadata_props.add(key="namespace", value="encoder/b")
    model.metadata_props.add(key="imgsz", value="22")
    return model


def annotated(path: Path, out: Path) -> WrittenFile:
    """Write the annotated model, and give what is said of it."""
    (written,) = write(str(path), Settings(), WantedFiles(str(out), None, None, None)).files
    return written


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    """The model as a file."""
    onnx.save(onnx.shape_inference.infer_shapes(model), folder / "model.onnx")
    return folder / "model.onnx"


def run(path: Path) -> list[np.ndarray]:
    """The outputs for noise."""
    session = onnxruntime.InferenceSession(path)
    draw = np.random.default_rng(0)
    feeds = {
        given.name: np.array(True) if given.type == "tensor(bool)" else draw.random(given.shape, np.float32)  # noqa: FBT003
        for given in session.get_inputs()
    }
    return [np.asarray(made) for made in session.run(None, feeds)]


MODELS: dict[str, Callable[[], onnx.ModelProto]] = {
    "chain": chain,
    "branches": partial(branching, "auto_pad", "NOTSET"),
    "function": calling,
    "dynamo": partial(onnx.load, SAMPLES / "alexnet-stem-dynamo.onnx"),
    "torchscript": partial(onnx.load, SAMPLES / "alexnet-stem-torchscript.onnx"),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_same_model(name: str, tmp_path: Path) -> None:
    """The checker accepts it, onnxruntime computes the same bits, weights and the report stay the same."""
    path, out = saved(MODELS[name](), tmp_path), tmp_path / "out.onnx"
    annotated(path, out)
    onnx.checker.check_model(out, full_check=True)
    assert all(np.array_equal(one, other) for one, other in zip(run(path), run(out), strict=True))
    before, after = onnx.load(path), onnx.load(out)
    assert [one.SerializeToString() for one in before.graph.initializer] == [
        one.SerializeToString() for one in after.graph.initializer
    ]
    reports = [strideinspect.inspect(one, verify="none").to_dict(positions=True) for one in (path, out)]
    assert of_the_model(reports[0]) == of_the_model(reports[1])
    strip(after)
    assert after == before


def of_the_model(data: Any) -> Any:
    """A report without what is about the file: its path, and where in it nodes lie."""
    if isinstance(data, dict):
        return {key: of_the_model(value) for key, value in data.items() if key not in {"path", "bytes"}}
    return [*map(of_the_model, data)] if isinstance(data, list) else data


def strip(model: onnx.ModelProto) -> None:
    """Take away what was added: then nothing else may differ."""
    for message in (model, *model.graph.node, *model.graph.input, *model.graph.output):
        kept = [entry for entry in message.metadata_props if not entry.key.startswith("strideinspect.")]
        del message.metadata_props[:]
        message.metadata_props.extend(kept)


def test_what_is_written(tmp_path: Path) -> None:
    """By hand: fields of 3 and 3 + 4 = 7 samples, stride 2; of 22 samples (22 − 7) mod 2 = 1 is left over."""
    annotated(saved(chain(), tmp_path), tmp_path / "out.onnx")
    model = onnx.load(tmp_path / "out.onnx")
    first, second, _ = ({e.key: e.value for e in node.metadata_props} for node in model.graph.node)
    assert first["strideinspect.receptive_field"] == "3"
    assert (second["strideinspect.receptive_field"], second["strideinspect.effective_stride"]) == ("7", "2")
    assert second["strideinspect.dropped"] == "1 sample"
    assert second["namespace"] == "encoder/b"
    (given,), (made,) = model.graph.input, model.graph.output
    assert [entry.value for entry in given.metadata_props] == ["axis 2: 21"]
    assert made.metadata_props[0].value.startswith("receptive field 7, stride 2")
    whole = {entry.key: entry.value for entry in model.metadata_props}
    assert whole["imgsz"] == "22"
    assert whole["strideinspect.inspected_at"] == "x 1×1×22"
    assert "21 of x" in whole["strideinspect.warning_unseen-input"]


def test_annotations_are_replaced_and_do_not_outlive_a_change(tmp_path: Path) -> None:
    """Annotated twice it is annotated once; a model that is changed after that says nothing that was true before."""
    path, out, again = saved(chain(), tmp_path), tmp_path / "out.onnx", tmp_path / "again.onnx"
    annotated(path, out)
    annotated(out, again)
    assert again.read_bytes() == out.read_bytes()
    strideinspect.whatif(out, "b:stride=1", save=tmp_path / "changed.onnx")
    strideinspect.whatif(path, "b:stride=1", save=tmp_path / "plain.onnx")
    assert onnx.load(tmp_path / "changed.onnx") == onnx.load(tmp_path / "plain.onnx")


def test_layers_that_are_not_described(tmp_path: Path) -> None:
    """What stands in a branch or a function has no node in the graph to write to, and is counted."""
    inside = annotated(saved(branching("auto_pad", "NOTSET"), tmp_path), tmp_path / "out.onnx")
    assert (inside.nodes, inside.left_out) == (1, 2)
    called = annotated(saved(calling(), tmp_path), tmp_path / "out.onnx")
    assert (called.nodes, called.left_out) == (0, 1)
    assert called.reason == "they are in local functions, loops or branches"


def test_the_model_itself_is_never_written_over(tmp_path: Path) -> None:
    """It is refused before anything is inspected, by whatever name; so is a folder."""
    path = saved(chain(), tmp_path)
    before = path.read_bytes()
    (tmp_path / "link.onnx").symlink_to(path)
    itself = "is the model itself"
    for target, message in (("model.onnx", itself), ("link.onnx", itself), (".", "folder")):
        with pytest.raises(UsageError, match=message):
            annotated(path, tmp_path / target)
    assert path.read_bytes() == before


READ_BY_NETRON = """
const fs = require("fs"), [folder, file] = process.argv.slice(1), from = (name) => import(`file://${folder}/${name}.js`);
(async () => {
  await from("base");
  const { ModelFactory } = await from("onnx"), { BinaryReader } = await from("protobuf");
  const bytes = new Uint8Array(fs.readFileSync(file)), stream = { length: bytes.length, position: 0, seek() {} };
  const context = {
    identifier: "model.onnx", stream: { ...stream, peek: (length) => bytes.slice(0, length) }, peek: async () => null,
    tags: async (kind) => kind === "pb" ? BinaryReader.open(bytes).signature() : new Map(),
    read: async () => BinaryReader.open(bytes), require: (name) => from(name.slice(2)),
    asset: async (name) => fs.readFileSync(`${folder}/${name}`, "utf8"),
    set(type, value) { Object.assign(context, { type, value }); return type; },
  };
  const factory = new ModelFactory();
  await factory.match(context);
  const model = await factory.open(context), [graph] = model.modules;
  const plain = (one) => one.metadata.map(({ name, value }) => [name, value]);
  const values = (list) => list.map((one) => plain(one.value[0]));
  console.log(JSON.stringify([plain(model), graph.nodes.map(plain), values(graph.inputs), values(graph.outputs)]));
})();
"""


def test_read_by_netron(tmp_path: Path) -> None:
    """Netron's own reader of ONNX has every entry of the model, its nodes, inputs and outputs."""
    netron = pytest.importorskip("netron", reason="netron is not installed")
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node to run netron's code with")
    out = tmp_path / "out.onnx"
    annotated(saved(chain(), tmp_path), out)
    folder = str(Path(netron.__file__).parent)
    command = [node, "--no-warnings", "-e", READ_BY_NETRON, folder, str(out)]
    whole, nodes, inputs, outputs = json.loads(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
    )
    model = onnx.load(out)
    stored = [[[e.key, e.value] for e in part.metadata_props] for part in (*model.graph.node,)]
    assert nodes == stored
    assert ["strideinspect.receptive_field", "7"] in nodes[1]
    assert inputs == [[["strideinspect.never_seen", "axis 2: 21"]]]
    assert outputs[0][0][0] == "strideinspect.receptive_field_in_x"
    assert ["strideinspect.inspected_at", "x 1×1×22"] in whole
