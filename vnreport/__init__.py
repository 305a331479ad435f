"""Structured facts from the reports of Vietnamese local government.

>>> import vnreport
>>> nlp = vnreport.load()
>>> records = vnreport.to_records(nlp("Thu ngân sách đạt 9,2 tỷ đồng."))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vnreport.bulk.api import annotate
    from vnreport.models import load
    from vnreport.numerals import parse_number
    from vnreport.quantities import Quantity, parse_quantities
    from vnreport.records import records_schema, to_records

__version__ = "0.1.0"
__all__ = [
    "Quantity",
    "__version__",
    "annotate",
    "load",
    "parse_number",
    "parse_quantities",
    "records_schema",
    "to_records",
]

_HOMES = {
    "Quantity": "quantities",
    "annotate": "bulk.api",
    "load": "models",
    "parse_number": "numerals",
    "parse_quantities": "quantities",
    "records_schema": "records",
    "to_records": "records",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that numbers can be parsed without spaCy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vnreport' has no attribute {name!r}")
    value = getattr(import_module(f"vnreport.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
