"""Regulatory packs: what an authority asks of a service, as dated data, and whether it was met."""
