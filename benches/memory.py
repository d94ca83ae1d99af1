#!/usr/bin/env python3
"""What the daemon keeps in memory: memory.py [--pages 600] [--polls 200] [--binary FILE]

A daemon under the unit's environment (systemd/newsroomd.service) takes in one pager of PAGES pages (50 items each) by its first poll, and publishes
the 120 channels of two facets in three formats, on disk and over HTTP. Then POLLS polls that each find one new item. Prints its memory (PSS) at its
highest, idle after the first poll, after the others, and after a new start; and how much of it are the documents, as they are and in each coding that
is kept. Idle: the lowest of ten samples in five seconds, once
it takes less than a twentieth of a core. (The program's own pages count for less while another process runs the same file.)

Needs nginx on the PATH; says so and ends with status 77 where it is missing.
"""
import argparse, os, pathlib, re, shutil, sys, tempfile, time, urllib.request
from archive import FACETS_SOURCE, Daemon, chain, config, cpu, peak
from cycles import OFFICES, WORDS, Nginx, make_pages

UNIT = pathlib.Path(__file__).parent.parent / "systemd/newsroomd.service"
TOPICS = [f"{a} {b}".title() for a in WORDS for b in WORDS if a != b][:119 - len(OFFICES)]
CODINGS = ("gzip", "br", "zstd")


def parts(pid):
    """PSS by what it belongs to, in MB."""
    sums, name = {}, ""
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"^[0-9a-f]+-[0-9a-f]+ ", line):
            path = (line.split(None, 5) + [""])[5]
            name = "program" if path.startswith("/") else "heap" if path == "[heap]" else "other" if path.startswith("[") else "anonymous"
        elif line.startswith("Pss:"):
            sums[name] = sums.get(name, 0) + int(line.split()[1]) / 1024
    return ", ".join(f"{name} {size:.1f}" for name, size in sorted(sums.items()) if size >= 0.05)


def idle(daemon):
    # What was published is packed after it was published.
    pid = daemon.process.pid
    for _ in range(60):
        before = cpu(pid)
        time.sleep(1)
        if cpu(pid) - before < 50:
            break
    return min((daemon.memory(), parts(pid), time.sleep(0.5))[:2] for _ in range(10))


def documents(daemon, folder):
    """How many there are, and MB of them as they are and in each coding in which they are sent."""
    base = re.search(r"http://127\.0\.0\.1:\d+/", daemon.lines())[0]
    files = [f for f in folder.rglob("*") if f.is_file() and not f.name.startswith(".")]
    sizes = {"identity": sum(f.stat().st_size for f in files) / 2**20}
    for coding in CODINGS:
        total = 0
        for file in files:
            request = urllib.request.Request(base + str(file.relative_to(folder)), headers={"Accept-Encoding": coding})
            with urllib.request.urlopen(request, timeout=10) as answer:
                if answer.headers["Content-Encoding"] == coding:
                    total += len(answer.read())
        if total:
            sizes[coding] = total / 2**20
    return len(files), sizes


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--pages", type=int, default=600)
    ap.add_argument("--polls", type=int, default=200)
    ap.add_argument("--binary", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "target/release/newsroomd")
    a = ap.parse_args()
    missing = [p for p in ("nginx", str(a.binary)) if not shutil.which(p)]
    if missing:
        print(f"skipped: not found: {', '.join(missing)}")
        sys.exit(77)
    units = dict(re.findall(r"^Environment=(\w+)=(\S+)", UNIT.read_text(), re.M))
    os.environ.update({name: value for name, value in units.items() if name not in os.environ})
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        work.chmod(0o755)
        make_pages(work / "made", a.pages, topics=TOPICS)
        chain(work / "made", work / "pages", a.pages)
        nginx = Nginx(work / "pages", work)
        daemon = None
        try:
            page = work / "pages/s0000/index.html"
            source = FACETS_SOURCE.format(id="one", page=f"http://127.0.0.1:{nginx.port}/s0000/index.html", every="1s")
            file = config(work / "run", "http://127.0.0.1:1", [source], '[http]\nlisten = "127.0.0.1:0"')
            daemon = Daemon(a.binary.resolve(), file)
            daemon.wait(1, "new=")
            after_walk = daemon.memory()
            daemon.wait(1, "channels=120 ")
            first, of = idle(daemon)
            pid = daemon.process.pid
            count, sizes = documents(daemon, work / "run/feeds")
            print(f"{a.pages * 50:,} items, {count} documents of {', '.join(f'{size:.1f} MB {name}' for name, size in sizes.items())}; "
                  f"under {' '.join(f'{n}={os.environ[n]}' for n in units)}; {cpu(pid) / 1000:.2f} s CPU")
            told = lambda what, memory, of: print(f"{what}: {memory:.1f} MB, {memory - sum(sizes.values()):.1f} MB besides the documents ({of})", flush=True)
            print(f"highest {peak(pid):.1f} MB (RSS), {after_walk:.1f} MB when the walk was stored")
            told("idle after the first poll", first, of)
            if a.polls:
                samples = []
                for n in range(a.polls):
                    text, seen = page.read_text(), daemon.lines().count("published")
                    row = re.search(r'<dl class="search-results">.*?</dl>', text, re.S)
                    new = re.sub(r'href="/news/[^"]*">[^<]*<', f'href="/news/new/{n}">A new item {n}<', row[0], count=1)
                    rest = text[:row.start()] + new + text[row.start():]
                    # As many rows as before: the last one falls off.
                    last = rest.rindex('<dl class="search-results">')
                    next_page = page.with_name("next")
                    next_page.write_text(rest[:last] + rest[rest.index("</dl>", last) + 5:])
                    # The server's ETag knows seconds and the size: two changes within a second may not look like one.
                    os.utime(next_page, (1_700_000_000 + n, 1_700_000_000 + n))
                    next_page.rename(page)
                    daemon.wait(seen + 1)
                    samples.append(daemon.memory())
                tenth = max(1, a.polls // 10)
                print(f"during {a.polls} polls with one new item each: first tenth {min(samples[:tenth]):.1f} to {max(samples[:tenth]):.1f} MB, "
                      f"last tenth {min(samples[-tenth:]):.1f} to {max(samples[-tenth:]):.1f} MB")
                told("idle after them", *idle(daemon))
            daemon.stop()
            daemon = Daemon(a.binary.resolve(), file)
            daemon.wait(1, "ready")
            time.sleep(3)
            told("idle after a new start", *idle(daemon))
        finally:
            if daemon:
                daemon.stop()
            nginx.stop()


if __name__ == "__main__":
    main()
