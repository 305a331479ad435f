"""Facts made of entities, sentences and quantities.

`find_roles`: who holds which office in which body. `find_indicators`: which figure
is set against which plan, and whether they agree. `link`: all mentions of one
person or body. Pure functions over offsets; spaCy is not needed.
"""

from vnreport.relations.indicators import Indicator, find_indicators
from vnreport.relations.linking import Party, link
from vnreport.relations.roles import Role, find_roles

__all__ = ["Indicator", "Party", "Role", "find_indicators", "find_roles", "link"]
