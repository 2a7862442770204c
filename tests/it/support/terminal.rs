//! A terminal of its own for one run of the program, and what stands on its screen. A sequence
//! that the program has no reason to send is a failure.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long it is waited for something to appear.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program at a terminal.
pub struct Terminal {
    child: Child,
    master: std::os::fd::OwnedFd,
    screen: Arc<Mutex<Screen>>,
}

/// What a terminal shows, and what was sent to it.
#[derive(Default)]
struct Screen {
    sent: Vec<u8>,
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    columns: usize,
    /// What is not whole yet.
    rest: Vec<u8>,
}

impl Terminal {
    /// Starts a program with its output at a terminal of so many columns.
    pub fn of(mut command: Command, columns: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let master = openpt(flags).expect("there are terminals");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let slave = std::fs::File::options()
            .read(true)
            .write(true)
            .open(name.to_str().expect("ASCII"))
            .expect("it can be opened");
        resize(&master, columns);
        let again = || slave.try_clone().expect("there are descriptors");
        command.stdin(Stdio::null()).stdout(again()).stderr(again());
        let child = command.spawn().expect("the program is built");
        drop((command, slave));
        let mut reader = std::fs::File::from(master.try_clone().expect("there are descriptors"));
        let screen = Arc::new(Mutex::new(Screen { columns: columns.into(), ..Screen::default() }));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            // A terminal that nobody writes to any more ends with an error.
            while let Ok(count @ 1..) = reader.read(&mut part) {
                let mut screen = shown.lock().unwrap_or_else(PoisonError::into_inner);
                screen.take(&part[..count]);
            }
        });
        Self { child, master, screen }
    }

    /// The lines of the screen, each without what is blank at its end.
    pub fn lines(&self) -> Vec<String> {
        let screen = self.screen.lock().expect("nothing was sent that a terminal acts on");
        let line = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
        screen.lines.iter().map(line).collect()
    }

    /// Everything that was sent to it.
    pub fn sent(&self) -> String {
        let screen = self.screen.lock().expect("nothing was sent that a terminal acts on");
        String::from_utf8(screen.sent.clone()).expect("UTF-8")
    }

    /// Waits until the screen is as wanted, and returns its lines.
    pub fn until(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let begin = Instant::now();
        loop {
            let lines = self.lines();
            if wanted(&lines) {
                return lines;
            }
            assert!(begin.elapsed() < PATIENCE, "no {what}:\n{}", lines.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a line of the screen begins like this.
    pub fn shows(&self, begin: &str) -> Vec<String> {
        self.until(begin, |lines| lines.iter().any(|line| line.starts_with(begin)))
    }

    /// Makes it as wide as this; its lines are broken anew by the next picture alone.
    pub fn resize(&self, columns: u16) {
        self.screen.lock().expect("whole").columns = columns.into();
        resize(&self.master, columns);
    }

    /// Sends a signal to the program, as the terminal does with its keys.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a number")).expect("not 0");
        kill_process(pid, signal).expect("it is there");
    }

    /// Waits for its end, and returns its exit code and what stands on the screen.
    pub fn ends(&mut self) -> (Option<i32>, String) {
        let code = self.child.wait().expect("it ends").code();
        // What is on its way arrives.
        std::thread::sleep(Duration::from_millis(100));
        let screen = self.screen.lock().expect("nothing was sent that a terminal acts on");
        assert_eq!(screen.column, 0, "the cursor stands at the beginning of a line");
        drop(screen);
        (code, self.lines().join("\n"))
    }
}

fn resize(master: &std::os::fd::OwnedFd, columns: u16) {
    let size = Winsize { ws_row: 30, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(master, size).expect("a terminal has a size");
}

impl Screen {
    fn take(&mut self, bytes: &[u8]) {
        self.sent.extend(bytes);
        self.rest.extend(bytes);
        let all = std::mem::take(&mut self.rest);
        // A sequence or a character may come in two parts.
        let whole = match std::str::from_utf8(&all) {
            Ok(_) => all.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = std::str::from_utf8(&all[..whole]).expect("checked");
        let cut = text.rfind('\x1b').filter(|at| !text[at + 1..].contains(char::is_alphabetic));
        let end = cut.unwrap_or(whole);
        let text = text[..end].to_owned();
        self.rest = all[end..].to_vec();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => self.column = 0,
                '\n' => {
                    self.row += 1;
                    self.line();
                }
                '\x1b' => {
                    assert_eq!(chars.next(), Some('['), "{text:?}");
                    let number: String =
                        chars.by_ref().take_while(|c| !c.is_alphabetic()).collect();
                    let before: usize = text.len() - chars.as_str().len();
                    let letter = text[..before].chars().next_back();
                    self.sequence(letter.expect("it is whole"), &number);
                }
                c if c.is_control() => panic!("{c:?} in {text:?}"),
                c => self.put(c),
            }
        }
    }

    fn sequence(&mut self, letter: char, number: &str) {
        match (letter, number) {
            ('A', number) => {
                let up: usize = number.parse().expect("a number");
                self.row = self.row.checked_sub(up).expect("not above the first line");
            }
            ('J', "") => {
                self.lines.truncate(self.row + 1);
                self.line().truncate(0);
            }
            ('K', "") => {
                let column = self.column;
                self.line().truncate(column);
            }
            ('m', _) => {}
            other => panic!("nobody asked for {other:?}"),
        }
    }

    fn put(&mut self, c: char) {
        if self.column >= self.columns {
            self.column = 0;
            self.row += 1;
        }
        let column = self.column;
        let line = self.line();
        line.resize(line.len().max(column + 1), ' ');
        line[column] = c;
        self.column += 1;
    }

    fn line(&mut self) -> &mut Vec<char> {
        let rows = self.lines.len().max(self.row + 1);
        self.lines.resize(rows, Vec::new());
        &mut self.lines[self.row]
    }
}
