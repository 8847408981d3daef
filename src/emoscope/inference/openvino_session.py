"""ONNX graphs on OpenVINO, which computes in bfloat16 where the processor does."""

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from emoscope.inference.session import Feed, Outputs, name_graph


class OpenVinoSession:
    """A compiled graph.

    Args:
        path: the path of the `.onnx` file.
        threads: at most; as many as there are cores if None.
        exact: compute in float32, even where the processor is faster in bfloat16.
    """

    def __init__(self, path: Path, threads: int | None = None, *, exact: bool = False) -> None:
        import openvino

        settings: dict[str, Any] = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            # How many shapes have cached kernels. With the default of 5000 a long job, whose
            # batches have many lengths, takes more memory and is not faster.
            "CPU_RUNTIME_CACHE_CAPACITY": 50,
        }
        if threads is not None:
            settings["INFERENCE_NUM_THREADS"] = threads
        if exact:
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        self.path = path
        self.compiled = openvino.Core().compile_model(path, "CPU", settings)
        self.inputs = frozenset(port.get_any_name() for port in self.compiled.inputs)
        self.at_a_time = int(self.compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))

    def run(self, feeds: Iterable[Feed]) -> Iterator[Outputs]:
        """Outputs of each request, in order, as many at a time as the processor has room for."""
        # OpenVINO's own queue calls back into Python, and can wait for ever for the interpreter
        # when it is deleted.
        free = [self.compiled.create_infer_request() for _ in range(self.at_a_time)]
        running: deque[Any] = deque()
        for feed in feeds:
            if not free:
                yield self._collect(running.popleft(), free)
            request = free.pop()
            with name_graph(self.path):
                request.start_async(dict(feed))
            running.append(request)
        while running:
            yield self._collect(running.popleft(), free)

    def _collect(self, request: Any, free: list[Any]) -> Outputs:
        with name_graph(self.path):
            return collect_outputs(request, free)


def collect_outputs(request: Any, free: list[Any]) -> Outputs:
    """Collect the outputs of a request and mark it as free."""
    request.wait()
    outputs = tuple(tensor.data.copy() for tensor in request.output_tensors)
    free.append(request)
    return outputs
