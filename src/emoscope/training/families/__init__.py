"""How each kind of model is made ready for training: encoder, new networks, what to tell."""
