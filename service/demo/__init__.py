"""The example story: a whole news article as events, ready to post."""
