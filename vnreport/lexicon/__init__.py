"""Words, units and cues as tables: tab-separated, the first line names the columns."""

from importlib.resources import files


def read_rows(name: str) -> list[list[str]]:
    """The cells of each row of a table.

    Args:
        name: of a file in this folder.

    Raises:
        FileNotFoundError: there is no such file.
    """
    text = (files(__name__) / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]
