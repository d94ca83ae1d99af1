//! What is read about newsroomd. Promised: README's help is the program's; the manual pages are well-formed and name what there is; each shell takes
//! its completions.

use std::path::Path;
use std::process::Command;

use crate::support::binary::Run;

fn newsroomd(args: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsroomd"));
    // These would change how wide it is, and what it says.
    command.args(args).env_remove("COLUMNS").env_remove("NEWSROOMD_CONFIG").env("SOURCE_DATE_EPOCH", "1700000000");
    Run::from(command.output().expect("the binary runs")).ok()
}

/// A folder with everything that `generate` makes.
fn generated() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    newsroomd(&["generate", folder.path().to_str().expect("UTF-8")]);
    folder
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a tool says of a file, if there is one of that name; the tests go on without it, and say so.
fn said(tool: &str, args: &[&str], file: &Path) -> Option<Run> {
    let output = Command::new(tool).args(args).arg(file).env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80").output();
    if output.is_err() {
        eprintln!("{tool} is not installed: {} was not shown to it", file.display());
    }
    output.ok().map(Run::from)
}

#[test]
fn help_in_readme_is_the_help() {
    const BEGIN: &str = "    $ newsroomd --help\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = read(&path);
    let help = newsroomd(&["--help"]).stdout;
    let block: String = help.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
    let (before, rest) = readme.split_once(BEGIN).expect("README shows the help");
    // The block ends where a line stands at the margin.
    let end =
        rest.split_inclusive('\n').take_while(|line| line.starts_with("    ") || line.trim().is_empty()).map(str::len).sum();
    let (shown, after) = rest.split_at(end);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{block}\n{after}")).expect("README written");
    } else {
        assert_eq!(shown.trim_end(), block.trim_end(), "README.md; UPDATE_GOLDEN=1 puts it right");
    }
}

#[test]
fn manual_pages_are_well_formed() {
    let folder = generated();
    for name in ["newsroomd.1", "newsroomd.toml.5"] {
        let page = folder.path().join("man").join(name);
        assert!(read(&page).contains(" 2023-11-14 "), "the date of SOURCE_DATE_EPOCH");
        if let Some(run) = said("mandoc", &["-T", "lint", "-W", "warning"], &page) {
            assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""), "{name}");
        }
        // Without groff it cannot, and some systems have a stand-in for it that shows no page.
        let man = said("man", &["--warnings", "--local-file"], &page).filter(|run| run.code == Some(0) && !run.stdout.is_empty());
        match man {
            Some(run) => assert_eq!(run.stderr, "", "{name}"),
            None => eprintln!("man cannot show pages here: {name} was not shown to it"),
        }
    }
}

#[test]
fn manual_names_every_command_option_and_status() {
    let folder = generated();
    // As it is read: escapes of hyphens and fonts taken off.
    let page = read(&folder.path().join("man/newsroomd.1"))
        .replace("\\-", "-")
        .replace("\\fB", "")
        .replace("\\fR", "")
        .replace("\\fI", "");
    let help = newsroomd(&["--help"]).stdout;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty() && *word != "help"))
        .collect();
    assert!(commands.contains(&"run") && commands.contains(&"forget") && !commands.contains(&"generate"), "{help}");
    for command in commands {
        let (_, section) = page.split_once(&format!(".SS {command}\n")).unwrap_or_else(|| panic!("{command}: {page}"));
        let section = section.split("\n.S").next().unwrap_or_default();
        let help = newsroomd(&[command, "--help"]).stdout;
        let options =
            help.split_whitespace().filter(|word| word.starts_with("--") && !["--config", "--help", "--now)"].contains(word));
        for option in options.map(|word| word.trim_end_matches([':', ',', '.', ')', ';'])) {
            assert!(section.contains(option), "{command} {option}: {section}");
        }
    }
    for status in ["\n0\n", "\n1\n", "\n2\n", "\n75\n", "\n78\n", "Done", "Failed", "Usage", "SourceFailed", "Config"] {
        assert!(page.split("EXIT STATUS").nth(1).is_some_and(|section| section.contains(status)), "{status:?}: {page}");
    }
}

#[test]
fn shells_take_their_completions() {
    let folder = generated();
    for (shell, args, name) in [
        ("bash", ["-n"].as_slice(), "newsroomd.bash"),
        ("zsh", &["-n"], "_newsroomd"),
        ("fish", &["--no-execute"], "newsroomd.fish"),
    ] {
        let script = folder.path().join("completions").join(name);
        let text = read(&script);
        assert!(text.contains("backfill") && !text.contains("generate"), "{name}");
        if let Some(run) = said(shell, args, &script) {
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{name}");
        }
    }
}
