"""What Polso should answer, worked out a second time: plain Python loops, datetimes and Fractions.

Rule kept here: written from the design documents and the columns' sentences, never from the folds,
and importing nothing of Polso, so that one mistake cannot be on both sides.
"""
