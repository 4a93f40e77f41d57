"""The verb `transcribe`: recordings in, text out, with no Telegram at all."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from config.settings import Settings
from transcriber.clock import SystemClock
from transcriber.desk import Desk, Sentences, Watch
from transcriber.domain import DecodeOptions, Progress, Transcript
from transcriber.errors import EngineDied, ModelRefused, Refused, Transient
from transcriber.protocols import Engine
from transcriber.recordings import STDIN, Recording, folder_trouble, found, piped, written_wrong
from transcriber.speech import cpu, engine
from transcriber.speech.child import Setup
from transcriber.speech.models import Models


def transcribe(settings: Settings, texts: Sentences, arguments: argparse.Namespace) -> int:
    """Transcribe what the command line names; returns 0, 1 if anything could not be done, 130 if interrupted."""
    desk = Desk(
        texts,
        sys.stdout,
        sys.stderr,
        format=arguments.format,
        folder=arguments.output,
        lines=arguments.json,
        color=settings.color,
    )
    try:
        with ExitStack() as stack:
            recordings = list(found(arguments.paths))
            if STDIN in arguments.paths:
                most_bytes = settings.max_file_mb * 2**20
                sound = stack.enter_context(piped(sys.stdin.buffer, settings.data_dir, most_bytes))
                recordings = [sound if one.name == STDIN else one for one in recordings]
            return asyncio.run(_work(settings, arguments, recordings, desk))
    except KeyboardInterrupt:
        desk.interrupted()
        return 130
    finally:
        if desk.closed:  # or Python would complain of it at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _work(
    settings: Settings, arguments: argparse.Namespace, recordings: Sequence[Recording], desk: Desk
) -> int:
    setup = Setup(
        threads=settings.cpu_threads or cpu.default_threads(),
        compute_type=settings.compute_type,
        idle_s=0,
        max_duration_s=settings.max_duration_s,
    )
    options = DecodeOptions(arguments.language, arguments.translate, beam_size=settings.beam_size)
    models = Models(settings.data_dir / "models")
    model = arguments.model or settings.model

    async def prepare() -> None:
        if models.present(model) is None:
            with desk.fetching(models.resolve(model).name) as on_progress:
                await models.fetch(model, on_progress)

    async with engine.Engine(models, model, setup, SystemClock(), remember=_forget) as recogniser:
        return await transcribe_files(recogniser, recordings, options, desk, again=arguments.again, prepare=prepare)


async def transcribe_files(
    recogniser: Engine,
    recordings: Sequence[Recording],
    options: DecodeOptions,
    desk: Desk,
    *,
    again: bool = False,
    prepare: Callable[[], Awaitable[None]] | None = None,
) -> int:
    """Do one after the other; a bad one costs one line on stderr. Returns 0, or 1 if any failed.

    What was done earlier is left out, unless it is to be done `again`; `prepare` is called if anything is left."""
    if desk.folder is not None and (trouble := folder_trouble(desk.folder)):
        desk.give_up(trouble, desk.folder)
        return 1
    left = desk.left_to_do(recordings, again=again)
    try:
        if left and prepare is not None:
            await prepare()
        for recording, target in left:
            await _one(recogniser, recording, target, options, desk)
            if desk.closed:
                return 1
    except (ModelRefused, Transient) as error:  # it would be the same for every file
        desk.give_up(error)
        return 1
    return desk.sum_up()


async def _one(
    recogniser: Engine, recording: Recording, target: Path | None, options: DecodeOptions, desk: Desk
) -> None:
    try:
        if recording.trouble is not None:
            raise recording.trouble
        with desk.watching(recording) as show:

            def on_progress(progress: Progress) -> None:
                show(progress)
                if desk.closed:
                    recogniser.cancel(recording.name)

            desk.put(recording, await _heard(recogniser, recording, options, on_progress), target)
    except (Refused, EngineDied) as error:
        if isinstance(error, ModelRefused):
            raise
        if not desk.closed:
            desk.complain(recording, error)
    except OSError as error:
        desk.complain(recording, written_wrong(error, target or recording.path))


async def _heard(recogniser: Engine, recording: Recording, options: DecodeOptions, on_progress: Watch) -> Transcript:
    """One recording; a second try if the engine died, because it may have been another program's doing."""
    try:
        return await recogniser.transcribe(recording.name, recording.path, options, on_progress)
    except EngineDied:
        return await recogniser.transcribe(recording.name, recording.path, options, on_progress)


async def _forget(_: str) -> None:
    """A model tried out on files does not become the one that is used from now on."""
