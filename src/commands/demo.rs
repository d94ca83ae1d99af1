//! `demo`: the real pipeline against the newsroom that is built in.

use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Exit, report};
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::demo::{self, Markup, Newsroom};
use crate::pipeline::Pipeline;
use crate::store::Store;

/// Where the demo's feeds say that they are found.
const BASE_URL: &str = "http://localhost:8080/";

pub(super) async fn run(args: &DemoArgs) -> anyhow::Result<Exit> {
    let out = std::path::absolute(&args.out).with_context(|| format!("{} is no path", args.out.display()))?;
    let state = Scratch::new()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot listen on 127.0.0.1")?;
    let address = listener.local_addr().context("the listener has no address")?;
    let (stop, stopped) = oneshot::channel::<()>();
    let newsroom = Arc::new(Mutex::new(Newsroom::built_in(Markup::Classes)));
    let server = tokio::spawn(demo::serve(listener, newsroom, async {
        // An error means that the sender is gone, which is a reason to stop as well.
        let _ = stopped.await;
    }));

    let page = format!("http://{address}/press-releases?rows=50&solrsort=ds_date+desc");
    let database = state.path().join("newsroomd.db");
    let text = demo::config(&page, &out.to_string_lossy(), &database.to_string_lossy(), BASE_URL);
    let (config, _) = Config::parse(Path::new("demo.toml"), &text, state.path())?;
    let store = Store::open(&config.database).await?;
    let pipeline = Pipeline::new(Arc::new(config), store.clone()).await?;
    let round = pipeline.round(true).await?;
    store.close().await;
    let _ = stop.send(());
    server.await.context("the newsroom died")?.context("the newsroom failed")?;

    report::round(&round, args.json);
    if !args.json {
        println!(
            "see {} for the list of feeds, or open one: {}",
            out.join("index.html").display(),
            out.join("osce/all.atom").display()
        );
    }
    Ok(if round.failed() { Exit::SourceFailed } else { Exit::Done })
}

/// A folder for the demo's database, removed when the demo ends.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("newsroomd-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make the folder {}", path.display()))?;
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
