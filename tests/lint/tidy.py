#!/usr/bin/env python3
"""Runs clang-tidy over every source of a build, only where something changed since it was clean.

Usage: tidy.py BUILD [FILE...]      BUILD has compile_commands.json and has been built with Ninja.

A source that was clean is remembered under a hash of its text, of every header of this project that
the compiler read for it (Ninja knows), its compile command, .clang-tidy and clang-tidy's version:
in ~/.cache, so that every checkout of one user shares it.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def headers_by_object(build):
    """{object file: the project's files read for it}, as Ninja recorded at the last build."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True,
                          check=True).stdout
    headers, current = {}, None
    for line in text.splitlines():
        if line and not line[0].isspace():
            current = headers.setdefault(line.split(":")[0], [])
        elif line.strip():
            path = pathlib.Path(build, line.strip()).resolve()
            if path.is_relative_to(ROOT):
                current.append(path)
    return headers


class Hasher:
    """Hashes of files, each read once."""

    def __init__(self):
        version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True,
                                 check=True).stdout
        self.common = version.encode() + (ROOT / ".clang-tidy").read_bytes()
        self.known = {}

    def of_file(self, path):
        if path not in self.known:
            self.known[path] = hashlib.sha256(path.read_bytes()).digest()
        return self.known[path]

    def of_source(self, entry, headers):
        total = hashlib.sha256(self.common + entry["command"].replace(str(ROOT), ".").encode())
        for path in sorted({pathlib.Path(entry["file"]), *headers}):
            total.update(str(path.relative_to(ROOT)).encode() + self.of_file(path))
        return total.hexdigest()


def tidy(build, source):
    """(seconds, output or None when clean)"""
    start = time.monotonic()
    done = subprocess.run(["clang-tidy", "--quiet", "-p", build, source], capture_output=True,
                          text=True, check=False)
    failed = done.returncode != 0
    return time.monotonic() - start, (done.stdout or done.stderr) if failed else None


def main(arguments):
    build = arguments[0]
    wanted = {str(pathlib.Path(name).resolve()) for name in arguments[1:]}
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    stamps = pathlib.Path(cache, "ipvs-agent", "tidy")
    stamps.mkdir(parents=True, exist_ok=True)
    headers, hasher = headers_by_object(build), Hasher()
    work, clean = {}, 0
    for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        if wanted and entry["file"] not in wanted:
            continue
        words = entry["command"].split()
        known = headers.get(words[words.index("-o") + 1])
        stamp = stamps / hasher.of_source(entry, known) if known else None
        if stamp and stamp.exists():
            clean += 1
        else:
            work[entry["file"]] = stamp
    print(f"lint: {len(work)} sources to read, {clean} unchanged since they were clean", flush=True)
    bad, times = 0, []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(tidy, build, source): source for source in sorted(work)}
        for done in concurrent.futures.as_completed(running):
            seconds, output = done.result()
            source = running[done]
            times.append((seconds, source))
            if output is not None:
                bad += 1
                print(output, flush=True)
            elif work[source]:
                work[source].touch()
    for seconds, source in sorted(times, reverse=True)[:3]:
        print(f"lint: {seconds:.0f} s for {os.path.relpath(source, ROOT)}")
    print(f"lint: {bad} sources with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
