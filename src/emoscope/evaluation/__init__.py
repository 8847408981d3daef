"""What a corpus holds, and how well predictions fit it."""
