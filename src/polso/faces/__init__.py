"""Faces: what people see; nothing here computes a number."""
