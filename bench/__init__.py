"""What is measured, each with a peer or a floor in the same run; ./run bench NAME prints the figures."""
