"""What the pages share: the question bar, charts, texts and templates."""
