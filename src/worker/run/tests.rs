use super::*;

async fn run(
    job: &Job,
    stop: watch::Receiver<Urgency>,
    mut on_line: impl FnMut(Line<'_>),
) -> Result<Ended> {
    let hear = |heard: Heard<'_>| {
        if let Heard::Line(line) = heard {
            on_line(line);
        }
    };
    attend(job, stop, None, hear).await.map(|(ended, _)| ended)
}

#[expect(clippy::disallowed_methods, reason = "the programs of the tests are found by it")]
fn job(script: &str) -> Job {
    let path = std::env::var_os("PATH").expect("a PATH");
    Job {
        words: ["sh", "-c", script].map(OsString::from).to_vec(),
        directory: std::env::temp_dir(),
        environment: vec![("PATH".to_owned(), path), ("AP_X".to_owned(), "given".into())],
        input: Some(b"the prompt\n".to_vec()),
        timeout: Duration::from_secs(30),
        limit: 1 << 20,
        mark: crate::worker::leftover::mark(),
    }
}

/// Runs it as if `stop` changed to these after so many milliseconds.
fn run_with(job: &Job, stops: &[(u64, Urgency)]) -> (Ended, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let (sender, stop) = watch::channel(Urgency::GoOn);
        let stops = stops.to_vec();
        tokio::spawn(async move {
            for (after, urgency) in stops {
                sleep(Duration::from_millis(after)).await;
                sender.send_replace(urgency);
            }
            // The sender stays: nobody says anything further.
            std::future::pending::<()>().await;
            drop(sender);
        });
        let mut seen = Vec::new();
        let ended = run(job, stop, |line| seen.push(line.text.to_owned())).await;
        (ended.expect("it runs"), seen)
    })
}

fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn it_gets_its_prompt_and_its_variables_and_no_others() {
    let job = job(
        "cat; echo $AP_X; env | cut -d= -f1 | sort | tr '\\n' ' '; printf '\\033[31moops\\033[0m\\n' >&2; exit 3",
    );
    let (ended, seen) = run_with(&job, &[]);
    let out: Vec<&str> =
        seen.iter().map(String::as_str).filter(|line| !line.contains("oops")).collect();
    assert_eq!(out, ["the prompt", "given", "AP_RUN AP_X PATH PWD "]);
    assert!(seen.contains(&"\u{1b}[31moops\u{1b}[0m".to_owned()), "as it came: {seen:?}");
    assert_eq!((ended.code, ended.errors), (Some(3), vec!["oops".to_owned()]), "without colours");
    let silent = Job { input: None, ..job };
    assert_eq!(run_with(&silent, &[]).1[0], "given", "standard input is at its end");
}

#[test]
fn a_prompt_that_is_read_late_or_not_at_all_holds_nothing_up() {
    let long = vec![b'x'; 4 << 20];
    let late = Job { input: Some(long.clone()), ..job("sleep 0.3; wc -c") };
    assert_eq!(run_with(&late, &[]).1[0].trim(), (4 << 20).to_string());
    let (ended, _) = run_with(&Job { input: Some(long), ..job("exit 0") }, &[]);
    assert_eq!(ended.complaint(), None);
}

#[test]
fn what_is_too_much_is_read_and_dropped() {
    let flood = Job { limit: 1000, ..job("seq 1 200000; echo done >&2") };
    let (ended, seen) = run_with(&flood, &[]);
    let handed: usize = seen.iter().map(|line| line.len() + 1).sum();
    assert!(ended.dropped > 1_000_000 && handed <= 1005, "{handed} {}", ended.dropped);
    assert_eq!((ended.code, ended.errors), (Some(0), vec!["done".to_owned()]));
}

#[test]
fn one_that_takes_too_long_is_stopped_with_all_it_started() {
    let slow = Job {
        timeout: Duration::from_millis(300),
        ..job("sleep 60 & echo $!; setsid sleep 60 & echo $!; trap '' TERM; wait; wait; sleep 60")
    };
    let (ended, seen) = run_with(&slow, &[]);
    assert!(ended.timed_out && ended.took < Duration::from_secs(20), "{ended:?}");
    assert!(ended.complaint().is_some_and(|why| why.starts_with("took longer than")));
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|pid| !lives(pid)), "{seen:?}");
}

#[test]
fn what_stays_behind_holds_nothing_up() {
    for held in ["sleep 60 & echo $!", "setsid sleep 60 & sleep 0.2; echo $!"] {
        let (ended, seen) = run_with(&job(held), &[]);
        assert!(ended.code == Some(0) && ended.took < Duration::from_secs(10), "{ended:?}");
        assert!(!lives(&seen[0]), "{held}");
    }
}

#[test]
fn it_may_tidy_up_unless_there_is_a_hurry() {
    let tidy = job("trap 'sleep 0.2; echo tidied; exit 0' TERM; echo begun; sleep 60 & wait");
    let (ended, seen) = run_with(&tidy, &[(300, Urgency::Stop)]);
    assert!(ended.stopped && seen == ["begun", "tidied"], "{ended:?} {seen:?}");
    let deaf = job("trap '' TERM; echo begun; sleep 60; sleep 60");
    let hurry = [(300, Urgency::Stop), (200, Urgency::AtOnce)];
    let (ended, _) = run_with(&deaf, &hurry);
    assert!(ended.stopped && ended.took < Duration::from_millis(1_900), "{ended:?}");
    let (ended, _) = run_with(&deaf, &[(0, Urgency::Stop)]);
    assert!(ended.stopped && ended.took < Duration::from_secs(8), "{ended:?}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let missing = Job { words: vec!["no-such\n-program".into()], ..job("") };
    let (_sender, stop) = watch::channel(Urgency::GoOn);
    let error = runtime.expect("a runtime").block_on(run(&missing, stop, |_| {}));
    let text = error.expect_err("it cannot start").to_string();
    assert_eq!(text, "cannot start `\"no-such\\n-program\"`: there is no such program on `PATH`");
}
