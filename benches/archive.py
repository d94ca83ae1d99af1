#!/usr/bin/env python3
"""Many sources and many items: archive.py [--pages 600] [--rounds 15] [--binary FILE] [--micro FILE] [--backfill | --questions]

1. PAGES sources of one page each, no facets: CPU of a cycle that finds nothing changed, as a share of the full one (medians of 3).
2. One source whose pager has PAGES pages (50 items each, two facets), into an empty store by one `once`: CPU, wall time, peak memory; with
   --micro (the program that `cargo bench --no-run` names) also as a multiple of the bare parse of its pages.
3. One new item under a daemon (started anew), with 1,000 and with all those items stored, in turn: CPU of the poll, and what was rendered and written;
   memory (PSS) of both daemons afterwards.
With --backfill, instead of all that: the pager of 2 taken in by `backfill`, killed five times on the way: whether it is complete and nothing is double,
its peak memory (VmHWM) beside that of a freshly started daemon, its CPU, and that of an undisturbed one beside the bare parse (--micro).
With --questions, instead of all that: CPU of `once` where five sources have those items, with feeds of one's own: nothing new, one new item, the same feeds by
other titles (published anew), by other questions (all items asked, published anew).

Needs nginx on the PATH; says so and ends with status 77 where it is missing. On a shared machine only the ratios mean something.
"""
import argparse, glob, pathlib, random, re, shutil, sqlite3, statistics, subprocess, sys, tempfile, time
from cycles import Nginx, make_pages, run

SOURCE = """[[source]]
id = "{id}"
title = "{id}"
page = "{page}"
each = ".search-results"
next = "li.pager-next a"
max-pages = 10000
every = "{every}"
[source.item]
title = ".search-title a"
link = {{ select = ".search-title a", attr = "href" }}
date = {{ select = ".publishing-date", format = "%d %B %Y" }}
summary = ".search-snippet"
"""

FACETS = """[source.facet.department]
value = {{ select = ".where a", many = true }}
[source.facet.topic]
value = {{ select = ".what a", many = true }}
"""


FACETS_SOURCE = SOURCE + FACETS


def config(folder, base, sources, more=""):
    folder.mkdir(parents=True, exist_ok=True)
    head = (f'base-url = "{base}/"\n[store]\nurl = "sqlite:{folder}/n.db"\n[publish]\ndirectory = "{folder}/feeds"\n{more}\n[fetch]\n'
            f'contact = "https://example.org/bot"\nmin-gap = "0s"\nallow-networks = ["127.0.0.0/8"]\n')
    file = folder / "n.toml"
    file.write_text(head + "".join(sources))
    return file


def chain(source, target, count, first=0):
    """The pages of one newsroom: pages of many from the first on, joined by links to the next."""
    for n in range(count):
        (target / f"s{n:04}").mkdir(parents=True)
        text = (source / f"s{first + n:04}" / "index.html").read_text()
        link = f'<ul class="pager"><li class="pager-next"><a href="../s{n + 1:04}/index.html">next</a></li></ul>' if n + 1 < count else ""
        (target / f"s{n:04}" / "index.html").write_text(text.replace("</main>", link + "</main>"))


def cpu(pid):
    """Milliseconds on a processor, all threads."""
    return sum(int(pathlib.Path(f).read_text().split()[0]) for f in glob.glob(f"/proc/{pid}/task/*/schedstat")) / 1e6


class Daemon:
    def __init__(self, binary, file):
        self.file = file
        self.log = open(file.parent / "log", "w+")
        self.process = subprocess.Popen([binary, "--config", file, "run"], stderr=self.log)

    def lines(self):
        return pathlib.Path(self.log.name).read_text()

    def wait(self, count, what="published"):
        for _ in range(3000):
            if self.lines().count(what) >= count:
                return
            if self.process.poll() is not None:
                sys.exit(f"the daemon ended: {self.lines()}")
            time.sleep(0.01)
        sys.exit(f"nothing {what}: {self.lines()[-2000:]}")

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def peak(pid):
    """The most memory that a process had so far, in MB."""
    try:
        return int(re.search(r"^VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) / 1024
    except (OSError, TypeError):
        return 0


def backfill(a, binary, work, base):
    """Kills fall on pages, not on moments, so that a slow machine sees the same."""
    fresh = Daemon(binary, config(work / "fresh", base, [SOURCE.format(id="one", page=f"{base}/many/s0000/index.html", every="1h")], '[http]\nlisten = "127.0.0.1:0"'))
    fresh.wait(1)
    idle = peak(fresh.process.pid)
    fresh.stop()

    file = config(work / "killed", base, [file_source(base)])
    command = [binary, "--config", file, "backfill", "whole"]
    most, used, kills = 0, 0, []
    for share in sorted(random.uniform(0.05, 0.95) for _ in range(5)) + [None]:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            most, last = max(most, peak(process.pid)), cpu(process.pid)
            if share is not None and stored(work / "killed/n.db") >= share * a.pages * 50:
                process.kill()
                process.wait()
                kills.append(stored(work / "killed/n.db"))
                break
            time.sleep(0.01)
        used += last
        if share is not None and len(kills) == 0:
            sys.exit("it ended before it could be killed: more --pages")
    items, doubles = stored(work / "killed/n.db"), count(work / "killed/n.db", "SELECT count(*) - count(DISTINCT title || day) FROM item")
    print(f"backfill of {a.pages} pages, {a.pages * 50:,} items, killed with {', '.join(f'{n:,}' for n in kills)} stored: {items:,} items, {doubles} double; "
          f"exit {process.returncode}; peak memory {most:.0f} MB, a fresh daemon's {idle:.0f} MB; {used / 1000:.2f} s CPU in all")
    if (items, doubles, process.returncode) != (a.pages * 50, 0, 0) or most - idle > 48:
        sys.exit("that is not what was promised")

    wall, used = run([binary, "--config", config(work / "quiet", base, [file_source(base)]), "backfill", "whole"])
    print(f"undisturbed: {used:.2f} s CPU, {wall:.2f} s wall")
    if a.micro:
        parse = bare_parse(a, work, base)
        print(f"  the bare parse of its pages takes {parse:.2f} s: x{used / parse:.1f}")


QUESTIONS = [
    '{{ title = ["election observ*", "mission"], not = {{ summary = "{}" }} }}',
    '{{ any = [{{ text = "{}*" }}, {{ source = ["five0", "five3"], title = "border" }}] }}',
    '{{ since = 2015-01-01, until = "2024-12-31", summary = ["{}", "human rights", "support rights"] }}',
    '{{ all = [{{ not = [{{ title = "{}" }}, {{ title = "report" }}] }}, {{ text = ["council water", "joint"] }}] }}',
]


def feeds(number, title, word):
    """So many feeds of one's own."""
    one = '[[feed]]\nid = "own{0}"\ntitle = "{1} {0}"\nmatch = {2}\n'
    return [one.format(n, title, QUESTIONS[n % len(QUESTIONS)].format(f"{word}{n}")) for n in range(number)]


def questions(a, binary, work, base):
    for n in range(5):
        chain(work / "pages/many", work / f"pages/five{n}", a.pages // 5, n * (a.pages // 5))
    sources = [FACETS_SOURCE.format(id=f"five{n}", page=f"{base}/five{n}/s0000/index.html", every="1h") for n in range(5)]
    again = [binary, "--config", config(work / "five", base, sources), "once", "--all"]
    run(again)
    # One is a poll after the first, as those that are measured.
    added = iter(range(1_000))

    def one_new():
        add(work / "pages/five1/s0000/index.html", next(added))
        return run(again)[1]

    one_new()
    took = {"one new item, without feeds of one's own": statistics.median(one_new() for _ in range(5))}
    for what, own in (("nothing new, without feeds of one's own", []), ("", feeds(20, "A", "word")), ("nothing new", feeds(20, "A", "word")), ("published anew", feeds(20, "B", "word")),
                      ("asked and published anew", feeds(20, "B", "other"))):
        rounds = []
        for n in range(3):
            # Whatever is done anew, is done anew each time.
            text = [feed.replace('"B ', f'"B{n} ').replace("other", f"other{n}") for feed in own]
            config(work / "five", base, sources + text)
            rounds.append(run(again)[1])
        took[what] = statistics.median(rounds)
    took["one new item"] = statistics.median(one_new() for _ in range(5))
    print(f"20 feeds of one's own, {stored(work / 'five/n.db'):,} items of five sources; ms CPU of `once`: " + ", ".join(f"{what} {1000 * t:.0f}" for what, t in took.items() if what))
    asked, one = took["asked and published anew"] - took["published anew"], took["one new item"] - took["one new item, without feeds of one's own"]
    print(f"to ask all items {1000 * asked:.0f} ms; to ask one and publish what holds it {1000 * one:.1f} ms")


def add(page, n):
    """A new item on top of a page."""
    text = page.read_text()
    row = re.search(r'<dl class="search-results">.*?</dl>', text, re.S)
    new = re.sub(r'href="/news/[^"]*">[^<]*<', f'href="/news/new/{n}">A new item {n}<', row[0], count=1)
    page.write_text(text[:row.start()] + new + text[row.start():])


def count(database, query):
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as db:
            return db.execute(query).fetchone()[0] or 0
    except sqlite3.OperationalError:
        return 0


def stored(database):
    return count(database, "SELECT sum(items) FROM source")


def bare_parse(a, work, base):
    out = subprocess.run([a.micro.resolve(), work / "pages/all/s0001/index.html", file_for_micro(work, base)], capture_output=True, text=True).stdout
    return float(re.search(r"DOM alone\s+([\d.]+) us", out)[1]) * a.pages / 1e6


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--pages", type=int, default=600)
    ap.add_argument("--rounds", type=int, default=15)
    ap.add_argument("--binary", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "target/release/newsroomd")
    ap.add_argument("--micro", type=pathlib.Path)
    ap.add_argument("--backfill", action="store_true")
    ap.add_argument("--questions", action="store_true")
    a = ap.parse_args()
    missing = [p for p in ("nginx", str(a.binary)) if not shutil.which(p)]
    if missing:
        print(f"skipped: not found: {', '.join(missing)}")
        sys.exit(77)
    binary = a.binary.resolve()
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        work.chmod(0o755)
        pages = work / "pages"
        make_pages(pages / "many", a.pages)
        chain(pages / "many", pages / "all", a.pages)
        chain(pages / "many", pages / "few", min(20, a.pages))
        nginx = Nginx(pages, work)
        base = f"http://127.0.0.1:{nginx.port}"
        daemons = []
        try:
            if a.backfill:
                return backfill(a, binary, work, base)
            if a.questions:
                return questions(a, binary, work, base)
            full, unchanged = [], []
            for n in range(3):
                sources = [SOURCE.format(id=f"s{i:04}", page=f"{base}/many/s{i:04}/index.html", every="15m") for i in range(a.pages)]
                command = [binary, "--config", config(work / f"many{n}", base, sources, 'formats = ["rss"]'), "once", "--all"]
                full.append(run(command)[1])
                unchanged.append(run(command)[1])
            f, u = statistics.median(full), statistics.median(unchanged)
            print(f"{a.pages} sources: full cycle {f * 1000:.0f} ms CPU, unchanged {u * 1000:.1f} ms, {100 * u / f:.1f} %")

            file = config(work / "backlog", base, [file_source(base)])
            done = subprocess.Popen([binary, "--config", file, "once", "--all"], stdout=subprocess.DEVNULL)
            start, peak = time.perf_counter(), 0
            while done.poll() is None:
                try:
                    status = pathlib.Path(f"/proc/{done.pid}/smaps_rollup").read_text()
                    peak = max(peak, int(re.search(r"^Pss:\s+(\d+)", status, re.M)[1]) / 1024)
                except (OSError, TypeError):
                    pass
                time.sleep(0.02)
            wall = time.perf_counter() - start
            shutil.rmtree(work / "backlog")
            took = run([binary, "--config", config(work / "backlog2", base, [file_source(base)]), "once", "--all"])
            print(f"{a.pages} pages of one pager, {a.pages * 50} items: {took[1]:.2f} s CPU, {took[0]:.2f} s wall; peak memory {peak:.0f} MB (in a run of {wall:.2f} s)")
            if a.micro:
                parse = bare_parse(a, work, base)
                print(f"  the bare parse of its pages takes {parse:.2f} s: x{took[1] / parse:.1f}")

            for name in ("few", "all"):
                source = FACETS_SOURCE.format(id=f"the-{name}", page=f"{base}/{name}/s0000/index.html", every="1s")
                daemons.append((name, Daemon(binary, config(work / f"d-{name}", base, [source], '[http]\nlisten = "127.0.0.1:0"'))))
            for _, daemon in daemons:
                daemon.wait(1, "new=")
                daemon.wait(1)
            # Started again: the heap of who has just read thousands of items is another than that of who runs for days.
            for n, (name, daemon) in enumerate(daemons):
                daemon.stop()
                daemons[n] = (name, Daemon(binary, daemon.file))
                daemons[n][1].wait(1, "ready")
            took = {name: [] for name, _ in daemons}
            for n in range(a.rounds + 2):
                for name, daemon in daemons:
                    before, count = cpu(daemon.process.pid), daemon.lines().count("published")
                    add(pages / name / "s0000/index.html", n)
                    daemon.wait(count + 1)
                    time.sleep(0.2)
                    if n >= 2:
                        took[name].append(cpu(daemon.process.pid) - before)
            for name, daemon in daemons:
                last = [line for line in daemon.lines().splitlines() if "published" in line][-1].split("published")[1].strip()
                print(f"one new item among {'1,000' if name == 'few' else f'{a.pages * 50:,}'}: {statistics.median(took[name]):.1f} ms CPU ({last}); memory {daemon.memory():.0f} MB")
        finally:
            for _, daemon in daemons:
                daemon.stop()
            nginx.stop()


def file_source(base):
    return FACETS_SOURCE.format(id="whole", page=f"{base}/all/s0000/index.html", every="1h")


def file_for_micro(work, base):
    return config(work / "micro", base, [file_source(base)])


if __name__ == "__main__":
    main()
