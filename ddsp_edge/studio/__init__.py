"""Training in the browser: a page on the musician's own computer that drives the trainer."""
