"""Measures the service beside the ordinary way of doing the same, on the same machine, in alternating rounds."""
