//! What `systemd/` holds. Promised: systemd takes every unit, the service is well confined and says why, nginx and Caddy take the examples. What is not
//! installed here is told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

/// What a program says, and whether it is content; None, and told, where there is no such program.
fn run(program: &str, args: &[&str], place: &Path) -> Option<(bool, String)> {
    match Command::new(program).args(args).current_dir(place).env("HOME", place).output() {
        Ok(Output { status, stdout, stderr }) => {
            let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
            Some((status.success(), text))
        }
        Err(error) => {
            eprintln!("not checked here: {program} cannot be run ({error})");
            None
        }
    }
}

/// All units in one folder, with a program that is there, and an instance of each template.
fn units() -> (tempfile::TempDir, Vec<String>) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut names = Vec::new();
    for folder in [folder(), folder().join("examples")] {
        for entry in fs::read_dir(folder).expect("units") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().replace('@', "@agency");
            if ["service", "socket", "timer"].iter().any(|kind| path.extension().is_some_and(|e| e == *kind)) {
                let text = fs::read_to_string(&path).expect("a unit").replace("/usr/bin/newsroomd", "/bin/true");
                fs::write(dir.path().join(&name), text).expect("a copy");
                names.push(name);
            }
        }
    }
    names.sort();
    (dir, names)
}

#[test]
fn systemd_takes_every_unit() {
    let (dir, names) = units();
    assert_eq!(
        names,
        ["newsroomd-once.service", "newsroomd-once.timer", "newsroomd.service", "newsroomd.socket", "newsroomd@agency.service"]
    );
    for name in &names {
        let Some((good, said)) = run("systemd-analyze", &["verify", "--man=no", &format!("./{name}")], dir.path()) else {
            return;
        };
        // Units of the system itself may have their own troubles.
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("newsroomd")).collect();
        assert!(good && ours.is_empty(), "{name}: {said}");
    }
}

#[test]
fn the_services_are_confined() {
    let (dir, names) = units();
    for name in names.iter().filter(|name| name.ends_with(".service")) {
        let args = ["security", "--offline=yes", "--no-pager", &format!("./{name}")];
        let Some((_, said)) = run("systemd-analyze", &args, dir.path()) else { return };
        let score = said
            .split("exposure level for ")
            .nth(1)
            .and_then(|rest| rest.split(": ").nth(1)?.split(' ').next()?.parse::<f32>().ok());
        assert!(score.is_some_and(|score| score <= 1.2), "{name}: {said}");
    }
}

#[test]
fn each_line_of_the_sandbox_has_its_reason() {
    let text = fs::read_to_string(folder().join("newsroomd.service")).expect("a unit");
    let sandbox = text.split("ProtectSystem=").next().map_or(0, |head| head.lines().count()) - 2;
    let lines: Vec<&str> = text.lines().skip(sandbox).take_while(|line| !line.starts_with("[Install]")).collect();
    let mut settings = 0;
    for pair in lines.windows(2).filter(|pair| !pair[1].starts_with('#') && pair[1].contains('=')) {
        settings += 1;
        let follows = pair[0].split('=').next().is_some_and(|key| key.ends_with("CapabilityBoundingSet"));
        assert!(pair[0].starts_with('#') || follows, "no reason above {}", pair[1]);
    }
    assert!(settings > 20, "{lines:#?}");
}

/// The template differs from the service in names only.
#[test]
fn the_second_instance_is_confined_alike() {
    let settings = |path: PathBuf| -> Vec<String> {
        let text = fs::read_to_string(path).expect("a unit");
        let names = ["Description", "ExecStart", "StateDirectory", "RuntimeDirectory"];
        let is_name = |line: &str| names.contains(&line.split('=').next().unwrap_or_default());
        text.lines().filter(|line| line.contains('=') && !line.starts_with('#') && !is_name(line)).map(str::to_owned).collect()
    };
    assert_eq!(settings(folder().join("newsroomd@.service")), settings(folder().join("newsroomd.service")));
}

#[test]
fn sysusers_takes_the_user() {
    let file = folder().join("newsroomd.sysusers.conf");
    if let Some((good, said)) = run("systemd-sysusers", &["--dry-run", &file.to_string_lossy()], &folder()) {
        assert!(good && (said.contains("newsroomd") || said.is_empty()), "{said}");
    }
}

#[test]
fn nginx_and_caddy_take_the_examples() {
    let dir = tempfile::tempdir().expect("a folder");
    let main = dir.path().join("main.conf");
    let included = folder().join("examples/nginx.conf");
    let place = dir.path().display();
    let text = format!(
        "pid {place}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\nclient_body_temp_path {place}/b;\nproxy_temp_path {place}/p;\n\
         fastcgi_temp_path {place}/f;\nuwsgi_temp_path {place}/u;\nscgi_temp_path {place}/s;\ninclude {};\n}}\n",
        included.display()
    );
    fs::write(&main, text).expect("a file");
    if let Some((good, said)) = run("nginx", &["-t", "-q", "-c", &main.to_string_lossy()], dir.path()) {
        assert!(good && !said.contains("[warn]"), "{said}");
    }
    let file = folder().join("examples/Caddyfile");
    if let Some((good, said)) =
        run("caddy", &["adapt", "--adapter", "caddyfile", "--validate", "--config", &file.to_string_lossy()], dir.path())
    {
        assert!(good && !said.contains("\"level\":\"warn\""), "{said}");
    }
}
