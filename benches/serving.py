#!/usr/bin/env python3
"""A feed over HTTP, newsroomd beside nginx: serving.py [--rounds 5] [--secs 3] [--conns 64,256] [--binary FILE]

newsroomd reads a newsroom of our making and publishes its feeds; nginx (one worker, sendfile, tcp_nopush, open_file_cache, gzip_static, no access log)
serves the same files. Both are up at once on core 0 and asked in turns by wrk on core 1: the whole feed (about 35 kB) as it is and through gzip, and
whether it has changed (304). Prints, of each, medians of requests a second, processor time of the server's process for a request, and p99; and
newsroomd's ratios to nginx in the same round, lowest to highest in brackets. Above 1.00 newsroomd is the better one, in every column.

Needs two cores, and nginx, wrk and taskset on the PATH; says so and ends with status 77 where something is missing. On a shared machine only
the ratios mean something, that of the processor time most.
"""
import argparse, collections, gzip, os, pathlib, re, shutil, statistics, subprocess, sys, tempfile, urllib.error, urllib.request
from archive import FACETS_SOURCE, Daemon, config, cpu
from cycles import Nginx, make_pages

UNITS = {"us": 0.001, "ms": 1, "s": 1000}
Figures = collections.namedtuple("Figures", "rate cpu p99")

BESIDE = """worker_processes 1; daemon off; pid {work}/nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{ access_log off; types {{ application/rss+xml rss; }} charset utf-8; charset_types *; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s; client_body_temp_path {work}/b; proxy_temp_path {work}/p;
fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
server {{ listen 127.0.0.1:{port} backlog=1024; root {root}; gzip_static on; gzip_vary on; add_header Cache-Control max-age=900; }} }}"""


def ask(url, fields):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=fields), timeout=5) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def load(url, fields, connections, seconds, pid):
    """One turn of wrk."""
    command = ["taskset", "-c", "1", "wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for name, value in fields.items():
        command += ["-H", f"{name}: {value}"]
    before = cpu(pid)
    out = subprocess.run(command + [url], capture_output=True, text=True).stdout
    used = cpu(pid) - before
    if "Non-2xx" in out or "Socket errors" in out or "requests in" not in out:
        sys.exit(f"{url}: {out}")
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", out)
    return Figures(float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), used * 1000 / int(re.search(r"(\d+) requests in", out)[1]), float(p99[1]) * UNITS[p99[2]])


def worker(nginx):
    children = pathlib.Path(f"/proc/{nginx.pid}/task/{nginx.pid}/children").read_text().split()
    return int(children[0])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--secs", type=int, default=3)
    ap.add_argument("--conns", default="64,256")
    ap.add_argument("--binary", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "target/release/newsroomd")
    a = ap.parse_args()
    missing = [p for p in ("nginx", "wrk", "taskset", str(a.binary)) if not shutil.which(p)]
    missing += [] if {0, 1} <= os.sched_getaffinity(0) else ["cores 0 and 1"]
    if missing:
        print(f"skipped: not found: {', '.join(missing)}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        work.chmod(0o755)
        (work / "aside").mkdir()
        make_pages(work / "pages", 1)
        newsroom = Nginx(work / "pages", work / "aside")
        daemon = beside = None
        try:
            base = f"http://127.0.0.1:{newsroom.port}"
            source = FACETS_SOURCE.format(id="news", page=f"{base}/s0000/index.html", every="15m")
            file = config(work / "run", base, [source], 'items = 34\n[http]\nlisten = "127.0.0.1:0"')
            # Its threads are pinned with it, from the first on.
            os.sched_setaffinity(0, {0})
            daemon = Daemon(a.binary.resolve(), file)
            daemon.wait(1, "new=")
            daemon.wait(2)
            feed = work / "run/feeds/news/all.rss"
            shutil.copytree(work / "run/feeds", work / "files")
            for document in list((work / "files").rglob("*.rss")):
                packed = document.with_name(document.name + ".gz")
                packed.write_bytes(gzip.compress(document.read_bytes(), 6))
                os.utime(packed, ns=(document.stat().st_mtime_ns,) * 2)
            beside = Nginx(work / "files", work, BESIDE)
            os.sched_setaffinity(0, {0, 1})
            urls = {"newsroomd": re.search(r"http://127\.0\.0\.1:\d+/", daemon.lines())[0] + "news/all.rss", "nginx": f"http://127.0.0.1:{beside.port}/news/all.rss"}
            pids = {"newsroomd": daemon.process.pid, "nginx": worker(beside.process)}
            print(f"{feed.stat().st_size:,} bytes, {a.rounds} rounds of {a.secs} s; nginx / newsroomd")
            for what in ("200 identity", "200 gzip", "304"):
                fields = {name: {"Accept-Encoding": "gzip"} if what == "200 gzip" else {} for name in urls}
                for name, url in urls.items():
                    if what == "304":
                        fields[name] = {"If-None-Match": ask(url, {})[1]["ETag"]}
                    status, head, body = ask(url, fields[name])
                    body = gzip.decompress(body) if what == "200 gzip" else body
                    if status != int(what[:3]) or (status == 200 and (body != feed.read_bytes() or (head["Content-Encoding"] == "gzip") != (what == "200 gzip"))):
                        sys.exit(f"{name} answers {what} with {status}, {len(body)} bytes, {dict(head)}")
                for connections in map(int, a.conns.split(",")):
                    got = {name: [] for name in urls}
                    for n in range(a.rounds + 1):  # the first is a warm-up
                        for name in sorted(urls, reverse=n % 2 == 0):
                            figures = load(urls[name], fields[name], connections, a.secs if n else 1, pids[name])
                            got[name] += [figures] if n else []
                    line = f"{what:12} {connections:4} connections:"
                    for figure, unit, better in (("rate", "req/s", 1), ("cpu", "us CPU", -1), ("p99", "ms p99", -1)):
                        theirs, ours = ([getattr(f, figure) for f in got[name]] for name in ("nginx", "newsroomd"))
                        ratios = sorted((o / t) ** better for o, t in zip(ours, theirs))
                        number = lambda values: f"{statistics.median(values):,.0f}" if figure == "rate" else f"{statistics.median(values):.2f}"
                        line += f"  {number(theirs)} / {number(ours)} {unit} x{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
                    print(line, flush=True)
        finally:
            for server in (daemon, beside, newsroom):
                if server:
                    server.stop()


if __name__ == "__main__":
    main()
