"""The programs that run a network, each as a function of the input that gives the list of outputs."""
import os
import pathlib
import subprocess
import tempfile

import numpy as np

from environment import POSESTREAM


class Ours:
    """posestream, a process that runs once when it is told to and says the milliseconds by its own clock."""

    def __init__(self, path, x, threads, precision="f32"):
        self.process = subprocess.Popen(
            [POSESTREAM, "bench", "respond", path, "--threads", str(threads), "--precision", precision], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._expect("ready")
        self.folder = tempfile.TemporaryDirectory()
        x.astype("<f4").tofile(f"{self.folder.name}/input")
        self._tell(f"input {self.folder.name}/input")
        self._expect("ok")

    def _tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("posestream ended")
        return line.strip()

    def _expect(self, word):
        answer = self._answer()
        if answer != word:
            raise RuntimeError(f"posestream said {answer!r}, not {word!r}")

    def milliseconds(self):
        self._tell("run")
        return float(self._answer())

    def outputs(self, shapes):
        self._tell(f"output {self.folder.name}/output")
        self._expect("ok")
        flat = np.fromfile(f"{self.folder.name}/output", "<f4")
        results, start = [], 0
        for shape in shapes:
            count = int(np.prod(shape))
            results.append(flat[start:start + count].reshape(shape))
            start += count
        return results

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def onnxruntime(path, x, threads):
    import onnxruntime as ort

    ort.set_default_logger_severity(3)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: x})


def openvino(path, x, threads, precision="f32"):
    import openvino as ov

    model = ov.Core().compile_model(path, "CPU", {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,
    })
    request = model.create_infer_request()

    def run():
        request.infer([x], share_inputs=True)
        return [request.get_output_tensor(i).data for i in range(len(model.outputs))]
    return run


def ncnn(path, x, threads):
    """ncnn reads a format of its own: pnnx converts the file, beside a copy, once."""
    import ncnn as nn

    folder = pathlib.Path(tempfile.gettempdir()) / "posestream-ncnn"
    folder.mkdir(exist_ok=True)
    # pnnx writes underscores where a name has anything but letters and digits.
    name = "".join(c if c.isalnum() else "_" for c in pathlib.Path(path).stem)
    stem = f"{name}_{os.stat(path).st_size}_{'x'.join(map(str, x.shape))}"
    param, weights = folder / f"{stem}.ncnn.param", folder / f"{stem}.ncnn.bin"
    if not param.exists():
        copy = folder / f"{stem}.onnx"
        copy.write_bytes(pathlib.Path(path).read_bytes())
        shape = "[" + ",".join(map(str, x.shape)) + "]"
        # The converter speaks at length; its last words are shown when it fails.
        done = subprocess.run([converter(), copy, f"inputshape={shape}", "fp16=0"], cwd=folder, capture_output=True, text=True, timeout=600)
        if not param.exists():
            raise RuntimeError("pnnx: " + (done.stdout + done.stderr).strip()[-200:])
    net = nn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    if net.load_param(str(param)) or net.load_model(str(weights)):
        raise RuntimeError("ncnn does not load what pnnx wrote")
    picture, source, targets = nn.Mat(x[0]), net.input_names()[0], net.output_names()

    def run():
        extractor = net.create_extractor()
        extractor.input(source, picture)
        return [np.array(extractor.extract(name)[1])[None] for name in targets]
    return run


def converter():
    """The program in the package pnnx; the package itself would want PyTorch."""
    import importlib.util

    for place in importlib.util.find_spec("pnnx").submodule_search_locations:
        for program in pathlib.Path(place).rglob("pnnx"):
            if program.is_file():
                return program
    raise RuntimeError("the package pnnx has no program")


PEERS = {"onnxruntime": onnxruntime, "openvino": openvino, "ncnn": ncnn}
