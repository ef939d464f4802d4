"""The engine process: understanding and dialogue by Rasa, alone in its own environment."""
