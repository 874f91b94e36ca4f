"""Words: the lines of each locale and the one place that turns them into SSML."""
