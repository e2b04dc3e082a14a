# SPDX-License-Identifier: BSD-3-Clause
"""The stages in order: find → elf → rootfs → rewrite → image → run.

A warm run takes the short way: the same question was asked before, every file that led to the
answer is as it was, and the image is still in the cache; then neither ELF reader nor package
database is imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from elfin.host.cache import cache_dir, remark_is_due
from elfin.host.errors import BadElf, ElfinError, OptionError
from elfin.image.store import Store
from elfin.model.image import Image
from elfin.model.program import Addition, Arch, ProgramSpec
from elfin.model.run import RunOptions, RunResult
from elfin.program import Found, find

if TYPE_CHECKING:
    from elfin.model.elf import ElfFacts
    from elfin.model.rewrite import RewritePlan
    from elfin.model.root import RootEntry
    from elfin.model.run import Platform
    from elfin.model.survey import Survey
    from elfin.model.verdict import Library, Verdict
    from elfin.rootfs.debian import BuiltRoot
    from elfin.run.watch import Watch


class Request(NamedTuple):
    """What `elfin run` was asked for, parsed and not yet looked up."""

    program: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    options: RunOptions
    cwd: str = "/"
    cwd_must_exist: bool = False
    rootfs: Path | None = None
    additions: tuple[Addition, ...] = ()
    user: str = "root"
    home: str = "/root"


class Prepared(NamedTuple):
    """Ready to be launched; ``warm`` tells whether the cache had everything."""

    spec: ProgramSpec
    image: Image
    options: RunOptions
    warm: bool


def prepare(request: Request, warn: Callable[[str], None]) -> Prepared:
    """Everything up to the launch. Raises the errors of elfin.host.errors."""
    path = os.environ.get("PATH", os.defpath)
    found = find(request.program, request.args, path, request.rootfs)
    spec = _spec(request, found)
    store = Store(warn=warn)
    question = _question(request, spec)
    record = store.recall(question)
    if record is not None:
        image = store.open_image(
            record["image"], record["entries"], record["largest"], record["size"]
        )
        if image is not None:
            arch = _agreed_arch(request, found.typed, record["machine"])
            return Prepared(replace(spec, arch=arch), image, _with(request.options, arch), True)
    return _prepare_cold(request, found, spec, store, question, warn)


def launch(prepared: Prepared, warn: Callable[[str], None], trace: Path | None = None) -> RunResult:
    """Choose the platform and run to the end. ``trace``: the file to trace to, where options say
    that calls are traced; None is stderr."""
    from elfin.run import execute
    from elfin.run.choose import choose

    choice = choose(prepared.options, cache_dir())
    if choice.remark and (prepared.options.stats or remark_is_due("kvm")):
        warn(choice.remark)
    watch = _watch(prepared, trace) if prepared.options.trace else None
    return execute.run(prepared.image, prepared.spec, prepared.options, choice, watch)


def _watch(prepared: Prepared, path: Path | None) -> Watch:
    from abi.table import Machine
    from elfin.run.watch import Watch
    from elfin.trace.tracer import Tracer

    watch = Watch(path)
    tracer = Tracer(Machine((prepared.options.arch or Arch.X86_64).value), watch.write)
    watch.record, watch.end = tracer.record, tracer.finish
    return watch


def inspect(
    program: str, rootfs: Path | None = None, say: Callable[[str], None] = lambda line: None
) -> Verdict:
    """The verdict on a program; nothing is executed. It is remembered until one of its files
    changes. ``say`` takes what is looked at now, while it takes long."""
    from elfin.analysis.record import from_record, judgement_files, to_record
    from elfin.elf import read_facts
    from elfin.rootfs import libraries

    found = find(program, (), os.environ.get("PATH", os.defpath), rootfs)
    spec = ProgramSpec(found.host_path, found.guest_path, found.argv, rootfs=rootfs)
    try:
        facts = read_facts(found.host_path)
        closure = libraries(spec, facts, read_facts)
        files = dict.fromkeys(Path(item.host_path) for item in closure if item.host_path)
        inputs = (found.host_path, *files)
        store = Store()
        question = repr(("verdict", [str(path) for path in inputs], closure))
        record = store.recall(question)
        if record is not None:
            return from_record(record, facts)
        verdict = _judge(facts, closure, inputs, say)
        store.remember(question, (*inputs, *judgement_files()), to_record(verdict))
        return verdict
    except ElfinError as error:
        raise _as_typed(error, str(found.host_path), found.typed) from error


def _judge(
    facts: ElfFacts, closure: Sequence[Library], files: Sequence[Path], say: Callable[[str], None]
) -> Verdict:
    from abi.table import load
    from elfin.analysis import judge
    from elfin.elf.details import read_code

    codes = []
    for number, path in enumerate(files, 1):
        say(f"reading {path.name} ({number} of {len(files)})")
        codes.append(read_code(path))
    return judge(facts, closure, codes, load(), say)


def sites(verdict: Verdict, say: Callable[[str], None]) -> dict[str, RewritePlan]:
    """What rewriting makes of the call sites of a program and its libraries, by host path."""
    from elfin.elf.text import text_of
    from elfin.rewrite.store import Plans

    plans = Plans(cache_dir(), text_of, say)
    libraries = (library.host_path for library in verdict.libraries if library.host_path)
    made = {path: plans.of(Path(path)) for path in (str(verdict.facts.path), *libraries)}
    return {path: plan for path, plan in made.items() if plan is not None}


def survey(asked: Platform | None) -> Survey:
    """What this machine offers; ``asked`` is the platform that ELFIN_PLATFORM names."""
    from elfin.run.survey import survey as look

    return look(cache_dir(), asked)


def debian_root(
    packages: tuple[str, ...],
    output: Path,
    arch: Arch,
    say: Callable[[str], None],
    *,
    slim: bool = False,
    refresh: bool = False,
) -> BuiltRoot:
    """A root directory out of Debian packages, for `elfin rootfs debian`."""
    from elfin.rootfs.debian import RootRequest, build_root

    request = RootRequest(packages, output, arch, slim)
    return build_root(request, cache_dir(), say, refresh=refresh)


def cache(warn: Callable[[str], None]) -> Store:
    """The cache, for `elfin cache`."""
    return Store(warn=warn)


def _prepare_cold(
    request: Request,
    found: Found,
    spec: ProgramSpec,
    store: Store,
    question: str,
    warn: Callable[[str], None],
) -> Prepared:
    from elfin.elf import read_facts
    from elfin.image import cpio
    from elfin.rootfs import gather

    try:
        facts = read_facts(spec.host_path)
        arch = _agreed_arch(request, found.typed, facts.machine)
        spec = replace(spec, arch=arch)
        tree = gather(spec, facts, read_facts)
    except ElfinError as error:
        raise _as_typed(error, str(spec.host_path), found.typed) from error
    base = {entry.path: entry for entry in _fixed(request)}
    base.update((entry.path, entry) for entry in tree)
    if request.options.rewrite:
        base.update([(entry.path, entry) for entry in _rewriting(base.values(), warn)])
    entries = cpio.complete(base.values())
    if request.cwd_must_exist:
        _check_cwd(request.cwd, entries)
    inputs = {entry.source for entry in entries if entry.source is not None}
    inputs.update(tree.watched, (spec.host_path,))
    image = store.build(entries)
    record = {
        "image": image.key,
        "entries": image.entries,
        "largest": image.largest_file,
        "size": image.size,
        "machine": facts.machine,
    }
    store.remember(question, inputs, record)
    return Prepared(spec, image, _with(request.options, arch), False)


def _rewriting(entries: Iterable[RootEntry], warn: Callable[[str], None]) -> Iterator[RootEntry]:
    """The plans of every executable file among the entries, as one more entry. A file that cannot
    be planned has no plan: its calls trap."""
    from elfin.elf.text import text_of
    from elfin.model.root import RootEntry
    from elfin.rewrite.binary import PATH, encode
    from elfin.rewrite.store import Plans

    plans, found = Plans(cache_dir(), text_of, lambda line: None), {}
    for entry in entries:
        if entry.source is None:
            continue
        try:
            plan = plans.of(entry.source)
        except OSError:
            continue  # the image's writer says what is wrong with it
        except Exception as error:  # whatever a file's tables make the planner do
            warn(f"{entry.path} is not rewritten: {type(error).__name__}: {error}")
            continue
        if plan is not None:
            found[entry.path] = plan
    if any(plan.patches for plan in found.values()):
        yield RootEntry.inline(PATH, encode(found), 0o600)


def _fixed(request: Request) -> tuple[RootEntry, ...]:
    from elfin.image.fixed import fixed_entries

    identity = request.options.identity
    made = "/" if request.cwd_must_exist else request.cwd
    return fixed_entries(identity.uid, identity.gid, request.home, request.user, made)


def _check_cwd(cwd: str, entries: Iterable[RootEntry]) -> None:
    """-w names a directory that the guest has."""
    if cwd.startswith(("/proc", "/sys", "/dev")):
        return  # the guest's own: its kernel says what it has
    from elfin.model.root import EntryKind, follow_links

    by_path = {entry.path: entry for entry in entries}
    links = {path: entry.target for path, entry in by_path.items()}
    entry = by_path.get(follow_links(cwd, links.get))
    if entry is None or entry.kind is not EntryKind.DIRECTORY:
        what = "not in the image" if entry is None else "not a directory"
        raise OptionError(f"-w {cwd} is {what}", hint="--add DIR brings a directory")


def _spec(request: Request, found: Found) -> ProgramSpec:
    scripts = tuple(Addition(host, guest) for host, guest in found.scripts)
    return ProgramSpec(
        host_path=found.host_path,
        guest_path=found.guest_path,
        argv=found.argv,
        env=tuple(request.env.items()),
        cwd=request.cwd,
        invoked_as=found.guest_path,
        rootfs=request.rootfs,
        additions=(*scripts, *request.additions),
    )


def _question(request: Request, spec: ProgramSpec) -> str:
    """Everything that decides the image's content, besides the files themselves."""
    from elfin import __version__
    from elfin.rewrite import VERSION

    identity = request.options.identity
    looked_at = {key: value for key, value in spec.env if _decides_the_tree(key)}
    parts = (
        __version__,
        VERSION,
        sorted(looked_at.items()),
        str(spec.host_path),
        spec.guest_path,
        str(spec.rootfs),
        tuple((str(addition.host), addition.guest) for addition in spec.additions),
        (identity.uid, identity.gid, request.user, request.home),
        (request.cwd, request.cwd_must_exist),
        request.options.rewrite,
    )
    return repr(parts)


def _decides_the_tree(key: str) -> bool:
    """Variables that say which libraries and locales a program uses."""
    return key in ("LD_LIBRARY_PATH", "LD_PRELOAD", "LANG", "LANGUAGE") or key.startswith("LC_")


def _agreed_arch(request: Request, typed: str, machine: str) -> Arch:
    """The program's architecture; --arch, where given, must be the same."""
    arch = Arch(machine)
    asked = request.options.arch
    if asked is not None and asked is not arch:
        raise BadElf(
            f"{typed} is an {arch.value} program, not {asked.value}",
            hint=f"--arch {arch.value}, or --rootfs with programs of {asked.value}",
        )
    return arch


def _with(options: RunOptions, arch: Arch) -> RunOptions:
    return replace(options, arch=arch)


def _as_typed(error: ElfinError, path: str, typed: str) -> ElfinError:
    """The same error with the program's name as the user wrote it."""
    if error.what.startswith(path + " ") and "/" in typed:
        error.what = typed + error.what[len(path) :]
    return error
