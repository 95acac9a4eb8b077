"""Which products of a catalogue are the same one twice, and what becomes of their ids."""
