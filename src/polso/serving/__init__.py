"""One process that answers many: a pool of readers over one store, and the file that says a server runs."""

from polso.serving.readers import Readers

__all__ = ["Readers"]
