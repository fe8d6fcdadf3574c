"""Array shapes in annotations are checked while the tests run."""

from jaxtyping import install_import_hook

# Before any genbench module is imported: every annotated function then checks its shapes and types.
hook = install_import_hook("genbench", "typecheck.typecheck")
