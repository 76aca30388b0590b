"""What the panel and the studio have in common: responses, static files, checks of a request."""
