//! Random patterns and paths from a seed that is printed, so that a failure can be repeated.

/// Prints past the capture of the test runner: a seed is wanted in the log of a run that passed
/// as well.
pub fn say(line: &str) {
    use std::io::Write as _;
    // One write, so that lines of tests that run at once do not mix.
    drop(std::io::stderr().write_all(format!("{line}\n").as_bytes()));
}

/// A small generator (xorshift64*, Vigna 2016): good enough to pick patterns, the same
/// everywhere.
pub struct Random(u64);

impl Random {
    /// Seeded by the variable `GIT_AP_SEED`, else by the clock. Prints the seed.
    pub fn announced(what: &str) -> Self {
        let given = std::env::var("GIT_AP_SEED").ok().and_then(|s| s.parse().ok());
        let clock = || {
            let since = std::time::UNIX_EPOCH.elapsed().expect("the clock is after 1970");
            u64::try_from(since.as_nanos() & u128::from(u64::MAX)).expect("masked")
        };
        let seed: u64 = given.unwrap_or_else(clock);
        say(&format!("{what}: seed {seed} (repeat with GIT_AP_SEED={seed})"));
        Self(seed | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).expect("31 bits") % limit
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A pattern of the language over a small alphabet; not always a valid one.
    pub fn pattern(&mut self) -> String {
        let count = 1 + self.below(3);
        let mut parts: Vec<String> = (0..count).map(|_| self.part(2)).collect();
        if self.one_in(4) {
            parts.insert(self.below(parts.len() + 1), "**".into());
        }
        let mut text = parts.join("/");
        if self.one_in(4) {
            text.push('/');
        } else if self.one_in(6) {
            text.push_str("/**");
        }
        text
    }

    fn part(&mut self, depth: usize) -> String {
        let length = 1 + self.below(3);
        (0..length).map(|_| self.token(depth)).collect()
    }

    fn token(&mut self, depth: usize) -> String {
        const CLASSES: [&str; 10] =
            ["[ab]", "[!a]", "[^b]", "[a-b]", "[.a]", "[!.]", "[a]", "[!ab]", "[-a]", "[,{]"];
        match self.below(14) {
            4..=5 => "b".into(),
            6 => ".".into(),
            7 => "*".into(),
            8 => "?".into(),
            9 => (*self.pick(&CLASSES)).into(),
            10 if depth > 0 => {
                let count = 1 + self.below(3);
                let inner: Vec<String> = (0..count)
                    .map(|_| {
                        let mut text =
                            if self.one_in(5) { String::new() } else { self.part(depth - 1) };
                        if self.one_in(4) {
                            text = format!("{text}/{}", self.part(depth - 1));
                        }
                        text
                    })
                    .collect();
                format!("{{{}}}", inner.join(","))
            }
            11 => "A".into(),
            _ => "a".into(),
        }
    }
}
