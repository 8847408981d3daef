"""What Prometheus is told of the service. There is no text in it."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from emoscope.serve.batching import BatchReport

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        # Of this service alone: the library's own registry is one for the whole process.
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "emoscope_requests",
            "Requests answered",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.errors = Counter(
            "emoscope_errors",
            "Problems that clients were told of, by their kind",
            ("kind",),
            registry=self.registry,
        )
        self.left = Counter(
            "emoscope_clients_left", "Requests whose client left early", registry=self.registry
        )
        self.texts = Counter("emoscope_texts", "Texts read by the model", registry=self.registry)
        self.failed = Counter(
            "emoscope_texts_failed", "Texts that could not be scored", registry=self.registry
        )
        self.queued = Gauge(
            "emoscope_queue_texts", "Texts that wait for the model", registry=self.registry
        )
        self.under_way = Gauge(
            "emoscope_requests_under_way", "Requests under way", registry=self.registry
        )
        self.batch = self._histogram("batch_texts", "Texts of a batch", SIZES)
        self.request = self._histogram("request_seconds", "From a request to its answer")
        self.queue = self._histogram("queue_seconds", "A text in the queue")
        self.tokenizing = self._histogram("tokenizing_seconds", "A batch from texts to tokens")
        self.inference = self._histogram("inference_seconds", "A batch in the model")

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...] = SECONDS) -> Histogram:
        return Histogram(f"emoscope_{name}", what, buckets=buckets, registry=self.registry)

    def observe_batch(self, report: BatchReport) -> None:
        """Count a batch."""
        self.texts.inc(report.texts)
        self.failed.inc(report.failed)
        self.batch.observe(report.texts)
        self.tokenizing.observe(report.durations.tokenizing)
        self.inference.observe(report.durations.inference)
        for wait in report.waits:
            self.queue.observe(wait)

    def watch_queue(self, count: Callable[[], int]) -> None:
        """Read the length of the queue when somebody asks for it."""
        self.queued.set_function(count)

    def render(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)
