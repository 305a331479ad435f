"""Gold articles → Docs: the only way in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vnreport import jsonlines
from vnreport.inputs import ERRORS, MANIFEST
from vnreport.markup import FACT_QUANTITIES, Article, Entity, MarkupError, read
from vnreport.schema import ENTITIES_KEY, QUANTITIES_KEY, SENTENCES_KEY

if TYPE_CHECKING:
    from datasets import DatasetDict
    from spacy.language import Language
    from spacy.tokens import Doc, Span
    from spacy.training import Example

_SUFFIXES = (".vnr", ".jsonl")
_MOST_ERRORS = 20


def read_articles(path: str | Path) -> list[Article]:
    """All articles of a file or folder, in the order of their names.

    Args:
        path: a `.vnr` or `.jsonl` file (see `vnreport.jsonlines`; the suffix in
            any case), or a folder with such files at any depth.

    Returns:
        The articles; those of a `.jsonl` file in the order of its lines.

    Raises:
        FileNotFoundError: there is no article, or none that is not marked as rejected or ignored.
        MarkupError: articles break the form; one line for each of the first
            errors, with file, line and what is wrong.
    """
    articles: list[Article] = []
    errors: list[str] = []
    for file in article_files(path):
        if file.suffix.lower() == ".jsonl":
            found, wrong = jsonlines.read(file)
            articles += found
            errors += wrong
        else:
            try:
                articles.append(read(file))
            except MarkupError as error:
                errors.append(str(error))
    if errors:
        more = [f"… and {len(errors) - _MOST_ERRORS} more"] if len(errors) > _MOST_ERRORS else []
        raise MarkupError("\n".join([*errors[:_MOST_ERRORS], *more]))
    if not articles:
        reason = "every line is empty or has an 'answer' other than 'accept'"
        raise FileNotFoundError(f"{path}: no article is left: {reason}; accept some, or leave the path out")
    return articles


def article_files(path: str | Path) -> list[Path]:
    """The files of articles in a folder, or the one file, in the order of their names.

    Of a folder neither what is hidden nor what `vnreport annotate` writes beside the records.

    Raises:
        FileNotFoundError: there is none.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder; check the name")
    files = sorted(file for file in (_files(path) if path.is_dir() else [path]) if _is_article(file))
    if not files:
        raise FileNotFoundError(f"{path}: no .vnr or .jsonl article; corpus/FORMAT.md describes the form")
    return files


def other_files(path: str | Path) -> list[Path]:
    """The files of a folder that are of another form than those of `article_files`; none if it is a file."""
    return sorted(file for file in _files(Path(path)) if not _is_article(file))


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        written = f".{file.name}".endswith((f".{ERRORS}", f".{MANIFEST}"))
        if file.is_file() and not hidden and not written:
            yield file


def _is_article(file: Path) -> bool:
    return file.suffix.lower() in _SUFFIXES


def to_reference(article: Article, doc: Doc) -> Doc:
    """Put an article's annotation on a tokenised Doc of its text.

    Sets sentence starts, `doc.ents`, `doc.spans["sentences"]` and
    `doc.spans["quantities"]`; of an article without sentences neither their
    starts nor their spans. An entity whose edge falls inside a token is left out
    and its tokens marked as unknown; `doc.user_data["vnreport.entities"]` has
    the offsets and label of each.

    Args:
        article: gold.
        doc: of `article.text`, tokenised.

    Returns:
        The same Doc.

    Raises:
        ValueError: a span of the article lies outside the Doc.
    """
    from spacy.tokens import SpanGroup

    sentences = [_span(doc, s.start, s.end, s.label) for s in article.sentences]
    if sentences:
        for token in doc:
            token.is_sent_start = token.i == 0
        for span in sentences:
            doc[span.start].is_sent_start = True
        doc.spans[SENTENCES_KEY] = SpanGroup(doc, name=SENTENCES_KEY, spans=sentences)
    spans = [doc.char_span(e.start, e.end, label=e.label) for e in article.entities]
    entities = [span for span in spans if span is not None]
    known = {i for span in entities for i in range(span.start, span.end)}
    cut = [e for e, span in zip(article.entities, spans, strict=True) if span is None]
    unknown = {i for e in cut for i in _tokens(doc, e)} - known
    doc.user_data[ENTITIES_KEY] = [(e.start, e.end, e.label) for e in article.entities]
    doc.set_ents(entities, missing=[doc[i : i + 1] for i in sorted(unknown)], default="outside")
    quantities = [_span(doc, q.start, q.end, q.kind) for q in article.quantities]
    doc.spans[QUANTITIES_KEY] = SpanGroup(doc, name=QUANTITIES_KEY, spans=quantities)
    return doc


def _tokens(doc: Doc, entity: Entity) -> range:
    span = _span(doc, entity.start, entity.end, entity.label)
    return range(span.start, span.end)


def _span(doc: Doc, start: int, end: int, label: str) -> Span:
    span = doc.char_span(start, end, label=label, alignment_mode="expand")
    if span is None:
        raise ValueError(f"offsets {start}:{end} lie outside the text")
    return span


def create_corpus_reader(path: Path, more: Path | None = None) -> Callable[[Language], Iterator[Example]]:
    """The reader `@readers = "vnreport.Corpus.v1"` of a spaCy training config.

    Args:
        path: a `.vnr` or `.jsonl` file, or a folder of them.
        more: another one, a researcher's own articles.

    Returns:
        A function that gives an Example for each article: the bare tokens, and
        their reference of `to_reference`.

    Raises:
        FileNotFoundError, MarkupError: as `read_articles`, at once: spaCy makes the
            readers before it trains, but reads what it measures on after it.
    """
    articles = read_articles(path) + (read_articles(more) if more else [])
    references: list[Doc] = []

    def examples(nlp: Language) -> Iterator[Example]:
        from spacy.training import Example

        if not references or references[0].vocab is not nlp.vocab:
            references[:] = [to_reference(article, nlp.make_doc(article.text)) for article in articles]
        for reference in references:
            yield Example(_bare(reference), reference.copy())

    return examples


def _bare(doc: Doc) -> Doc:
    """The tokens of a Doc without its annotation."""
    from spacy.tokens import Doc

    return Doc(doc.vocab, words=[t.text for t in doc], spaces=[bool(t.whitespace_) for t in doc])


def to_rows(articles: Iterable[Article]) -> Iterator[dict[str, Any]]:
    """Articles as JSON-ready rows, the form of `scripts/export-corpus`.

    Args:
        articles: gold.

    Returns:
        For each article a dict with its id, its header, its text, and lists of
        `sentences`, `entities`, `quantities`, `roles` and `indicators`; offsets are
        code points, indices point into the other lists.
    """
    for a in articles:
        yield {
            "id": a.id,
            **a.meta,
            "text": a.text,
            "sentences": [{"start": s.start, "end": s.end, "label": s.label} for s in a.sentences],
            "entities": [{"start": e.start, "end": e.end, "label": e.label} for e in a.entities],
            "quantities": [
                {"start": q.start, "end": q.end, "kind": q.kind, "value": q.value, "approx": q.approx}
                for q in a.quantities
            ],
            "roles": [
                {"sentence": r.sentence, "person": r.person, "title": r.title, "organisation": r.organisation}
                for r in a.roles
            ],
            "indicators": [
                {"sentence": f.sentence, "name": f.name, "owner": f.owner}
                | {key: f.values.get(key) for key in FACT_QUANTITIES}
                for f in a.facts
            ],
        }


def load_dataset(path: str | Path) -> DatasetDict:
    """The corpus as a `datasets.DatasetDict`, one split for each folder of `path`.

    Args:
        path: a folder with the folders `train`, `dev`, `test`.

    Returns:
        Their articles, each a row of `to_rows`.

    Raises:
        FileNotFoundError, MarkupError: as `read_articles`.
    """
    from datasets import Dataset, DatasetDict

    folders = sorted(folder for folder in Path(path).iterdir() if folder.is_dir())
    return DatasetDict({f.name: Dataset.from_list(list(to_rows(read_articles(f)))) for f in folders})
