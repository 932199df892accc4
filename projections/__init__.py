"""What the events say: read models, each one file, fed by the follower."""
