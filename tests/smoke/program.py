"""What the smoke scripts share: running the program, and telling what went wrong."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Program:
    """The program under test and a scratch folder, emptied first."""

    def __init__(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("--aha", type=pathlib.Path, required=True)
        parser.add_argument("--scratch", type=pathlib.Path, required=True)
        self.arguments, self.rest = parser.parse_known_args()
        self.path = self.arguments.aha.resolve()
        self.scratch = self.arguments.scratch.resolve()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        self.checks = 0

    def start(self, *arguments, **options):
        return subprocess.Popen([str(self.path), *map(str, arguments)], cwd=ROOT, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run(self, *arguments, exit_code=0, **options):
        process = subprocess.run([str(self.path), *map(str, arguments)], cwd=ROOT, text=True, capture_output=True, **options)
        if process.returncode != exit_code:
            sys.exit(f"aha {' '.join(map(str, arguments))}\nexit {process.returncode}, wanted {exit_code}\n"
                     f"{process.stdout[-3000:]}\n{process.stderr[-3000:]}")
        return process

    def expect(self, condition, sentence):
        self.checks += 1
        if not condition:
            sys.exit(f"FAILED: {sentence}")

    def refuses(self, *arguments, mentions, exit_code=2):
        """The command fails with this exit code, and its error names all of `mentions` without a stack of lines."""
        error = self.run(*arguments, exit_code=exit_code).stderr
        for text in mentions:
            self.expect(text in error, f"aha {' '.join(map(str, arguments))}: no {text!r} in: {error}")
        self.expect("terminate called" not in error, "the program crashed instead of refusing")

    def write_lines(self, name, rows):
        path = self.scratch / name
        path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
        return path


def read_lines(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
