"""Why a text gets a score: Shapley values of its words, shown in a terminal or as HTML."""
