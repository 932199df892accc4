"""The immutable store of events, behind one interface for every engine."""
