"""The event log: its closed vocabulary, how events get in, and what is wrong with those that are there."""
