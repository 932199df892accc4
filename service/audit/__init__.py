"""What an auditor does: check a ledger against its log, mirror it, and keep evidence of a claim."""
