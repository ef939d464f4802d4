"""The commands behind ./run: one module each."""
