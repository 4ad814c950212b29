"""Makes the top-level folders ``conf/`` and ``train/`` importable as ``vdup.conf`` and ``vdup.train``.

In a wheel both are ordinary sub-packages and nothing happens here. In a checkout they lie beside ``vdup/``, so they
are put into ``sys.modules`` under their installed names.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path


def attach_folders(names: tuple[str, ...] = ("conf", "train")) -> None:
    """Registers each folder of a checkout as a sub-package of ``vdup``; does nothing in an installed package."""
    package = Path(__file__).resolve().parent
    if not (package.parent / "pyproject.toml").is_file():
        return
    for name in names:
        init = package.parent / name / "__init__.py"
        if (package / name / "__init__.py").is_file() or not init.is_file():
            continue
        full_name = f"{__package__}.{name}"
        if full_name in sys.modules:
            continue
        spec = spec_from_file_location(full_name, init, submodule_search_locations=[str(init.parent)])
        if spec is None or spec.loader is None:  # cannot happen for an existing .py file; keeps the types honest
            raise ImportError(f"no loader for {init}")
        module = module_from_spec(spec)
        sys.modules[full_name] = module
        spec.loader.exec_module(module)
        setattr(sys.modules["vdup"], name, module)
