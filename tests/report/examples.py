"""Reports put together by hand, with published or hand-computed numbers: what the renderers are shown."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial

from strideinspect.results.field import Field, FullField
from strideinspect.results.report import (
    Dropped,
    Finding,
    Input,
    LadderStep,
    Report,
    Severity,
    Source,
    TensorReport,
    Unseen,
    WindowNode,
)
from strideinspect.results.verdict import Check, Counts, Impulses, Verdict, Verification
from tests.report.builders import AGREED, field, report, square, window


def alexnet() -> Report:
    """AlexNet at 224×224: fields from Araujo, Norris, Sim (Distill 2019), map sizes and losses by hand.

    conv1 floor((224-11)/4)+1 = 54 leaves row 223 and, with pool1's floor((54-3)/2)+1 = 26, map row 53: rows 219-223.
    """
    data = partial(square, input="data_0")

    def shape(size: int, channels: int = 96) -> tuple[int, ...]:
        return (1, channels, size, size)

    loses = Dropped((1, 1), (0, 0), (0, 0))
    none = Dropped((0, 0), (0, 0), (0, 0))
    nodes = (
        window("n0", "Conv", (11, 11), (4, 4), (shape(224, 3), shape(54)), data(11, 4, 0), dropped=loses,
               macs=101_616_768, parameters=34_944),
        window("n3", "MaxPool", (3, 3), (2, 2), (shape(54), shape(26)), data(19, 8, 0), dropped=loses),
        window("n4", "Conv", (5, 5), (1, 1), (shape(26), shape(26, 256)), data(51, 8, -16), begin=(2, 2),
               dropped=none, macs=207_667_200, parameters=307_456),
        window("n7", "MaxPool", (3, 3), (2, 2), (shape(26, 256), shape(12, 256)), data(67, 16, -16), dropped=loses),
        window("n8", "Conv", (3, 3), (1, 1), (shape(12, 256), shape(12, 384)), data(99, 16, -32), begin=(1, 1),
               dropped=none, macs=127_401_984, parameters=885_120),
        window("n10", "Conv", (3, 3), (1, 1), (shape(12, 384), shape(12, 384)), data(131, 16, -48), begin=(1, 1),
               dropped=none, macs=95_551_488, parameters=663_936),
        window("n12", "Conv", (3, 3), (1, 1), (shape(12, 384), shape(12, 256)), data(163, 16, -64), begin=(1, 1),
               dropped=none, macs=63_700_992, parameters=442_624),
        window("n14", "MaxPool", (3, 3), (2, 2), (shape(12, 256), shape(6, 256)), data(195, 32, -64),
               begin=(0, 0), end=(1, 1), dropped=none),
    )  # fmt: skip
    findings = (
        Finding(
            "unproductive-layer",
            Severity.NOTE,
            "Conv n4 sees the whole image already",
            node="n4",
            output="n4:0",
        ),
        Finding(
            "unseen-input",
            Severity.WARNING,
            "rows and columns 219–223 of data_0 reach no output: 4.4 % of every image, lost at Conv n0 (1 row) and "
            "MaxPool n3 (1 row of 54)",
            "219×219 and 227×227 lose no pixel; or pad 3 at the bottom and right",
            input="data_0",
            axes=(2, 3),
            ranges=((219, 223),),
            pixels=5,
            sizes=(219, 227),
        ),
        Finding(
            "floor-truncation",
            Severity.WARNING,
            "MaxPool n7: row and column 25 of its 26×26 input are never used",
            "211×211 and 227×227 drop nothing anywhere",
            node="n7",
            output="n7:0",
            axes=(2, 3),
            ranges=((25, 25),),
            pixels=1,
            sizes=(211, 227),
        ),
    )
    seen = data(None, None, None, node_axis=None, full=FullField("fc6", 0, 218), widest=0)
    return report(
        "light_bvlc_alexnet.onnx",
        [Input("data_0", (1, 3, 224, 224), (2, 3), (), "NCHW")],
        nodes,
        producer="onnx-caffe2",
        opsets={"": 9},
        node_count=40,
        outputs=(TensorReport("prob_1", (1, 1000), seen),),
        ladder=(
            LadderStep((Fraction(4),) * 2, (54, 54), ("n0:0",)),
            LadderStep((Fraction(8),) * 2, (26, 26), ("n3:0",)),
            LadderStep((Fraction(16),) * 2, (12, 12), ("n7:0",)),
            LadderStep((Fraction(32),) * 2, (6, 6), ("n14:0",)),
        ),
        unseen=(Unseen("data_0", 2, ((219, 223),)), Unseen("data_0", 3, ((219, 223),))),
        findings=findings,
        verification=Verification(
            Verdict.AGREED,
            runtime="onnxruntime 1.31.1",
            shapes=Counts(agreed=40),
            fields=Counts(agreed=8),
            unseen=Counts(agreed=2),
            seconds=0.21,
        ),
    )


def residual() -> Report:
    """A torchvision ResNet-50 in outline, its second and third stage gated: fields by the formula of FACTS' source.

    427/32 is the published field of layer4; the shortcuts skip every other pixel, which their siblings read.
    """
    nodes: list[WindowNode] = []
    size, jump, extent = 1, 1, 224
    full = FullField("/layer2/gate/GlobalAveragePool_output_0", 0, 223)

    def add(name: str, kernel: int, stride: int, channels: tuple[int, int], *, op: str = "Conv") -> None:
        nonlocal size, jump, extent
        side = name.endswith("downsample.0")
        begin = kernel // 2
        out = (extent + 2 * begin - kernel) // stride + 1 if not side else extent
        grown, coarser = (size, jump) if side else (size + (kernel - 1) * jump, jump * stride)
        gap = out if side and stride == 2 else 0
        left = (extent + 2 * begin - kernel) % stride if not side else 0
        nodes.append(
            window(
                f"/{name.replace('.', '/')}/{op}",
                op,
                (kernel, kernel),
                (stride, stride),
                ((1, channels[0], extent, extent), (1, channels[1], out, out)),
                square(grown, coarser, 0, full=full if "layer3" in name or "layer4" in name else None),
                begin=(begin, begin),
                dropped=Dropped((0, 0), (left, left), (gap, gap)),
                macs=0 if op == "MaxPool" else out * out * channels[0] * channels[1] * kernel * kernel,
                parameters=0 if op == "MaxPool" else channels[0] * channels[1] * kernel * kernel,
            )
        )
        if not side:
            size, jump, extent = grown, coarser, out

    add("conv1", 7, 2, (3, 64))
    add("maxpool", 3, 2, (64, 64), op="MaxPool")
    rungs = [LadderStep((Fraction(2),) * 2, (112, 112), (nodes[0].output,))]
    rungs += [LadderStep((Fraction(4),) * 2, (56, 56), (nodes[1].output,))]
    before = 64
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), 1):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 1 else 1
            prefix = f"layer{stage}.{block}"
            add(f"{prefix}.conv1", 1, 1, (before, width))
            add(f"{prefix}.conv2", 3, stride, (width, width))
            if stride == 2:
                rungs.append(LadderStep((Fraction(jump),) * 2, (extent, extent), (nodes[-1].output,)))
            add(f"{prefix}.conv3", 1, 1, (width, 4 * width))
            if block == 0:
                add(f"{prefix}.downsample.0", 1, stride, (before, 4 * width))
                if stride == 2:
                    rungs[-1] = LadderStep(rungs[-1].stride, rungs[-1].size, (*rungs[-1].nodes, nodes[-1].output))
            before = 4 * width
        if stage == 2:
            nodes += _gate()
    notes = tuple(
        Finding(
            "unproductive-layer",
            Severity.NOTE,
            f"Conv {node.label} sees the whole image already before its own window",
            "a smaller kernel, or fewer layers, at this input size",
            node=node.name,
            output=node.output,
        )
        for node in nodes[37:]
        if node.kernel == (3, 3)
    )
    pooled = FullField("/avgpool/GlobalAveragePool_output_0", 0, 223)
    return report(
        "exports/resnet50_gated.onnx",
        [Input("image", (1, 3, 224, 224), (2, 3), (0,), "NCHW")],
        nodes,
        producer="pytorch 2.13.0",
        node_count=122,
        outputs=(TensorReport("logits", (1, 1000), square(None, None, None, node_axis=None, full=pooled, widest=0)),),
        ladder=tuple(rungs),
        findings=notes,
        verification=Verification(
            Verdict.AGREED,
            runtime="onnxruntime 1.31.1",
            shapes=Counts(agreed=120, not_checked=2),
            fields=Counts(agreed=len(nodes)),
            details=(
                Check(None, "/gate/Mul_output_0", "shape", Verdict.NOT_CHECKED, "onnxruntime expands HardSwish"),
                Check(None, "/gate/Mul_1_output_0", "shape", Verdict.NOT_CHECKED, "onnxruntime expands HardSwish"),
            ),
            seconds=1.26,
        ),
    )


def _gate() -> tuple[WindowNode, ...]:
    """A squeeze-and-excite gate: a pooling that leaves no position, and two 1×1 windows over what it leaves."""
    seen = square(None, None, None, node_axis=None, reason="the pooling reads the whole axis", widest=224)
    squeezed = (1, 512, 1, 1)
    return (
        window("/layer2/gate/GlobalAveragePool", "GlobalAveragePool", (28, 28), (1, 1),
               ((1, 512, 28, 28), squeezed), seen),
        window("/layer2/gate/fc1/Conv", "Conv", (1, 1), (1, 1), (squeezed, squeezed), seen),
        window("/layer2/gate/fc2/Conv", "Conv", (1, 1), (1, 1), (squeezed, squeezed), seen),
    )  # fmt: skip


def odd() -> Report:
    """What is not square: a network over two inputs with flat kernels, a transposed window and a resize by 2.3.

    Every shape and field is worked out by hand beside its node.
    """
    none = Dropped((0, 0), (0, 0), (0, 0))
    why = "Resize by 2.3 has no whole period"

    def pair(
        sizes: tuple[int, int], strides: tuple[int, Fraction | int], firsts: tuple[int, int]
    ) -> tuple[Field, Field]:
        return (
            field(2, size=sizes[0], stride=strides[0], first=firsts[0], input="image", extent=96),
            field(3, size=sizes[1], stride=strides[1], first=firsts[1], input="image", extent=160),
        )

    nodes = (
        # 96: 96+2-3 = 95, 95//2+1 = 48, one padding row left; 160: no stride, 160+1+2-4+1 = 160
        window("/stem/Conv", "Conv", (3, 4), (2, 1), ((1, 3, 96, 160), (1, 8, 48, 160)), pair((3, 4), (2, 1), (-1, -1)),
               begin=(1, 1), end=(1, 2), dropped=Dropped((0, 0), (1, 0), (0, 0)), macs=2_211_840, parameters=296),
        # extent 2·(3-1)+1 = 5: 3+4·2 = 11 rows, 4+4·1 = 8 columns
        window("/dilated/Conv", "Conv", (3, 3), (1, 1), ((1, 8, 48, 160), (1, 8, 48, 160)),
               pair((11, 8), (2, 1), (-5, -3)), begin=(2, 2), dilation=(2, 2), dropped=none,
               macs=4_423_680, parameters=584),
        # 160 = 1 + 53·3: floor((160-1)/3)+1 = 54 columns, two skipped between neighbours, 106 in all
        window("/thin/Conv", "Conv", (1, 1), (1, 3), ((1, 8, 48, 160), (1, 8, 48, 54)), pair((11, 8), (2, 3), (-5, -3)),
               dropped=Dropped((0, 0), (0, 0), (0, 106)), macs=165_888, parameters=72),
        window("/up/ConvTranspose", "ConvTranspose", (4, 4), (2, 2), ((1, 8, 48, 54), (1, 8, 96, 108)),
               pair((13, 11), (1, Fraction(3, 2)), (-7, -6)), begin=(1, 1), output_padding=(0, 0),
               macs=2_654_208, parameters=1032),
        window("/merge/a_rather_long_scope/of_the_decoder/branch_2/Conv", "Conv", (3, 3), (1, 1),
               ((1, 9, 220, 248), (1, 4, 220, 248)),
               (field(2, size=None, reason=why, input="image", extent=96),
                field(3, size=None, reason=why, input="image", extent=160),
                field(1, size=3, stride=Fraction(1, 2), first=-1, node_axis=2, input="hint:0", extent=48),
                field(2, size=3, stride=Fraction(1, 2), first=-1, node_axis=3, input="hint:0", extent=48)),
               begin=(1, 1), dropped=Dropped((0, 0), (0, 0), (0, 0)), macs=None, parameters=328),
    )  # fmt: skip
    return report(
        "odd.onnx",
        [
            Input("image", (1, 3, 96, 160), (2, 3), (2, 3), "NCHW"),
            Input("hint:0", (1, 48, 48, 1), (1, 2), (), "NHWC"),
            Input("keras_learning_phase", (), (), (), ""),
        ],
        nodes,
        producer="tf2onnx 1.17.0",
        opsets={"": 18, "com.microsoft": 1},
        node_count=1,
        tensors=(TensorReport("/thin/Conv:0", (1, 8, 48, 54), nodes[2].fields),),
        outputs=(TensorReport("map", (1, 4, 220, 248), nodes[4].fields),),
        ladder=(
            LadderStep((Fraction(2), Fraction(1)), (48, 160), ("/stem/Conv:0",)),
            LadderStep((Fraction(2), Fraction(3)), (48, 54), ("/thin/Conv:0",)),
        ),
        findings=(
            Finding(
                "field-contradicted",
                Severity.ERROR,
                "Conv /dilated/Conv: rows 0–7 of image were predicted for its first row, onnxruntime read 0–9",
                node="/dilated/Conv",
                output="/dilated/Conv:0",
            ),
            Finding(
                "assumed-input-size", Severity.NOTE, "image: 96×160 was assumed", "give --input-shape image=1,3,H,W"
            ),
        ),
        verification=Verification(
            Verdict.CONTRADICTED,
            runtime="onnxruntime 1.31.1",
            shapes=Counts(agreed=12),
            fields=Counts(agreed=3, contradicted=1, not_checked=1),
            details=(
                Check("/dilated/Conv", "/dilated/Conv:0", "field", Verdict.CONTRADICTED, None, (0, 7), (0, 9)),
                Check("/up/ConvTranspose", "/up/ConvTranspose:0", "field", Verdict.NOT_CHECKED, "it ran out of time"),
            ),
        ),
    )


def volume() -> Report:
    """A 3-D network of one pooling, whose 7 planes leave one behind: floor((7-2)/2)+1 = 3; and a 1-D one beside it."""
    shapes = ((1, 1, 7, 8, 8), (1, 1, 3, 4, 4))
    fields = [field(axis, size=2, stride=2, extent=extent) for axis, extent in ((2, 7), (3, 8), (4, 8))]
    pool = window("", "MaxPool", (2, 2, 2), (2, 2, 2), shapes, fields, dropped=Dropped((1, 0, 0), (0,) * 3, (0,) * 3))
    hull = [field(axis, size=None, node_axis=None, widest=0, extent=extent, full=FullField("pooled", 0, last))
            for axis, extent, last in ((2, 7, 5), (3, 8, 7), (4, 8, 7))]  # fmt: skip
    return report(
        "volume.onnx",
        [Input("image", (1, 1, 7, 8, 8), (2, 3, 4), (), "NCDHW")],
        [pool],
        node_count=3,
        outputs=(TensorReport("out", (1, 1), tuple(hull)),),
        ladder=(LadderStep((Fraction(2),) * 3, (3, 4, 4), (pool.output,)),),
        verification=Verification(Verdict.NOT_CHECKED, "onnxruntime has no kernel for MaxPool of opset 3"),
    )


def signal() -> Report:
    """A 1-D network of one strided window: floor((16000-400)/160)+1 = 98 frames, 80 samples left."""
    frames = window("frames", "Conv", (400,), (160,), ((1, 1, 16000), (1, 64, 98)),
                    [field(2, size=400, stride=160, extent=16000, input="wave")],
                    dropped=Dropped((80,), (0,), (0,)), macs=2_508_800, parameters=25_664)  # fmt: skip
    return report(
        "signal.onnx",
        [Input("wave", (1, 1, 16000), (2,), (2,), "NCW")],
        [frames],
        node_count=1,
        outputs=(TensorReport("frames:0", (1, 64, 98), frames.fields),),
        verification=replace(
            AGREED,
            theory=Counts(agreed=1),
            impulses=Impulses(Counts(agreed=96, not_checked=15_904), watched=1, limit=96),
        ),
        ladder=(LadderStep((Fraction(160),), (98,), ("frames:0",)),),
    )


def empty() -> Report:
    """A model without a window: nothing slides, nothing is found, nothing could be run."""
    return report(
        "mlp.onnx",
        [Input("x", (1, 16), (), (), "")],
        [],
        node_count=3,
        outputs=(TensorReport("y", (1, 4), ()),),
        verification=Verification(Verdict.NOT_CHECKED, "not requested"),
    )


def located() -> Report:
    """Findings of every severity, in every way that a place can be known: for the formats that point at one.

    The path and the names hold what formats have to escape.
    """
    return report(
        "exports/é 100%.onnx",
        [Input("image", (1, 3, 224, 224), (2, 3), (), "NCHW")],
        [],
        producer="pytorch 2.13.0",
        findings=(
            Finding(
                "incompatible-merge",
                Severity.ERROR,
                "Concat node_cat: 28×28 and 29×29 do not fit",
                "use sizes that are multiples of 32",
                node="node_cat",
                output="cat",
                source=Source("/build/repo/net/model.py", 42, "decoder.up1"),
                bytes=(3667, 831),
            ),
            Finding(
                "unseen-input",
                Severity.WARNING,
                "rows 219–223 of image reach no output: 2.2 % of every image, lost at Conv node_conv",
                input="image",
                axes=(2,),
                source=Source("/elsewhere/lib.py", 3, "stem"),
            ),
            *(
                Finding(
                    "floor-truncation",
                    Severity.WARNING,
                    f"MaxPool {name}: row and column 25 of its 26×26 input are never used",
                    "227×227 drops nothing, or pad",
                    node=name,
                    output=output,
                    source=Source("/build/repo/net/blocks/stem.py", 18, "stem"),
                    bytes=(offset, 40),
                )
                for name, output, offset in (("node_pool", "p", 500), ("node_pool_1", "q", 900))
            ),
            Finding(
                "padding-truncation",
                Severity.NOTE,
                "Conv /l1/conv/Conv drops 1 row of padding",
                node="/l1/conv/Conv",
                output="/l1/conv/Conv_output_0",
                source=Source(None, None, "l1.conv"),
                bytes=(77, 12),
            ),
            Finding(
                "unknown-operator",
                Severity.NOTE,
                "[Custom](x) <b>|`a`: it is taken to read its whole input",
                output="y\n2",
                bytes=(12, 3),
            ),
            Finding("not-verified", Severity.NOTE, "verification took longer than 60 s"),
        ),
    )


class InRepository:
    """Files of a checkout in /build/repo."""

    def model(self, path: str) -> str:
        """Models are in the repository."""
        return path

    def relative(self, file: str) -> str | None:
        """What is below the root."""
        root = "/build/repo/"
        return file.removeprefix(root) if file.startswith(root) else None
