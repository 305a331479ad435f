"""The workflow that retrains the pipelines, on two tiny articles in a checkout of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
import srsly

from tests.conftest import ROOT

PROJECT = srsly.read_yaml(ROOT / "models/project.yml")
ARTICLE = """\
kind: news
place: xã Đồng Mỏ {n}
region: north
year: 2020
noise: clean
---
O| [Đảng ủy xã]ORG họp, đ/c [Lò Văn Panh {name}]PER, [Bí thư]TITLE chủ trì.
A> Thu ngân sách đạt {{9,2 tỷ đồng|money 9200000000 VND}}.
S> Việc thu gom rác còn chậm.
D> Yêu cầu các thôn làm xong trước tháng sau.
"""


def test_every_workflow_is_made_of_commands_and_checks_first() -> None:
    commands = {command["name"] for command in PROJECT["commands"]}
    assert set(PROJECT["workflows"]) == {"sm", "trf", "all"}
    for steps in PROJECT["workflows"].values():
        assert set(steps) <= commands
        assert steps[0] == "check"


def test_what_a_step_reads_and_calls_is_there() -> None:
    written = {output for command in PROJECT["commands"] for output in command.get("outputs", ())}
    for command in PROJECT["commands"]:
        for dep in set(command.get("deps", ())) - written:
            path = PROJECT["vars"][dep[7:-1]] if dep.startswith("${vars.") else dep
            assert (ROOT / "models" / path).exists(), path


@pytest.mark.parametrize("step", ["train-sm", "train-trf"])
def test_all_that_training_imports_is_a_dependency_of_its_step(step: str) -> None:
    code = (
        "import sys, vnreport.corpus, vnreport.training, vnreport.pipes.encoder, vnreport.pipes.tokenizer;"
        "print(*{m.__file__ for name, m in sys.modules.items() if name.startswith('vnreport.')}, sep='\\n')"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    (deps,) = [command["deps"] for command in PROJECT["commands"] if command["name"] == step]
    known = {(ROOT / "models" / dep).resolve() for dep in deps if "$" not in dep}
    imported = {Path(line).resolve() for line in result.stdout.split()}
    assert len(imported) > 10
    assert {path for path in imported if known.isdisjoint((path, *path.parents))} == set()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--steps 5", "--steps: no such option"),
        ("--add", "--add needs a value"),
        ("--add nowhere", "nowhere: there is no such file or folder"),
        ("--measure mine=nowhere", "nowhere: there is no such file or folder"),
        ("--measure corpus", "--measure corpus: NAME=PATH is needed, without a semicolon"),
        ("--measure a;b=corpus", "--measure a;b=corpus: NAME=PATH is needed, without a semicolon"),
        ("--output README.md/mine", "README.md/mine: cannot be written; name another folder"),
        ("--output /proc/mine/best", "/proc/mine/best: cannot be written; name another folder"),
        ("--add corpus --add corpus", "one --add; put the articles into one folder"),
        ("--model base", "--model base: sm, trf or all"),
        ("--model trf --raw README.md", "--raw: only vi_report_sm learns from more texts"),
        ("--model all --output mine", "--output: for one model; name it with --model"),
        ("--output docs", "docs: is no pipeline and would be written over"),
        ("--output a'b", "a quote or a dollar sign in a name or path cannot be used here"),
    ],
)
def test_retrain_says_what_is_wrong_before_it_sets_anything_up(options: str, message: str) -> None:
    command = [str(ROOT / "scripts/retrain"), *options.split()]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": os.defpath})
    assert (result.returncode, result.stderr) == (2, f"error: {message} (scripts/retrain --help)\n")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checkout")
    for name in ("vnreport", "scripts", "models/assets", "models/configs"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(ROOT / name, target_is_directory=True)
    shutil.copy(ROOT / "models/project.yml", root / "models")
    for n, (split, name) in enumerate([("train", "An"), ("dev", "Bình")]):
        folder = root / "corpus/articles" / split
        folder.mkdir(parents=True)
        (folder / f"{split}.vnr").write_text(ARTICLE.format(n=n, name=name), encoding="utf-8")
    return root


def weasel(root: Path, step: str) -> subprocess.CompletedProcess[str]:
    options = " --components.report_encoder.training.steps 1"
    command = [sys.executable, "-m", "weasel", "run", step, "models", "--vars.options", options]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_articles_are_trained_on_after_a_check_and_once(checkout: Path) -> None:
    checked = weasel(checkout, "check")
    assert checked.returncode == 0, checked.stdout
    assert "2 articles, 0 problems" in checked.stdout
    trained = weasel(checkout, "train-sm")
    assert trained.returncode == 0, trained.stdout + trained.stderr
    assert spacy.load(checkout / "models/training/vi_report_sm/model-last").pipe_names[0] == "report_sentences"
    assert "Skipping 'train-sm': nothing changed" in weasel(checkout, "train-sm").stdout


def test_a_mistake_stops_the_work(checkout: Path) -> None:
    bad = checkout / "corpus/articles/train/bad.jsonl"
    bad.write_text('{"text": "a", "spans": [{"start": 0, "end": 5, "label": "ORG"}]}\n', encoding="utf-8")
    stopped = weasel(checkout, "sm")
    bad.unlink()
    assert stopped.returncode != 0
    assert "bad.jsonl:1: spans[0].end: 0 to 5 is no stretch of a text of 1 code points" in stopped.stdout
    assert "train-sm" not in stopped.stdout
