#!/usr/bin/env python3
"""The door: reads the command line, starts one verb, ends with its exit code. Nothing heavy is imported before a
verb needs it, so that `--help` and `check` answer at once. Exit codes: docs/operations.md."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from config import settings as config
from transcriber import __version__
from transcriber.chat.texts import Texts
from transcriber.errors import Permanent, Problem, SettingsWrong, StenogramError
from transcriber.usage import Parser

_HELP_EXAMPLE = "python userbot.py transcribe --help"
_EXAMPLE = "python userbot.py transcribe -f srt -o out note.ogg"  # of the verb with the most options
_FIND_EXAMPLE = "python userbot.py find --limit 5 tickets"
_WORKER_EXAMPLE = "REDIS_URL=redis://:password@host:6379/0 python userbot.py worker"
_EXPORT_EXAMPLE = "python userbot.py export --since 7d -o notes.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code. `Permanent` errors become one clear line on stderr."""
    values, lacking = _environment()
    texts = Texts(config.ui_language(values))
    arguments = _parser(texts).parse_args(argv)
    try:
        return _begin(values, lacking, texts, arguments)
    except StenogramError as error:
        mark = "" if error.key == "login_left" else "❌ "
        print(mark + _explain(error, texts), file=sys.stderr)
        return error.exit_code if isinstance(error, Permanent) else 1
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("transcriber", "config"):
            raise
        print("❌ " + texts("cli.packages_missing", name=error.name), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return _without_output(error, texts)


def _environment() -> tuple[dict[str, str], ModuleNotFoundError | SettingsWrong | None]:
    """What is set, and what is lacking to read all of it: those who look for faults go on without."""
    dotenv = Path(".env").absolute()
    try:
        return config.environment(dotenv), None
    except ModuleNotFoundError as error:
        return config.environment(Path(os.devnull)), error
    except (OSError, UnicodeDecodeError):
        return config.environment(Path(os.devnull)), SettingsWrong("dotenv_unreadable", path=dotenv)


def _begin(
    values: Mapping[str, str],
    lacking: ModuleNotFoundError | SettingsWrong | None,
    texts: Texts,
    arguments: argparse.Namespace,
) -> int:
    if arguments.verb == "check":
        return _check(config.data_dir(values), texts)
    if arguments.verb == "doctor":
        return _doctor(values, texts)
    if lacking is not None:
        raise lacking
    settings = config.read(values)
    verb: Callable[[config.Settings, Texts, argparse.Namespace], int] = VERBS[arguments.verb or "run"]
    return verb(settings, texts, arguments)


def _without_output(error: OSError, texts: Texts) -> int:
    """End with 1 where what is printed finds no reader (`… | head`, which is no news) or no room."""
    if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EDQUOT):
        raise error
    if error.errno != errno.EPIPE:
        print("❌ " + texts("error.disk_full"), file=sys.stderr)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain of it at the end
    return 1


def _explain(error: StenogramError, texts: Texts) -> str:
    if not isinstance(error, SettingsWrong) or "problems" not in error.details:
        return texts.at_terminal(error.key, **error.details)
    problems = cast(tuple[Problem, ...], error.details["problems"])
    shown = [
        texts(f"setting.{problem.key}", name=problem.name, value=problem.value, expected=problem.expected)
        for problem in problems
    ]
    return texts("error.settings", problems="; ".join(shown))


def _parser(texts: Texts) -> Parser:
    parser = Parser(texts, prog="userbot.py", description=texts("cli.description"), example=_HELP_EXAMPLE)
    version = f"stenogram {__version__}"
    parser.add_argument("--version", action="version", version=version, help=texts("argv.version"))
    verbs = parser.verbs(texts("cli.verbs"))
    verbs.add_parser("run", help=texts("cli.run"))
    login = verbs.add_parser("login", help=texts("cli.login"))
    login.add_argument("--if-needed", action="store_true", help=texts("cli.login_if_needed"))
    login.add_argument("--phone", action="store_true", help=texts("cli.login_phone"))
    verbs.add_parser("logout", help=texts("cli.logout"))
    _transcribe_options(verbs.add_parser("transcribe", help=texts("cli.transcribe"), example=_EXAMPLE), texts)
    _find_options(verbs.add_parser("find", help=texts("cli.find"), example=_FIND_EXAMPLE), texts)
    _export_options(verbs.add_parser("export", help=texts("cli.export"), example=_EXPORT_EXAMPLE), texts)
    verbs.add_parser("worker", help=texts("cli.worker"), how=texts("cli.worker_how"), example=_WORKER_EXAMPLE)
    verbs.add_parser("check", help=texts("cli.check"))
    verbs.add_parser("doctor", help=texts("cli.doctor"))
    sandbox = verbs.add_parser("sandbox", help=texts("cli.sandbox"))
    sandbox.add_argument("--demo", action="store_true", help=texts("cli.sandbox_demo"))
    return parser


def _transcribe_options(files: Parser, texts: Texts) -> None:
    formats = ("txt", "srt", "vtt", "json")
    files.add_argument("paths", nargs="+", metavar=texts("cli.file"), help=texts("cli.transcribe_paths"))
    files.add_argument(
        "-f",
        "--format",
        choices=formats,
        default="txt",
        metavar=texts("cli.format"),
        help=texts("cli.transcribe_format"),
    )
    files.add_argument("-o", "--output", type=Path, metavar=texts("cli.dir"), help=texts("cli.transcribe_output"))
    files.add_argument("--again", action="store_true", help=texts("cli.transcribe_again"))
    files.add_argument("--json", action="store_true", help=texts("cli.transcribe_json"))
    files.add_argument("-l", "--language", metavar="xx", help=texts("cli.transcribe_language"))
    files.add_argument("-m", "--model", metavar=texts("cli.name"), help=texts("cli.transcribe_model"))
    files.add_argument("--translate", action="store_true", help=texts("cli.transcribe_translate"))
    files.set_defaults(mistaken=files.error)


def _find_options(found: Parser, texts: Texts) -> None:
    found.add_argument("words", nargs="+", metavar=texts("cli.word"), help=texts("cli.find_words"))
    found.add_argument("--json", action="store_true", help=texts("cli.find_json"))
    found.add_argument("--limit", type=int, default=20, metavar="N", help=texts("cli.find_limit"))


def _export_options(taken: Parser, texts: Texts) -> None:
    taken.add_argument(
        "-f",
        "--format",
        choices=("md", "json"),
        default="md",
        metavar=texts("cli.format"),
        help=texts("cli.export_format"),
    )
    taken.add_argument("--chat", metavar=texts("cli.name"), help=texts("cli.export_chat"))
    taken.add_argument("--since", metavar=texts("cli.date"), help=texts("cli.export_since"))
    taken.add_argument("-o", "--output", type=Path, metavar=texts("cli.file"), help=texts("cli.export_output"))
    taken.set_defaults(mistaken=taken.error)


def _check(data_dir: Path, texts: Texts) -> int:
    from transcriber import health
    from transcriber.boot import since_boot_s

    healthy, key, details = health.verdict(data_dir, since_boot_s())
    print(texts(key, **details), flush=True)
    return 0 if healthy else 1


def _doctor(values: Mapping[str, str], texts: Texts) -> int:
    from transcriber.doctor.examine import examine

    return examine(values, texts, sys.stdout)


def _run(settings: config.Settings, texts: Texts, _: argparse.Namespace) -> int:
    from transcriber import app

    return asyncio.run(app.run(settings, texts))


def _login(settings: config.Settings, texts: Texts, arguments: argparse.Namespace) -> int:
    from config import logs
    from transcriber import sign_in

    logs.for_a_person(settings.log_level, settings.log_format)
    try:
        return asyncio.run(sign_in.login(settings, texts, if_needed=arguments.if_needed, by_phone=arguments.phone))
    except KeyboardInterrupt:
        print("\n" + texts("error.login_left"), file=sys.stderr)
        return 130


def _logout(settings: config.Settings, texts: Texts, _: argparse.Namespace) -> int:
    from config import logs
    from transcriber import sign_in

    logs.for_a_person(settings.log_level, settings.log_format)
    return asyncio.run(sign_in.logout(settings, texts))


def _transcribe(settings: config.Settings, texts: Texts, arguments: argparse.Namespace) -> int:
    if arguments.again and arguments.output is None:
        arguments.mistaken(texts("cli.again_needs_output"))
    if arguments.language is not None:
        arguments.language = _language(arguments, texts)
    from config import logs
    from transcriber import files

    logs.for_a_person(settings.log_level, settings.log_format)
    return files.transcribe(settings, texts, arguments)


def _language(arguments: argparse.Namespace, texts: Texts) -> str | None:
    """The code of the language that was typed as a code or a name; None: detect it."""
    from transcriber.chat.languages import DETECT, language_code

    code = language_code(arguments.language)
    if code is None and arguments.language.lower() != DETECT:
        arguments.mistaken(texts("error.language_unknown", language=arguments.language))
    return code


def _find(settings: config.Settings, texts: Texts, arguments: argparse.Namespace) -> int:
    from transcriber import finding

    return asyncio.run(finding.find(settings, texts, arguments))


def _export(settings: config.Settings, texts: Texts, arguments: argparse.Namespace) -> int:
    from transcriber import finding

    return asyncio.run(finding.export(settings, texts, arguments))


def _worker(settings: config.Settings, texts: Texts, _: argparse.Namespace) -> int:
    from transcriber import helping

    return asyncio.run(helping.help_out(settings, texts))


def _sandbox(settings: config.Settings, texts: Texts, arguments: argparse.Namespace) -> int:
    from transcriber.sandbox import demo, play

    return asyncio.run(demo.demo(sys.stdout) if arguments.demo else play.play())


VERBS = {"run": _run, "login": _login, "logout": _logout, "transcribe": _transcribe, "sandbox": _sandbox}
VERBS |= {"find": _find, "export": _export, "worker": _worker}


if __name__ == "__main__":
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started it (`>&-`): its number must not become a file's
            setattr(sys, name, Path(os.devnull).open("r+"))  # noqa: SIM115 - open to the end
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may lack a letter
    sys.exit(main())
