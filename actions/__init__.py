"""The action server: thin adapters from Rasa to the core."""
