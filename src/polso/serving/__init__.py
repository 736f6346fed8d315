"""One process that answers many: a pool of readers over one store, and the file that says that a server runs."""
