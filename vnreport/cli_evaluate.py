"""The commands that measure pipelines and compare them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vnreport.cli_annotate import refuse

if TYPE_CHECKING:
    from spacy.language import Language

    from vnreport.compare import Comparison, Difference
    from vnreport.markup import Article

_SHOWN = 8  # differences of each kind
_MOST_LOST = 5.0  # points, before they are marked
_FEW = 10  # articles, below which the bootstrap of them says little
_STYLES = {"better": "green", "worse": "red", "equal": "dim", "chance": "dim"}
_RIGHT = {"old": "OLD is right", "new": "NEW is right", "neither": "neither is right"}

_Model = Annotated[str, typer.Argument(metavar="MODEL", help="A released pipeline or the folder of another one.")]
_Data = Annotated[
    Path, typer.Argument(metavar="DATA", help="Gold articles: a .vnr or .jsonl file, or a folder of them.")
]
_Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="OUT", help="Write all to this JSON file too; `-`: JSON instead of tables."),
]


def register(app: typer.Typer) -> None:
    """Add `evaluate` and `compare` to the command line."""
    app.command("evaluate")(evaluate_command)
    app.command("compare")(compare_command)


def evaluate_command(
    model: _Model,
    data: _Data,
    output: _Output = None,
    train: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="What the pipeline was trained on: tells seen from unseen entities."),
    ] = None,
    noise: Annotated[bool, typer.Option("--noise", help="Measure under each kind of noise too; six times as long.")] = (
        False
    ),
) -> None:
    """Measure every stage of a pipeline on gold articles.

    - The released one: `vnreport evaluate vi_report_sm corpus/articles/dev`
    - Seen and unseen names: `vnreport evaluate my-model my-articles --train corpus/articles/train`
    - For a program: `vnreport evaluate vi_report_sm corpus/articles/dev -o - | jq .ents_f`

    Each score stands with its 95 % interval: the bootstrap draws whole articles.
    Beside it is the score of a stage whose input is gold: sentences for
    entities and classes, entities and classes for roles and indicators.
    """
    from vnreport.evaluate import evaluate, evaluate_on_gold, evaluate_under_noise

    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    articles = _read(data, errors)
    trained_on = [] if train is None else _read(train, errors)
    _check(output, errors)
    nlp = _load(model, errors)
    with errors.status(f"measuring {model} on {len(articles)} articles"):
        scores = evaluate(nlp, articles, trained_on)
        scores["gold_input"] = evaluate_on_gold(nlp, articles)
        if noise:
            scores["noise"] = evaluate_under_noise(nlp, articles)
    console = Console(highlight=False)
    if output != "-":
        console.print(score_table(scores))
        if noise:
            console.print(_noise_table(scores))
    _write(scores, output)


def compare_command(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The pipeline that is used now: a name or a folder.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The one that may take its place.")],
    data: _Data,
    output: _Output = None,
    all_: Annotated[bool, typer.Option("--all", help="Show every sentence that the two read differently.")] = False,
) -> None:
    """Is NEW better than OLD, or can the difference be chance?

    - `vnreport compare vi_report_sm models/training/mine corpus/articles/dev`

    DATA must be new to both: a model knows the articles that it was trained on.

    Both models' outputs of an article are exchanged at random, 5,000 times
    over; `p` is how often that parts any score as far as this one is (approximate
    randomisation, Noreen 1989, Yeh 2000; over all scores at once, Westfall and
    Young 1993). From 0.05 up the difference can be chance. The interval holds
    the differences that the same test would not reject (Garthwaite 1996): it is
    without 0 just where `p` is below 0.05.
    """
    from vnreport.compare import compare

    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    articles = _read(data, errors)
    _check(output, errors)
    models = [_load(name, errors) for name in (old, new)]
    with errors.status(f"comparing {old} and {new} on {len(articles)} articles"):
        comparison = compare(models[0], models[1], articles)
    if output != "-":
        console = Console(highlight=False)
        console.print(f"OLD {old}, NEW {new}, {comparison.articles} articles", markup=False)
        console.print(_test_table(comparison))
        console.print("p and the intervals: one test of all scores at once (vnreport compare --help)")
        console.print(_in_words(comparison))
        for line in _show_differences(comparison.differences, len(comparison.differences) if all_ else _SHOWN):
            console.print(line)
    rows = {
        "articles": comparison.articles,
        "tests": [{**test._asdict(), "verdict": test.verdict} for test in comparison.tests],
        "differences": [{**row._asdict(), "right": row.right} for row in comparison.differences],
    }
    _write(rows, output)


def _read(path: Path, errors: Console) -> list[Article]:
    from vnreport.corpus import read_articles
    from vnreport.markup import MarkupError

    try:
        return read_articles(path)
    except (OSError, MarkupError) as error:
        refuse(errors, str(error))


def _load(model: str, errors: Console) -> Language:
    from vnreport.models import load

    try:
        return load(model)
    except (OSError, ValueError) as error:
        refuse(errors, str(error))


def _check(output: str | None, errors: Console) -> None:
    """Find out before a long run that its result cannot be written."""
    if output in (None, "-"):
        return
    path = Path(str(output))
    if path.is_dir():
        refuse(errors, f"{output}: is a folder; name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(errors, f"{output}: cannot be written ({error.strerror}); name another file")


def _write(result: dict[str, Any], output: str | None) -> None:
    if output is None:
        return
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    if output == "-":
        typer.echo(text, nl=False)
    else:
        Path(output).write_text(text, encoding="utf-8")


def score_table(scores: dict[str, Any]) -> Table:
    """The scores of `vnreport.evaluate.evaluate` beside those of `gold_input`; its title says what was measured on."""
    from vnreport.evaluate import HEADLINES, pick

    title = f"{scores['articles']:,} articles, {scores['syllables']:,} syllables"
    partly = {stage: count for stage, count in scores.get("annotated", {}).items() if count}
    if partly:
        title += f"; {', '.join(f'{stage} on {count:,}' for stage, count in partly.items())} of them"
    if min([scores["articles"], *partly.values()]) < _FEW:
        title += "; intervals of so few are too narrow"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    for column in ("score", "95 % interval", "with gold input"):
        table.add_column(column, justify="right")
    gold = {**scores["gold_input"]["sentences"], **scores["gold_input"]["entities"]}
    for name, title in HEADLINES.items():
        value = pick(scores, name)
        if value is not None:
            low, high = scores["intervals"][name]
            given = pick(gold, name)
            indent = "  " if "/" in name else ""
            table.add_row(
                indent + title, f"{value:.3f}", f"{low:.3f} … {high:.3f}", "" if given is None else f"{given:.3f}"
            )
    return table


def _noise_table(scores: dict[str, Any]) -> Table:
    from vnreport.evaluate import STAGES, pick

    clean = {name: value for name in STAGES if (value := pick(scores, name)) is not None}
    table = Table(title="\nPoints lost under noise", title_justify="left", box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    for name in clean:
        table.add_column(STAGES[name], justify="right")
    for noise, noisy in scores["noise"].items():
        lost = [100 * (before - (pick(noisy, name) or 0.0)) for name, before in clean.items()]
        table.add_row(noise, *(Text(f"{points:.1f}", "red" if points > _MOST_LOST else "") for points in lost))
    return table


def _test_table(comparison: Comparison) -> Table:
    from vnreport.evaluate import HEADLINES

    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column(no_wrap=True)
    for column in ("OLD", "NEW", "points", "95 % interval", "p"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("NEW is", no_wrap=True)
    for test in comparison.tests:
        low, high = (100 * edge for edge in test.interval)
        table.add_row(
            ("  " if "/" in test.score else "") + HEADLINES[test.score],
            f"{test.old:.3f}",
            f"{test.new:.3f}",
            f"{100 * (test.new - test.old):+.1f}",
            f"{low:+.1f} … {high:+.1f}",
            "<0.001" if test.p < 0.001 else f"{test.p:.3f}",
            Text("as good?" if test.verdict == "chance" else test.verdict, _STYLES[test.verdict]),
        )
    return table


def _in_words(comparison: Comparison) -> str:
    from vnreport.evaluate import HEADLINES

    if not comparison.tests:
        return "\nNothing in these articles can be scored.\n"
    groups = {
        verdict: [HEADLINES[test.score] for test in comparison.tests if test.verdict == verdict]
        for verdict in ("better", "worse")
    }
    parts = [f"NEW is {verdict} in: {'; '.join(names)}." for verdict, names in groups.items() if names]
    if any(test.verdict == "chance" for test in comparison.tests):
        rest = "The other differences can be chance" if parts else "All differences can be chance"
        parts.append(f"{rest}, which does not mean that there are none: more articles would tell.")
    return "\n" + (" ".join(parts) or "The two models score the same.") + "\n"


def _show_differences(differences: list[Difference], limit: int) -> Iterator[Text]:
    tally = Counter(row.right for row in differences)
    told = ", ".join(f"{words} {tally[right]}" for right, words in _RIGHT.items())
    yield Text(f"Sentences that the two read differently, a stage at a time: {len(differences)} ({told})\n")
    for right, words in _RIGHT.items():
        rows = [row for row in differences if row.right == right]
        for row in rows[:limit]:
            text = Text(f"{words}: {row.layer} in {row.article}\n", "bold")
            text.append(f"  {' '.join(row.sentence.split())}\n", "default not bold")
            if row.layer == "class":
                text.append(f"  gold {row.gold[0]}, OLD {row.old[0]}, NEW {row.new[0]}\n", "default not bold")
            else:
                for name, side in (("OLD", row.old), ("NEW", row.new)):
                    text.append(f"  {name} {_errors(row.gold, side)}\n", "default not bold")
            yield text
        if len(rows) > limit:
            yield Text(f"… {len(rows) - limit} more where {words}; --all shows them\n", "dim")


def _errors(gold: tuple[str, ...], side: tuple[str, ...]) -> str:
    """What a model missed and what it made up, in words."""
    missed, made_up = Counter(gold) - Counter(side), Counter(side) - Counter(gold)
    parts = [f"{verb} {'; '.join(items)}" for verb, items in (("missed", missed), ("gives", made_up)) if items]
    return ", ".join(parts) or "as the gold"
