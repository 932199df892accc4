"""What users would else pick, doing the same job: events of claims posted durably, a claim's standing read."""
