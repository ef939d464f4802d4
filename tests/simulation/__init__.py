"""Simulated newcomers: they play whole intakes against the dialogue and remember by themselves what they told.

`newcomer.py` is the newcomer, who sees what a person sees; `worlds.py` the dialogue it talks with: the real processes, or
the same code in one process with a stand-in for the engine (`stand_in.py`). `checking.py` compares what is stored with what
was told. `./run bench intake` plays thousands, the tests a few dozen.
"""
