"""What labelled rows say: cells, columns and exports of labelling tools, read without torch."""
