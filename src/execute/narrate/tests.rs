use std::sync::mpsc::channel;

use tokio::sync::watch;

use super::*;
use crate::domain::event::Phase;

fn clock() -> impl FnMut() -> (String, Duration) {
    || ("2025-10-08T10:41:31Z".into(), Duration::ZERO)
}

#[test]
fn reports_arrive_in_order_and_the_result_comes_back() {
    let mut seen = Vec::new();
    let (_keep, signals) = watch::channel(0);
    let work = |reporter: &Reporter| {
        reporter.report(EventKind::PhaseStart { phase: Phase::Analytic }, 0);
        reporter.session("20251008-104131-x");
        for percent in 1..=50 {
            reporter.activity(format!("step {percent}"), percent);
        }
        reporter.report(EventKind::CycleComplete { success: true }, 0);
        42
    };
    let on_beat = |beat: Beat<'_>| {
        if let Beat::Event(event) = beat {
            seen.push((event.seq, event.session.clone(), event.status.progress_percent));
        }
        Ok(())
    };
    let value =
        narrate_until(&mut Stream::default(), work, clock(), on_beat, signals).expect("it ends");
    assert_eq!((value, seen.len()), (42, 52));
    assert_eq!(seen[0], (1, None, 0));
    assert_eq!(seen[51], (52, Some("20251008-104131-x".into()), 100));
    assert!(seen.iter().zip(1..).all(|(event, n)| event.0 == n));
}

#[test]
fn the_display_moves_while_the_work_is_silent() {
    let mut ticks = 0;
    let (_keep, signals) = watch::channel(0);
    let work = |_: &Reporter| std::thread::sleep(TICK * 4);
    let on_beat = |beat: Beat<'_>| {
        ticks += usize::from(matches!(beat, Beat::Tick));
        Ok(())
    };
    narrate_until(&mut Stream::default(), work, clock(), on_beat, signals).expect("it ends");
    assert!(ticks >= 2, "{ticks}");
}

#[test]
fn a_signal_stops_the_work_between_steps() {
    let (signal, signals) = watch::channel(0);
    let (stopped, was_stopped) = channel();
    let work = move |reporter: &Reporter| {
        reporter.activity("running", 1);
        while reporter.checkpoint().is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
        stopped.send(()).expect("the test waits");
    };
    let on_beat = |_: Beat<'_>| {
        signal.send_replace(15);
        Ok(())
    };
    let error = narrate_until(&mut Stream::default(), work, clock(), on_beat, signals)
        .expect_err("interrupted");
    let interrupted = error.downcast_ref::<Interrupted>().expect("that one");
    assert_eq!(interrupted.exit_code(), 143);
    was_stopped.try_recv().expect("the work ended before the pump did");
}

#[test]
fn a_second_signal_leaves_deaf_work_behind() {
    let (signal, signals) = watch::channel(0);
    let (release, wait) = channel::<()>();
    let started = Instant::now();
    let pressing = std::thread::spawn(move || {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(50));
            signal.send_replace(2);
        }
    });
    let work = move |_: &Reporter| wait.recv().is_ok();
    let error = narrate_until(&mut Stream::default(), work, clock(), |_| Ok(()), signals)
        .expect_err("interrupted");
    assert_eq!(error.downcast_ref::<Interrupted>().map(|i| i.exit_code()), Some(130));
    assert!(started.elapsed() < GRACE, "{:?}", started.elapsed());
    pressing.join().expect("no panic");
    drop(release);
}

#[test]
fn work_that_is_held_is_waited_for_and_hurried_by_the_second_signal() {
    let (signal, signals) = watch::channel(0);
    let (ended, has_ended) = channel();
    let pressing = std::thread::spawn(move || {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(50));
            signal.send_replace(2);
        }
        signal
    });
    let work = move |reporter: &Reporter| {
        let _hold = reporter.hold();
        while *reporter.stop().borrow() < Urgency::AtOnce {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(100));
        ended.send(()).expect("the test waits");
    };
    let error = narrate_until(&mut Stream::default(), work, clock(), |_| Ok(()), signals)
        .expect_err("interrupted");
    assert!(error.is::<Interrupted>());
    has_ended.try_recv().expect("the work ended before the pump did");
    pressing.join().expect("no panic");
}

#[test]
fn a_display_that_fails_stops_the_work() {
    let (_keep, signals) = watch::channel(0);
    let work = |reporter: &Reporter| {
        reporter.activity("x", 1);
        while !reporter.cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let on_beat = |beat: Beat<'_>| match beat {
        Beat::Event(_) => anyhow::bail!("the pipe is closed"),
        Beat::Tick => Ok(()),
    };
    let error = narrate_until(&mut Stream::default(), work, clock(), on_beat, signals)
        .expect_err("stopped");
    assert_eq!(error.to_string(), "the pipe is closed");
}

#[test]
#[should_panic(expected = "the work is wrong")]
fn a_panic_goes_on_in_the_caller() {
    let (_keep, signals) = watch::channel(0);
    let work = |_: &Reporter| panic!("the work is wrong");
    narrate_until(&mut Stream::default(), work, clock(), |_| Ok(()), signals)
        .expect("unreachable: it panics");
}

/// Run alone, as a process of its own, by the test below: work that waits for a signal, and
/// after it a wait as at a question.
#[test]
#[ignore = "it waits for signals that the next test sends"]
fn child_that_waits() {
    let say = |text: &str| {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "{text}").expect("the parent reads");
    };
    let work = move |reporter: &Reporter| {
        // The thread that listens is certainly there once it has been given some time.
        std::thread::sleep(Duration::from_millis(300));
        say("child: working");
        while !reporter.cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let error =
        narrate(&mut Stream::default(), work, clock(), |_| Ok(())).expect_err("interrupted");
    say(&format!("child: {error}"));
    std::thread::sleep(Duration::from_secs(20));
    say("child: nothing happened");
}

#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "a signal is for a whole process")]
fn the_first_signal_stops_the_work_and_the_next_the_process() {
    use std::io::BufRead as _;
    use std::process::{Command, Stdio};

    let test = "execute::narrate::tests::child_that_waits";
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", test, "--ignored", "--nocapture"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let pid = child.id().to_string();
    let stderr = std::io::BufReader::new(child.stderr.take().expect("piped"));
    let mut lines = stderr.lines().map_while(Result::ok).filter(|l| l.starts_with("child:"));
    for said in ["child: working", "child: interrupted"] {
        assert_eq!(lines.next().as_deref(), Some(said));
        let kill = Command::new("kill").args(["-INT", &pid]).status().expect("it runs");
        assert!(kill.success());
    }
    assert_eq!(lines.next(), None);
    assert_eq!(child.wait().expect("it ended").code(), Some(130));
}
