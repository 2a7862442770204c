//! What a run of an agent uses: turns of its model and money, as far as its stream tells, and what
//! it may use of them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Stream;

/// An amount of money, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(u64);

impl Cost {
    /// That many dollars; none: that is no amount.
    pub fn of(dollars: f64) -> Option<Self> {
        let micros = dollars * 1e6;
        // Beyond this a floating-point number is no longer exact.
        let sound = micros.is_finite() && (0.0..9e15).contains(&micros);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in bounds")]
        sound.then(|| Self(micros.round() as u64))
    }

    /// That many millionths of a dollar.
    pub fn of_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// In millionths of a dollar.
    pub fn micros(self) -> u64 {
        self.0
    }

    fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let digits = format!("{part:06}");
        let shown = digits.trim_end_matches('0').len().max(2);
        write!(f, "${whole}.{}", &digits[..shown])
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "no more than 9e15")]
        serializer.serialize_f64(self.0 as f64 / 1e6)
    }
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        Self::of(dollars).ok_or_else(|| serde::de::Error::custom("that is no amount of money"))
    }
}

/// What a run has used so far, by what it printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Answers of its model; where a stream does not tell them apart, uses of a tool. None: the
    /// stream tells neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// What it cost, as it says.
    #[serde(default, rename = "cost_usd", skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

impl Usage {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// One turn more.
    pub fn turn(&mut self) {
        self.turns = Some(self.turns.unwrap_or(0).saturating_add(1));
    }

    /// The turns as the stream itself counts them.
    pub(super) fn all_turns(&mut self, turns: &Value) {
        self.turns = turns.as_u64().or(self.turns);
    }

    /// So many dollars more.
    pub(super) fn spent(&mut self, dollars: &Value) {
        if let Some(more) = dollars.as_f64().and_then(Cost::of) {
            self.cost = Some(self.cost.unwrap_or_default().plus(more));
        }
    }

    /// The cost as the stream itself adds it up.
    pub(super) fn all_spent(&mut self, dollars: &Value) {
        self.cost = dollars.as_f64().and_then(Cost::of).or(self.cost);
    }

    /// What both used.
    #[must_use]
    pub fn with(self, more: Self) -> Self {
        let turns = self.turns.into_iter().chain(more.turns).reduce(u64::saturating_add);
        Self { turns, cost: self.cost.into_iter().chain(more.cost).reduce(Cost::plus) }
    }

    /// What was used, in words; none: nothing is known.
    pub fn describe(&self) -> Option<String> {
        let turns = self.turns.map(|n| format!("{n} turn{}", if n == 1 { "" } else { "s" }));
        let cost = self.cost.map(|cost| cost.to_string());
        let said: Vec<String> = turns.into_iter().chain(cost).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

/// What one run of a worker may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Turns.
    pub turns: Option<u64>,
    /// Money.
    pub cost: Option<Cost>,
}

impl Limits {
    /// These, and where they say nothing the other ones.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { turns: self.turns.or(other.turns), cost: self.cost.or(other.cost) }
    }

    /// Which of them a run is beyond, in words; none: it is not.
    pub fn exceeded(&self, usage: &Usage) -> Option<String> {
        match (self.turns, usage.turns, self.cost, usage.cost) {
            (Some(most), Some(turns), ..) if turns > most => {
                Some(format!("took {turns} turns, and `max_turns` is {most}"))
            }
            (.., Some(most), Some(cost)) if cost > most => {
                Some(format!("cost {cost}, and `max_cost` is {most}"))
            }
            _ => None,
        }
    }

    /// Which of them cannot be kept with what tells of turns and cost at these times, in words;
    /// none: all can.
    pub fn unheeded(&self, (turns, cost): (Tells, Tells)) -> Option<String> {
        let lacks = [
            (
                "`max_turns`",
                self.turns.is_some() && turns == Tells::Never,
                "how many turns it takes",
            ),
            ("`max_cost`", self.cost.is_some() && cost == Tells::Never, "what it costs"),
        ];
        let lacks = lacks.iter().filter(|(_, lacks, _)| *lacks);
        let mut said: Vec<String> = lacks
            .map(|(key, _, what)| format!("{key} does not hold for it: it does not say {what}"))
            .collect();
        if self.cost.is_some() && cost == Tells::AtTheEnd {
            said.push("`max_cost` cannot stop it: it says only at its end what it costs".into());
        }
        if self.cost.is_some() && cost == Tells::Perhaps {
            said.push("`max_cost` holds only if it says what it costs".into());
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// When something is told of what a worker uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// It is not.
    Never,
    /// It may be.
    Perhaps,
    /// When the work is done.
    AtTheEnd,
    /// While it works.
    Meanwhile,
}

impl Stream {
    /// When it tells of turns, and of cost.
    pub fn tells(self) -> (Tells, Tells) {
        match self {
            Self::Text => (Tells::Never, Tells::Never),
            Self::Codex | Self::Gemini | Self::Copilot => (Tells::Meanwhile, Tells::Never),
            Self::Claude => (Tells::Meanwhile, Tells::AtTheEnd),
            Self::Opencode | Self::Pi => (Tells::Meanwhile, Tells::Meanwhile),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_to_a_millionth() {
        let table = [(0.0, "$0.00"), (1.5, "$1.50"), (0.012_345_6, "$0.012346"), (20.0, "$20.00")];
        for (dollars, shown) in table {
            let cost = Cost::of(dollars).expect("an amount");
            assert_eq!(cost.to_string(), shown);
            let text = serde_json::to_string(&cost).expect("a number");
            assert_eq!(serde_json::from_str::<Cost>(&text).expect("a number"), cost);
        }
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(Cost::of(wrong), None);
        }
    }

    #[test]
    fn what_is_beyond_a_limit_is_told() {
        let limits = Limits { turns: Some(2), cost: Cost::of(1.0) };
        let used = |turns, dollars: Option<f64>| Usage { turns, cost: dollars.and_then(Cost::of) };
        let table = [
            (used(None, None), None),
            (used(Some(2), Some(1.0)), None),
            (used(Some(3), None), Some("took 3 turns, and `max_turns` is 2")),
            (used(Some(1), Some(1.25)), Some("cost $1.25, and `max_cost` is $1.00")),
        ];
        for (usage, expected) in table {
            assert_eq!(limits.exceeded(&usage).as_deref(), expected, "{usage:?}");
        }
        assert_eq!(Limits::default().exceeded(&used(Some(9), Some(9.0))), None);
        assert_eq!(limits.or(Limits { turns: Some(9), cost: None }), limits);
    }

    #[test]
    fn what_a_stream_does_not_tell_is_not_heeded() {
        let both = Limits { turns: Some(2), cost: Cost::of(1.0) };
        assert_eq!(both.unheeded(Stream::Opencode.tells()), None);
        assert_eq!(Limits::default().unheeded(Stream::Text.tells()), None);
        let text = both.unheeded(Stream::Text.tells()).expect("neither");
        assert!(text.contains("how many turns") && text.contains("what it costs"), "{text}");
        let claude = both.unheeded(Stream::Claude.tells()).expect("only at its end");
        assert!(!claude.contains("max_turns") && claude.contains("only at its end"), "{claude}");
    }
}
