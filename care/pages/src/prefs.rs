//! How a person wants to see and hear: kept in one cookie that holds nothing else.

use maud::{Markup, html};

use crate::buttons::{Weight, submit};
use crate::form::{Choice, Problems, Question, form, unseen};
use crate::words::{Language, Words};

/// The cookie's name.
pub const COOKIE: &str = "view";

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        pub enum $name { $($(#[$each])* $variant,)* }
        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];
            /// In cookies, forms and attributes.
            pub const fn value(self) -> &'static str {
                match self { $($name::$variant => $value,)* }
            }
            /// The one of a value; the default where there is none.
            pub fn of(value: &str) -> $name {
                $name::ALL.iter().copied().find(|one| one.value() == value).unwrap_or_default()
            }
        }
    };
}

choice! {
    /// Light or dark.
    Theme {
        /// As the system says.
        #[default]
        System = "system",
        /// Always light.
        Light = "light",
        /// Always dark.
        Dark = "dark",
    }
}
choice! {
    /// How large the text is.
    Text {
        /// As the browser says.
        #[default]
        Usual = "usual",
        /// An eighth larger.
        Large = "large",
        /// Half as large again.
        Largest = "largest",
    }
}
choice! {
    /// How strong contrast is.
    Contrast {
        /// As designed: text at 7 to 1 and more.
        #[default]
        Usual = "usual",
        /// Black and white with strong lines.
        Strong = "strong",
    }
}
choice! {
    /// Which hand holds the device; moves what is pressed to that side.
    Hand {
        /// The right.
        #[default]
        Right = "right",
        /// The left.
        Left = "left",
    }
}

/// How a person wants to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Prefs {
    /// The language; `None` to follow the browser.
    pub language: Option<Language>,
    /// Light or dark.
    pub theme: Theme,
    /// How large.
    pub text: Text,
    /// How strong.
    pub contrast: Contrast,
    /// Which hand.
    pub hand: Hand,
}

impl Prefs {
    /// From a `Cookie` header. What is not understood is as if unsaid.
    pub fn from_cookies(header: &str) -> Prefs {
        let cookie = header.split(';').filter_map(|one| one.trim().split_once('='));
        cookie.filter(|(name, _)| *name == COOKIE).map(|(_, value)| Prefs::from_value(value)).next().unwrap_or_default()
    }

    /// From the cookie's value.
    pub fn from_value(value: &str) -> Prefs {
        let mut parts = value.split('.');
        let mut next = || parts.next().unwrap_or_default();
        Prefs {
            language: Language::from_tag(next()),
            theme: Theme::of(next()),
            text: Text::of(next()),
            contrast: Contrast::of(next()),
            hand: Hand::of(next()),
        }
    }

    /// From the fields of the form that [`preferences`] makes.
    pub fn from_form<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Prefs {
        let of = |name| field(name).unwrap_or_default();
        Prefs {
            language: Language::from_tag(of("language")),
            theme: Theme::of(of("theme")),
            text: Text::of(of("text")),
            contrast: Contrast::of(of("contrast")),
            hand: Hand::of(of("hand")),
        }
    }

    /// The cookie's value.
    pub fn value(&self) -> String {
        let language = self.language.map_or("", Language::tag);
        let (theme, text) = (self.theme.value(), self.text.value());
        format!("{language}.{theme}.{text}.{}.{}", self.contrast.value(), self.hand.value())
    }

    /// The whole `Set-Cookie` header, good for a year.
    pub fn set_cookie(&self) -> String {
        format!("{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Strict; HttpOnly", self.value())
    }
}

/// The form by which people choose. It goes to `action` and comes back to `back`.
pub fn preferences(words: &Words, prefs: &Prefs, action: &str, back: &str, with_hand: bool) -> Markup {
    let none = Problems::default();
    let labels = |keys: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        keys.iter().map(|(value, key)| (*value, words.say(key))).collect()
    };
    let question = |name, key: &str, answers: &[(&'static str, String)], value: &str| {
        let choices: Vec<Choice<'_>> = answers.iter().map(|(value, label)| Choice::of(value, label)).collect();
        let label = words.say(key);
        Question { name, label: &label, choices: &choices, value, optional: true, ..Question::default() }
            .radios(words, &none)
    };
    let mut languages = vec![("", words.say("prefs-as-browser"))];
    languages.extend(Language::ALL.iter().map(|one| (one.tag(), one.name().to_owned())));
    let themes = labels(&[("system", "prefs-as-system"), ("light", "prefs-theme-light"), ("dark", "prefs-theme-dark")]);
    let texts = labels(&[("usual", "prefs-usual"), ("large", "prefs-text-large"), ("largest", "prefs-text-largest")]);
    let contrasts = labels(&[("usual", "prefs-usual"), ("strong", "prefs-contrast-strong")]);
    let hands = labels(&[("right", "prefs-hand-right"), ("left", "prefs-hand-left")]);
    form(
        action,
        html! {
            (unseen("back", back))
            (question("language", "prefs-language", &languages, prefs.language.map_or("", Language::tag)))
            (question("text", "prefs-text", &texts, prefs.text.value()))
            (question("theme", "prefs-theme", &themes, prefs.theme.value()))
            (question("contrast", "prefs-contrast", &contrasts, prefs.contrast.value()))
            @if with_hand { (question("hand", "prefs-hand", &hands, prefs.hand.value())) }
            div.row { (submit(Weight::Primary, None, words.say("prefs-save"))) }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_comes_back_from_the_cookie_as_it_went_in() {
        let wish = Prefs {
            language: Some(Language::Arabic),
            theme: Theme::Dark,
            text: Text::Largest,
            contrast: Contrast::Strong,
            hand: Hand::Left,
        };
        let cookie = wish.set_cookie();
        assert_eq!(Prefs::from_cookies(cookie.split(';').next().unwrap()), wish);
        assert_eq!(Prefs::from_cookies(&format!("session=abc; {COOKIE}={}", wish.value())), wish);
    }

    #[test]
    fn a_cookie_that_says_nonsense_leaves_everything_as_designed() {
        assert_eq!(Prefs::from_cookies("view=xx.\"><script>.huge"), Prefs::default());
        assert_eq!(Prefs::from_cookies(""), Prefs::default());
    }
}
