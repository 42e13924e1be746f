"""Archive pages: HTML that lists articles, for sites with no feed. Found out by its shape, or told by selectors."""
