"""NELEC: a recurrent network over word and emoji vectors."""
