"""Pages for people: HTML that loads nothing from elsewhere."""
