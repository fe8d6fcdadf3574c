"""GenBench: would you ship it?"""

__version__ = "0.1.0"
