"""Tests of the domain: values only."""
