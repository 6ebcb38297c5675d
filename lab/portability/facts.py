"""What the tests run on: `python -m lab.portability.facts`, run inside, prints it as JSON."""

import json
import platform
import sys


def facts() -> dict[str, str]:
    return {
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {sys.maxsize.bit_length() + 1} bit",
        "kernel": f"{platform.system()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()),
    }


if __name__ == "__main__":
    print(json.dumps(facts()))
