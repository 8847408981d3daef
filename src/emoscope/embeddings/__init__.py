"""Words and emoji as vectors, and words as ids.

Needs numpy only; what reads large files (gensim, safetensors, pyarrow) is imported when used.
"""

from emoscope.embeddings.emoji2vec import (
    EmojiObjective,
    emoji_descriptions,
    learn_emoji_vectors,
    load_emoji_vectors,
)
from emoscope.embeddings.shares import Coverage, Share, coverage
from emoscope.embeddings.vectors import (
    WordVectors,
    cache_folder,
    load_vectors,
    save_vectors,
)
from emoscope.embeddings.vocabulary import Vocabulary, embedding_matrix

__all__ = [
    "Coverage",
    "EmojiObjective",
    "Share",
    "Vocabulary",
    "WordVectors",
    "cache_folder",
    "coverage",
    "embedding_matrix",
    "emoji_descriptions",
    "learn_emoji_vectors",
    "load_emoji_vectors",
    "load_vectors",
    "save_vectors",
]
