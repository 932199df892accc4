"""The transparency log: a Merkle tree over the events, in formats that tools of others verify."""
