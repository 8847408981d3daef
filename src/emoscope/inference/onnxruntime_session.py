"""ONNX graphs on ONNX Runtime, where OpenVINO is not installed or has no package."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from emoscope.inference.session import Feed, Outputs, name_graph


class OnnxRuntimeSession:
    """A loaded graph.

    Args:
        path: the path of the `.onnx` file.
        threads: at most; as many as there are cores if None.
        exact: compute in float32, as it always does.
    """

    def __init__(self, path: Path, threads: int | None = None, *, exact: bool = False) -> None:
        import onnxruntime

        del exact
        self.path = path
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self.inputs = frozenset(port.name for port in self.session.get_inputs())

    def run(self, feeds: Iterable[Feed]) -> Iterator[Outputs]:
        """Outputs of each request, in order, one at a time on all threads."""
        for feed in feeds:
            with name_graph(self.path):
                outputs = tuple(self.session.run(None, dict(feed)))
            yield outputs
