"""Sets of labels: what they are called, which words describe them, in which languages.

A taxonomy is data. Built-in ones are YAML files in `taxonomies/`; a user's own comes from a YAML
or JSON file, from an emotion configuration (name to show → word or list of words), from a plain
comma-separated list, or from Python. This part belongs to the light floor: it needs PyYAML and
nothing else.
"""

from emoscope.taxonomy.label import Label
from emoscope.taxonomy.sources import MAX_FILE_BYTES, LabelSet, builtin_taxonomies
from emoscope.taxonomy.taxonomy import Taxonomy

__all__ = ["MAX_FILE_BYTES", "Label", "LabelSet", "Taxonomy", "builtin_taxonomies"]
