"""A simulated omnichannel company whose truth is known, to show Polso and to test it.

Rule kept here: the truth comes from the simulator's own state, never from folding its events.
"""

from __future__ import annotations

from polso.demo.company import Company as Company
from polso.demo.company import simulate as simulate
from polso.demo.project import write_project as write_project
from polso.demo.truth import Tally as Tally
from polso.demo.truth import Truth as Truth
