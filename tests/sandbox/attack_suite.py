"""The programs of tests/data/sandbox/attacks.

A program's first comment says what it tries. The second, where there is one, holds `key: value` pairs: `expect` (the
statuses that are right, separated by |), `timeout` (seconds), `memory_mb`, `repeat` (runs side by side), `control` (it
harms nobody, and must succeed without a sandbox), `once` (a compiler takes long over it: in one way only), for
judging: `output` (what would be right; a secret number where it is not given) and `function`. Names between @ are
filled in: where the secret file and the listeners are. Stdin is the number of a process outside. A program that got
something it must not have prints a line that begins with ESCAPED:.
"""
import dataclasses
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "data/sandbox/attacks"
LANGUAGES = {".py": "python", ".c": "c", ".cpp": "cpp"}
ENDED = ("ok", "runtime_error", "compile_error", "memory", "output_limit")


@dataclasses.dataclass
class Attack:
    name: str
    language: str
    program: str
    options: dict

    @property
    def statuses(self):
        return self.options["expect"].split("|") if "expect" in self.options else ENDED

    @property
    def timeout(self):
        return float(self.options.get("timeout", 10))

    @property
    def repeat(self):
        return int(self.options.get("repeat", 1))

    @property
    def is_control(self):
        return "control" in self.options

    def request(self, number, stdin):
        return {"id": number, "language": self.language, "program": self.program, "stdin": stdin,
                "timeout_seconds": self.timeout, "memory_mb": int(self.options.get("memory_mb", 256)),
                "repeat": self.repeat}


def read_options(text):
    second = text.split("\n")[1]
    if not second.startswith(("# ", "// ")):
        return {}
    pairs = [part.partition(":") for part in second.lstrip("#/").split(";")]
    options = {key.strip(): value.strip() for key, _, value in pairs}
    known = {"expect", "timeout", "memory_mb", "repeat", "control", "once", "output", "function"}
    assert set(options) <= known, f"unknown options in {second}"
    return options


def read_attacks(places, folder="*"):
    """@param places what stands for the names between @"""
    attacks = []
    for path in sorted(FOLDER.glob(f"{folder}/*")):
        text = path.read_text()
        options = read_options(text)
        for name, value in places.items():
            text = text.replace(f"@{name}@", str(value))
        attacks.append(Attack(f"{path.parent.name}/{path.name}", LANGUAGES[path.suffix], text, options))
    return attacks
