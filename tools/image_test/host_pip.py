"""Hand this machine's pip configuration to an image build, and only to the build.

    python -m tools.image_test.host_pip FOLDER

writes FOLDER/pip.conf and prints buildah's `--volume` options for the build, one a line.

Whatever index, wheel folder or certificate pip needs here, it needs in the build too. All of it is mounted, so
nothing of it is written into the Dockerfile or the image.
"""

from __future__ import annotations

import ast
import configparser
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Weakest first, as pip ranks them: its files, then PIP_… variables.
SECTIONS = ("global", "install", ":env:")
HANDED_OVER = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "trusted-host",
    "cert",
    "client-cert",
    "proxy",
    "timeout",
    "default-timeout",
    "retries",
)
# Where TLS libraries look for this machine's certificates, if pip itself was told nothing.
CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def main() -> None:
    """Write the configuration and print how to mount it; nothing at all where pip needs none."""
    options = pip_options(_pip_config_list())
    certificate = next((found for name in CERTIFICATE_VARIABLES if (found := os.environ.get(name))), None)
    if certificate:
        options.setdefault("cert", certificate)
    if not options:
        return
    configuration = Path(sys.argv[1]) / "pip.conf"
    parser = configparser.RawConfigParser()
    parser["global"] = options
    with configuration.open("w", encoding="utf-8") as file:
        parser.write(file)
    for source, target in [(configuration, Path("/etc/pip.conf")), *((path, path) for path in local_paths(options))]:
        print(f"--volume={source}:{target}:ro")


def pip_options(listing: str) -> dict[str, str]:
    """The options that an installation needs, out of what `pip config list` printed."""
    options: dict[str, str] = {}
    found = [line.partition("=") for line in listing.splitlines() if "=" in line]
    for section in SECTIONS:
        for name, _, value in found:
            where, _, option = name.rpartition(".")
            if where == section and option in HANDED_OVER:
                options[option] = str(ast.literal_eval(value))
    return options


def local_paths(options: dict[str, str]) -> list[Path]:
    """Files and folders of this machine that the options name: wheel folders, local indexes, certificates."""
    words = [word for value in options.values() for word in value.split()]
    paths = [Path(unquote(urlsplit(word).path)) for word in words if word.startswith(("file://", "/"))]
    return _outermost({_index_folder(path) for path in paths if path.exists()})


def _index_folder(path: Path) -> Path:
    # The links of a local index lead to files beside it.
    return path.parent if path.name == "simple" else path


def _outermost(paths: set[Path]) -> list[Path]:
    return sorted(path for path in paths if not any(other in path.parents for other in paths))


def _pip_config_list() -> str:
    command = [sys.executable, "-m", "pip", "config", "list"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
