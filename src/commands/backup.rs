//! `backup`: a copy of the database, made while it is in use.

use serde_json::json;

use super::Exit;
use crate::cli::BackupArgs;
use crate::commands::out::say;
use crate::config::Config;
use crate::store::back_up;

pub(super) async fn run(config: &Config, args: &BackupArgs) -> anyhow::Result<Exit> {
    let bytes = back_up(&config.database, &args.file, args.force).await?;
    if args.json {
        say!("{:#}", json!({"database": config.database, "backup": args.file, "bytes": bytes}));
    } else {
        say!("{}: {bytes} bytes, checked", args.file.display());
    }
    Ok(Exit::Done)
}
