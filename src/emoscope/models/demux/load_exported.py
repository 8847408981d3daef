"""The backend of an exported Demux, of labels that see each other or of independent ones."""

from emoscope.encoding.encoder import load_encoder
from emoscope.errors import InputError
from emoscope.folder import GRAPH, LABEL_GRAPH, ModelFolder
from emoscope.inference.session import SessionLoader
from emoscope.models.demux.encoder import DemuxEncoder
from emoscope.models.demux.exported import CLUSTERS, GraphBackend
from emoscope.models.demux.exported_independent import IndependentBackend, Sessions
from emoscope.models.demux.independent_encoder import IndependentEncoder


def load_exported(folder: ModelFolder, load: SessionLoader) -> GraphBackend | IndependentBackend:
    """The backend of a folder with an exported graph, or with one for texts and one for labels.

    Args:
        folder: with `model.onnx`.
        load: loads a graph.

    Raises:
        InputError: the files do not fit together, or one is missing.
    """
    encoder, cluster = load_encoder(folder), folder.config.get("cluster")
    if not isinstance(encoder, DemuxEncoder | IndependentEncoder) or cluster not in CLUSTERS:
        raise InputError(
            f"{folder.path}: expected with {GRAPH} an encoder of Demux and one of the clusters "
            f"{', '.join(CLUSTERS)}. The files were edited or are of several models."
        )
    texts = load(folder.path / GRAPH)
    if isinstance(encoder, DemuxEncoder):
        return GraphBackend(texts, encoder, cluster)
    labels = folder.path / LABEL_GRAPH
    if not labels.is_file():
        raise InputError(f"{labels} is missing: the model folder is incomplete.")
    # Once for a job: in half precision a label's state would depend on how others are padded.
    return IndependentBackend(Sessions(texts, load(labels, exact=True)), encoder, cluster)
