"""Annotation in bulk: inputs of many kinds → shards → workers → files, with a manifest; each module has one of these.

`vnreport.annotate` and `vnreport annotate` are the ways in; `Annotator` is what
Ray, Spark and Dask apply.
"""

from vnreport.bulk.annotator import Annotator

__all__ = ["Annotator"]
