"""Pictures of annotations: counts of the texts of a job, and drawings of them."""

from emoscope.runtime.pictures.draw import check_path
from emoscope.runtime.pictures.tally import Tally

__all__ = ["Tally", "check_path"]
