"""Facts made of entities, sentences and quantities: who holds which office, which figure meets which plan."""

from vnreport.relations.indicators import Indicator, find_indicators
from vnreport.relations.roles import Role, find_roles

__all__ = ["Indicator", "Role", "find_indicators", "find_roles"]
