"""Neural and lexical models, each a `PreTrainedModel` or its like, none knowing data or losses."""
