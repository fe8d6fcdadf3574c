"""The words everything else is said in. Imports no torch."""
