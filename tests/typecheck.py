"""The type checker that tests hang on every annotated function: an int is welcome where a float is."""

from beartype import BeartypeConf, beartype

typecheck = beartype(conf=BeartypeConf(is_pep484_tower=True))
