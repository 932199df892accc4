"""Hypothesis profiles: `--hypothesis-profile` chooses one, else `ci` where CI is set, else `dev`."""

import os

from hypothesis import settings

# No deadline: on a busy machine it measures the neighbours. The blob repeats a failure anywhere.
settings.register_profile("dev", deadline=None, print_blob=True, max_examples=50)
settings.register_profile("ci", deadline=None, print_blob=True, max_examples=50, database=None)
settings.register_profile("soak", deadline=None, print_blob=True, max_examples=5_000)
settings.load_profile("ci" if "CI" in os.environ else "dev")
