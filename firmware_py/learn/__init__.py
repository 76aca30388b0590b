"""Learning which control moves a setting or triggers an action."""
