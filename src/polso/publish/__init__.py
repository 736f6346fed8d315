"""Publishing: what Polso knows, for programs that are not Polso."""
