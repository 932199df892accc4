"""Checks a transparency log: written apart from what builds it, so that one mistake can not hide in both."""
