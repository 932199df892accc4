"""Signs the log's checkpoints, keeps them, has witnesses sign them, and shows no more of the log than they cover."""
