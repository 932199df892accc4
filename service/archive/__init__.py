"""A whole ledger in three files that anybody can read: written by a backup, checked and read by a restore."""
