"""What several models are made of: pretrained encoders, attention, outputs."""
