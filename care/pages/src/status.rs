//! How things stand: always by word, icon and colour together, so that any one of them may be missed.

use maud::{Markup, Render, html};

use crate::icon::{Icon, icon};
use crate::words::Words;

/// How something stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Not running, not in use.
    Off,
    /// As it should be.
    Good,
    /// Worth knowing.
    Notice,
    /// Nobody knows yet.
    Unknown,
    /// Somebody should look soon.
    Caution,
    /// Act now.
    Danger,
}

impl Level {
    /// Every level, the quietest first.
    pub const ALL: &'static [Level] =
        &[Level::Off, Level::Good, Level::Notice, Level::Unknown, Level::Caution, Level::Danger];

    /// The class that colours it.
    pub const fn class(self) -> &'static str {
        match self {
            Level::Off => "is-off",
            Level::Good => "is-good",
            Level::Notice => "is-notice",
            Level::Unknown => "is-unknown",
            Level::Caution => "is-caution",
            Level::Danger => "is-danger",
        }
    }

    /// Its icon; each has a shape of its own.
    pub const fn icon(self) -> Icon {
        match self {
            Level::Off => Icon::Off,
            Level::Good => Icon::Good,
            Level::Notice => Icon::Notice,
            Level::Unknown => Icon::Unknown,
            Level::Caution => Icon::Caution,
            Level::Danger => Icon::Danger,
        }
    }

    /// The key of its own word.
    pub const fn key(self) -> &'static str {
        match self {
            Level::Off => "level-off",
            Level::Good => "level-good",
            Level::Notice => "level-notice",
            Level::Unknown => "level-unknown",
            Level::Caution => "level-caution",
            Level::Danger => "level-danger",
        }
    }
}

/// A status in running text or a table: icon and word.
pub fn status(level: Level, word: impl Render) -> Markup {
    html! { span class={ "status " (level.class()) } { (icon(level.icon())) span { (word) } } }
}

/// A small mark of a kind, such as a role or a unit; says nothing about how things stand.
pub fn badge(word: impl Render) -> Markup {
    html! { span.badge { (word) } }
}

/// A message in the page that stays until its cause is gone.
pub fn callout(level: Level, title: impl Render, body: impl Render) -> Markup {
    html! {
        div class={ "callout " (level.class()) } role=[(level == Level::Danger).then_some("alert")] {
            (icon(level.icon()))
            div.callout-text { p.callout-title { (title) } (body) }
        }
    }
}

/// An alarm as people meet it: what it is, what it means, what to do, since when, whom to call.
#[derive(Clone, Debug)]
pub struct AlarmBanner<'a> {
    /// How loud it is.
    pub level: Level,
    /// Its name.
    pub name: &'a str,
    /// Since when, as text.
    pub since: &'a str,
    /// What it means and what to do.
    pub what_to_do: &'a str,
    /// Further lines: whom to call, buttons that act.
    pub acts: Markup,
}

/// The banner of an alarm, read out at once when it appears.
pub fn alarm(words: &Words, alarm: &AlarmBanner<'_>) -> Markup {
    html! {
        section class={ "alarm " (alarm.level.class()) } role="alert" {
            div.alarm-icon { (icon(Icon::Bell)) (icon(alarm.level.icon())) }
            div.alarm-text {
                p.alarm-kind { (words.say(alarm.level.key())) " · " (alarm.since) }
                h2.alarm-name { (alarm.name) }
                p { (alarm.what_to_do) }
                div.row { (alarm.acts) }
            }
        }
    }
}

/// How old what is shown is: quiet while fresh, a caution when older than it may be.
pub fn freshness(words: &Words, age_ms: i64, limit_ms: i64) -> Markup {
    let told = crate::moment::age(age_ms, words);
    html! {
        @if age_ms > limit_ms {
            p class="freshness is-unknown" { (icon(Icon::Unknown)) span { (words.say_with("may-be-old", &[("age", told.into())])) } }
        } @else {
            p.freshness { (icon(Icon::Again)) span { (words.say_with("read-at", &[("age", told.into())])) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn every_level_has_a_word_an_icon_and_a_colour_of_its_own() {
        let all = Catalogue::new(&[], &[]).unwrap();
        for (n, level) in Level::ALL.iter().enumerate() {
            for other in &Level::ALL[n + 1..] {
                assert_ne!(level.class(), other.class());
                assert_ne!(level.icon(), other.icon());
                for language in crate::Language::ALL {
                    assert_ne!(all.of(*language).say(level.key()), all.of(*language).say(other.key()));
                }
            }
        }
    }

    #[test]
    fn what_is_older_than_it_may_be_says_so_in_words() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let words = all.of(crate::Language::English);
        let old = freshness(words, 16 * 60_000, 15 * 60_000).into_string();
        assert!(old.contains("is-unknown") && old.contains("16 min ago"));
        assert!(!freshness(words, 60_000, 15 * 60_000).into_string().contains("is-unknown"));
    }
}
