"""The parsers under atheris, which looks for inputs that reach code that no other input reached.

    python -m lab.fuzz --seconds 60            every parser of lab/kit/parsers.py, a minute each
    python -m lab.fuzz --seconds 600 hello     one of them

Begins with the kept corpus (lab/kit/corpus) and adds to it each input that reaches something new.
An input that fails is printed, and kept as well: the test suite fails until it is mended.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
from hashlib import sha1
from pathlib import Path

from lab.kit import corpus

_MOST = 400  # inputs that are kept for each parser: the shortest
_LONGEST = 2000  # bytes of an input
_INSIDE = "--inside"


def main() -> None:
    if sys.argv[1:2] == [_INSIDE]:
        inside(*sys.argv[2:])
    from lab.kit.parsers import HARNESSES

    parser = argparse.ArgumentParser("lab.fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="for each harness; default: 60")
    parser.add_argument("name", nargs="*", help=f"of {', '.join(HARNESSES)}; default: all")
    options = parser.parse_args()
    if unknown := set(options.name) - set(HARNESSES):
        parser.error(f"no such harness: {', '.join(unknown)}")
    try:
        import atheris  # noqa: F401 - asked for here, so that its absence is said once and plainly
    except ImportError:
        sys.exit("lab.fuzz: atheris is not installed: make fuzz does, where it has a wheel")
    failed = [name for name in options.name or HARNESSES if not fuzz(name, options.seconds)]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def fuzz(name: str, seconds: int) -> bool:
    """Return whether nothing failed; what is new is in the corpus then."""
    with tempfile.TemporaryDirectory(prefix="papaya-fuzz-") as directory:
        found, kept, failures = (Path(directory) / part for part in ("found", "kept", "failures"))
        for path in (found, kept, failures):
            path.mkdir()
        before = corpus.read(name)
        for data in before:
            for path in (found, kept):
                (path / sha1(data).hexdigest()).write_bytes(data)
        limits = [f"-max_total_time={seconds}", f"-max_len={_LONGEST}", "-timeout=20"]
        said = _run(name, *limits, f"-artifact_prefix={failures}/", str(found))
        _run(name, "-merge=1", f"-max_len={_LONGEST}", str(kept), str(found))
        inputs = [path.read_bytes() for path in kept.iterdir()]
        wrong = [path.read_bytes() for path in failures.iterdir()]
        corpus.write(name, [*sorted(inputs, key=len)[:_MOST], *wrong])
    runs = next((line for line in said.splitlines() if line.startswith("Done ")), "ended early")
    print(f"{name}: {runs}; {len(before)} inputs kept before, {len(inputs)} now", flush=True)
    if wrong:
        print("\n".join(line for line in said.splitlines()[-60:] if not line.startswith("#")))
        print("\n".join(f"  fails: {data!r}" for data in wrong), flush=True)
    return not wrong


def inside(name: str, *options: str) -> None:
    """Fuzz in a process of its own: libFuzzer takes it over and ends it.

    To merge, libFuzzer starts the same command again, through a shell, by its first argument.
    """
    import atheris

    with atheris.instrument_imports(include=["papayad", "papayachat"]):
        from lab.kit.parsers import HARNESSES
    program = f"{shlex.quote(sys.executable)} -m lab.fuzz {_INSIDE} {name}"
    atheris.Setup([program, *options], HARNESSES[name])
    atheris.Fuzz()


def _run(name: str, *options: str) -> str:
    command = [sys.executable, "-m", "lab.fuzz", _INSIDE, name, *options]
    done = subprocess.run(command, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


if __name__ == "__main__":
    main()
