//! Standard output, which may be closed by whoever reads it (`| head`) or full: no cause for a panic.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

use super::Exit;

/// Prints a line. Where nobody reads on, the process ends, quietly; what it was asked to do is done by then, or is not begun.
pub(super) fn line(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(Exit::Done as i32),
        Err(error) => {
            eprintln!("newsroomd: cannot write to standard output: {error}");
            std::process::exit(Exit::Failed as i32);
        }
    }
}

/// `println!` through [`line`].
macro_rules! say {
    ($($arg:tt)*) => { $crate::commands::out::line(format_args!($($arg)*)) };
}

pub(super) use say;
