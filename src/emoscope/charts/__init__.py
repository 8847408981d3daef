"""Pictures of annotations: counts of the texts of a job, and drawings of them."""

from emoscope.charts.draw import check_path
from emoscope.charts.tally import Tally

__all__ = ["Tally", "check_path"]
