"""A client of the service, in two forms: `Client` waits, `AsyncClient` is awaited.

with Client("http://127.0.0.1:8000") as client:
    for scores in client.annotate(["I got the job!"], top_k=3).scores:
        print(scores)
"""

from emoscope.client.clients import AsyncClient, Client
from emoscope.client.messages import Annotations, Label, Retries, ServiceError

__all__ = ["Annotations", "AsyncClient", "Client", "Label", "Retries", "ServiceError"]
