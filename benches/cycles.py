#!/usr/bin/env python3
"""Whole cycles of newsroomd, side by side with rsspls: cycles.py [--sites 100] [--pairs 7] [--pages DIR] [--binary FILE]

Serves newsroom pages with nginx on a free loopback port and runs both programs in turn, each in a process of its own: a full cycle into
nothing, then one that finds nothing changed. Prints medians and ratios; on a shared machine only the ratios mean something.

Needs nginx and rsspls (cargo install rsspls) on the PATH; says so and ends with status 77 where they are missing.
--pages DIR: DIR/NAME/index.html, one newsroom each, instead of pages made here. CPU is user + system time of the process.
"""
import argparse, datetime, os, pathlib, random, resource, shutil, socket, statistics, subprocess, sys, tempfile, time

WORDS = "border talks election mission report media council water policing youth training support rights visit opens joint".split()

OFFICES = [f"Office of {w.title()}" for w in WORDS[:12]]
TOPICS = [f"{a} {b}".title() for a in WORDS[:8] for b in WORDS[8:14]]


def make_pages(out, count, seed=1, topics=TOPICS):
    """Newsrooms of 50 items of our own making, about 80 kB each."""
    for n in range(count):
        rng, day, rows = random.Random(f"{seed}/{n}"), datetime.date(2024, 9, 30), []
        text = lambda k: " ".join(rng.choice(WORDS) for _ in range(k))
        for i in range(50):
            day -= datetime.timedelta(days=rng.randint(0, 2))
            rows.append(f"""<dl class="search-results"><dt class="search-title"><h3><a href="/news/{n}/{i}">{text(9).capitalize()} {i}</a></h3></dt>
<dd class="search-details"><div class="publishing-date"><span class="label">Publishing date:</span> {day.day} {day:%B} {day.year}</div>
<div class="where"><span class="label">Where:</span> <a href="/w">{rng.choice(OFFICES)}</a></div><div class="what"><span class="label">What:</span> <a href="/t">{rng.choice(topics)}</a></div>
<p class="search-snippet">{text(60).capitalize()}…</p></dd></dl>""")
        menu = "".join(f'<li class="menu-item"><a href="/about/{k}">{text(3).title()}</a></li>' for k in range(250))
        folder = out / f"s{n:04}"
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>News {n}</title></head><body><nav><ul>{menu}</ul></nav>'
                                           f'<main>{"".join(rows)}</main></body></html>', encoding="utf-8")


LISTING = """worker_processes 1; daemon off; pid {work}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{ access_log off; types {{ text/html html; }} charset utf-8; sendfile on; client_body_temp_path {work}/b; proxy_temp_path {work}/p;
fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
server {{ listen 127.0.0.1:{port} backlog=1024; root {root}; }} }}"""


class Nginx:
    def __init__(self, root, work, settings=LISTING):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        conf = work / "nginx.conf"
        conf.write_text(settings.format(work=work, port=self.port, root=root))
        self.process = subprocess.Popen(["nginx", "-p", str(work), "-c", str(conf)], stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        sys.exit("nginx did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def run(command, **env):
    """Wall and CPU seconds of a command, which must end well."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(c) for c in command], env=dict(os.environ, **env), capture_output=True, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


class Ours:
    name = "newsroomd"

    def __init__(self, binary, sites, base, work):
        self.binary, self.work = binary, work / "ours"
        self.work.mkdir()
        text = [f'base-url = "{base}/"\n[store]\nurl = "sqlite:RUN/n.db"\n[publish]\ndirectory = "RUN/feeds"\nformats = ["rss"]\n'
                f'[fetch]\ncontact = "https://example.org/bot"\nmin-gap = "0s"\nallow-networks = ["127.0.0.0/8"]\n']
        for s in sites:
            text.append(f'[[source]]\nid = "{s}"\ntitle = "{s}"\npage = "{base}/{s}/index.html"\neach = ".search-results"\n[source.item]\ntitle = ".search-title a"\n'
                        f'link = {{ select = ".search-title a", attr = "href" }}\ndate = {{ select = ".publishing-date", format = "%d %B %Y" }}\nsummary = ".search-snippet"\n')
        self.text = "".join(text)

    def reset(self):
        """A new folder: the file system is slower for some seconds where many files were deleted."""
        self.run = self.work / str(time.monotonic_ns())
        self.run.mkdir()
        (self.run / "n.toml").write_text(self.text.replace("RUN", str(self.run)))

    def cycle(self):
        return run([self.binary, "--config", self.run / "n.toml", "once", "--all"])

    def feeds(self):
        return sorted((self.run / "feeds").glob("*/all.rss"))


class Rsspls:
    name = "rsspls"

    def __init__(self, sites, base, work):
        self.work = work / "rsspls"
        self.work.mkdir()
        text = ["[rsspls]\n"]
        for s in sites:
            text.append(f'[[feed]]\ntitle = "{s}"\nfilename = "{s}.rss"\n[feed.config]\nurl = "{base}/{s}/index.html"\nitem = ".search-results"\nheading = ".search-title a"\n'
                        f'link = ".search-title a"\nsummary = ".search-snippet"\n[feed.config.date]\nselector = ".publishing-date"\n'
                        f'format = "Publishing date: [day padding:none] [month repr:long] [year]"\ntype = "Date"\n')
        (self.work / "feeds.toml").write_text("".join(text))

    def reset(self):
        self.run = self.work / str(time.monotonic_ns())
        for d in ("out", "cache"):
            (self.run / d).mkdir(parents=True)

    def cycle(self):
        return run(["rsspls", "-c", self.work / "feeds.toml", "-o", self.run / "out"], XDG_CACHE_HOME=str(self.run / "cache"))

    def feeds(self):
        return sorted((self.run / "out").glob("*.rss"))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--sites", type=int, default=100)
    ap.add_argument("--pairs", type=int, default=7)
    ap.add_argument("--pages", type=pathlib.Path)
    ap.add_argument("--binary", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "target/release/newsroomd")
    a = ap.parse_args()
    missing = [p for p in ("nginx", "rsspls", str(a.binary)) if not shutil.which(p)]
    if missing:
        print(f"skipped: not found: {', '.join(missing)}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        work.chmod(0o755)
        root = a.pages or work / "pages"
        if not a.pages:
            make_pages(root, a.sites)
        sites = sorted(p.name for p in root.iterdir() if (p / "index.html").exists())[:a.sites]
        nginx = Nginx(root.resolve(), work)
        try:
            base = f"http://127.0.0.1:{nginx.port}"
            programs = [Ours(a.binary.resolve(), sites, base, work), Rsspls(sites, base, work)]
            times = {(p.name, kind): [] for p in programs for kind in ("full", "unchanged")}
            for pair in range(a.pairs + 1):  # the first is a warm-up
                for p in programs if pair % 2 else reversed(programs):
                    p.reset()
                    full = p.cycle()
                    if len(p.feeds()) != len(sites) or p.feeds()[0].read_text().count("<item>") < 50:
                        sys.exit(f"{p.name} made {len(p.feeds())} feeds of {len(sites)}, the first with {p.feeds()[0].read_text().count('<item>') if p.feeds() else 0} items")
                    stamps = [f.stat().st_mtime_ns for f in p.feeds()]
                    unchanged = p.cycle()
                    if p is programs[0] and stamps != [f.stat().st_mtime_ns for f in p.feeds()]:
                        sys.exit("newsroomd wrote a feed that had not changed")
                    if pair:
                        times[p.name, "full"].append(full)
                        times[p.name, "unchanged"].append(unchanged)
        finally:
            nginx.stop()
    print(f"{len(sites)} sites, medians of {a.pairs} pairs, milliseconds")
    for kind in ("full", "unchanged"):
        for what, index in (("wall", 0), ("CPU", 1)):
            ours, theirs = ([t[index] * 1000 for t in times[p.name, kind]] for p in programs)
            ratios = sorted(o / t for o, t in zip(ours, theirs))
            print(f"{kind:10} {what:5} newsroomd {statistics.median(ours):7.1f}  rsspls {statistics.median(theirs):7.1f}  "
                  f"ratio {statistics.median(ours) / statistics.median(theirs):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
