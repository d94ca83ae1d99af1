//! `demo`: the real daemon (or with `--once` one round of it) against the newsroom that is built in. Nothing in it is a special path.

mod live;

use crate::commands::out::say;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::run::on_signals;
use super::{Exit, report};
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::demo::{self, Markup, Newsroom};
use crate::http::{HttpError, Server};
use crate::pipeline::{Outlets, Pipeline, Which};
use crate::store::Store;

/// Where the feeds of `--once` say that they are found.
const BASE_URL: &str = "http://localhost:8080/";

pub(super) async fn run(args: &DemoArgs) -> anyhow::Result<Exit> {
    let stage = Stage::set(args).await?;
    let stop = stage.stop.clone();
    let exit = if args.once { once(args, &stage).await } else { live(args, &stage).await };
    stop.cancel();
    stage.server.await.context("the newsroom died")?.context("the newsroom failed")?;
    exit
}

/// The newsroom, served on loopback, and where the daemon's things go.
struct Stage {
    newsroom: Arc<Mutex<Newsroom>>,
    page: String,
    out: PathBuf,
    state: Scratch,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Stage {
    async fn set(args: &DemoArgs) -> anyhow::Result<Self> {
        let out = std::path::absolute(&args.out).with_context(|| format!("{} is no path", args.out.display()))?;
        let state = Scratch::new()?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr().context("the listener has no address")?;
        let newsroom = Arc::new(Mutex::new(Newsroom::built_in(Markup::Classes)));
        let stop = CancellationToken::new();
        let server = tokio::spawn(demo::serve(listener, newsroom.clone(), stop.clone().cancelled_owned()));
        let page = format!("http://{address}/press-releases?rows=50&solrsort=ds_date+desc");
        Ok(Self { newsroom, page, out, state, stop, server })
    }

    fn config(&self, base_url: &str) -> anyhow::Result<Config> {
        let database = self.state.path().join("newsroomd.db");
        let text = demo::config(&self.page, &self.out.to_string_lossy(), &database.to_string_lossy(), base_url);
        Ok(Config::parse(Path::new("demo.toml"), &text, self.state.path())?.0)
    }
}

async fn once(args: &DemoArgs, stage: &Stage) -> anyhow::Result<Exit> {
    let config = stage.config(BASE_URL)?;
    let store = Store::open(&config.database).await?;
    let pipeline = Pipeline::new(Arc::new(config), store.clone(), Outlets { disk: true, shelf: None }).await?;
    let round = pipeline.round(Which { all: true, now: true }).await?;
    store.close().await;
    report::round(&round, false, args.json);
    if !args.json {
        let (index, feed) = (stage.out.join("index.html"), stage.out.join("osce/all.atom"));
        say!("see {} for the list of feeds, or open one: {}", index.display(), feed.display());
    }
    Ok(if round.failed() { Exit::SourceFailed } else { Exit::Done })
}

async fn live(args: &DemoArgs, stage: &Stage) -> anyhow::Result<Exit> {
    let server = match Server::bind(&[args.listen.into()]) {
        // Whatever holds the port: the demo can do with another one.
        Err(HttpError::Taken(_)) => {
            eprintln!("{} is taken, another free port is used", args.listen);
            Server::bind(&[SocketAddr::from((args.listen.ip(), 0)).into()])?
        }
        server => server?,
    };
    let address = *server.addresses().first().context("the listener has no address")?;
    let config = stage.config(&format!("http://{address}/"))?;
    on_signals(&stage.stop, None)?;
    live::run(config, server, stage, args.json).await?;
    Ok(Exit::Done)
}

/// A folder for the demo's database, removed when the demo ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("newsroomd-demo-{}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing to be done about it, and nothing lost: it lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
