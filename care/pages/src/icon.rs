//! The icons: drawn for this project on a grid of 24, in the colour of the text beside them, hidden from screen readers
//! because the text beside them says what they mean.

use maud::{Markup, PreEscaped, html};

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $path:literal,)*) => {
        /// An icon.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Icon { $($(#[$doc])* $name,)* }
        impl Icon {
            /// Every icon.
            pub const ALL: &'static [Icon] = &[$(Icon::$name,)*];
            const fn shapes(self) -> &'static str {
                match self { $(Icon::$name => $path,)* }
            }
        }
    };
}

icons! {
    /// A tick in a circle: as it should be.
    Good = r#"<circle cx="12" cy="12" r="9"/><path d="m8 12.5 2.8 2.8L16.2 9.6"/>"#,
    /// An i in a circle: worth knowing.
    Notice = r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.2"/>"#,
    /// A mark in a triangle: look soon.
    Caution = r#"<path d="M12 3.6 2.8 19.8h18.4z"/><path d="M12 10v4.6M12 17v.2"/>"#,
    /// A mark in an octagon: act now.
    Danger = r#"<path d="M8.1 2.8h7.8l5.3 5.3v7.8l-5.3 5.3H8.1l-5.3-5.3V8.1z"/><path d="M12 7.4v6M12 16.6v.2"/>"#,
    /// A question in a dashed circle: nobody knows yet.
    Unknown = r#"<circle cx="12" cy="12" r="9" stroke-dasharray="3.2 2.4"/><path d="M9.4 9.6c.2-1.6 1.3-2.4 2.7-2.4 1.5 0 2.6.9 2.6 2.3 0 2-2.6 2.2-2.6 4.2M12.1 16.6v.2"/>"#,
    /// A bar in a circle: not running.
    Off = r#"<circle cx="12" cy="12" r="9"/><path d="M8 12h8"/>"#,
    /// A drop.
    Drop = r#"<path d="M12 3.2c3.4 4.4 5.8 7.4 5.8 10.6a5.8 5.8 0 0 1-11.6 0c0-3.2 2.4-6.2 5.8-10.6z"/>"#,
    /// A clock.
    Clock = r#"<circle cx="12" cy="12" r="9"/><path d="M12 6.8V12l3.4 2.2"/>"#,
    /// A calendar.
    Calendar = r#"<rect x="3.6" y="5" width="16.8" height="15.4" rx="2"/><path d="M3.6 9.8h16.8M8 2.8v4M16 2.8v4"/>"#,
    /// A bell.
    Bell = r#"<path d="M6.2 16.6V11a5.8 5.8 0 0 1 11.6 0v5.6l1.6 1.8H4.6zM10 20.8h4"/>"#,
    /// A receiver.
    Phone = r#"<path d="M5.2 3.6h3.6l1.6 4.4-2.2 1.6c1 2.2 2.8 4 5 5l1.8-2.2 4.4 1.6v3.6c0 1-.8 1.8-1.8 1.8C10.200 19.400 3.4 12.600 3.4 5.400c0-1 .8-1.800 1.800-1.800z"/>"#,
    /// A speech bubble.
    Message = r#"<path d="M4 4.6h16v11.600h-8.400L7 20.400v-4.200H4z"/>"#,
    /// A house.
    Home = r#"<path d="M3.600 11.400 12 4l8.400 7.400M6 9.800v10.200h4.400v-5.400h3.200v5.400H18V9.800"/>"#,
    /// A book.
    Diary = r#"<path d="M5 4.600A1.600 1.600 0 0 1 6.600 3H19v15H6.600A1.600 1.600 0 0 0 5 19.600zM5 19.600A1.600 1.600 0 0 0 6.600 21H19M9 7.400h6M9 11h6"/>"#,
    /// A card.
    Card = r#"<rect x="2.800" y="5" width="18.400" height="14" rx="2"/><path d="M2.800 9.800h18.400M6.400 15h4"/>"#,
    /// A heart.
    Heart = r#"<path d="M12 20.200C5.600 15.600 3 12.400 3 9a4.700 4.700 0 0 1 9-1.900A4.700 4.700 0 0 1 21 9c0 3.400-2.600 6.600-9 11.200z"/>"#,
    /// A person.
    Person = r#"<circle cx="12" cy="8" r="4.200"/><path d="M4.200 20.400c.600-4 3.600-6.400 7.800-6.400s7.200 2.400 7.800 6.400"/>"#,
    /// A lens.
    Search = r#"<circle cx="10.600" cy="10.600" r="6.600"/><path d="m15.600 15.600 5 5"/>"#,
    /// A printer.
    Print = r#"<path d="M7 8.600V3.600h10v5M7 17H3.800V8.600h16.400V17H17M7 14h10v6.600H7z"/>"#,
    /// A pencil.
    Edit = r#"<path d="m4 20 .800-4.200L16 4.600l3.400 3.400L8.200 19.200zM13.400 7.200l3.400 3.400"/>"#,
    /// A cross.
    Close = r#"<path d="m5.600 5.600 12.800 12.800M18.400 5.600 5.600 18.400"/>"#,
    /// An arrow in reading direction.
    Onward = r#"<path d="M4 12h15.200M13.200 6l6 6-6 6"/>"#,
    /// An arrow against it.
    Back = r#"<path d="M20 12H4.800M10.800 6l-6 6 6 6"/>"#,
    /// An angle downwards.
    Down = r#"<path d="m6 9 6 6 6-6"/>"#,
    /// An angle upwards.
    Up = r#"<path d="m6 15 6-6 6 6"/>"#,
    /// A plus.
    Add = r#"<path d="M12 5v14M5 12h14"/>"#,
    /// A minus.
    Take = r#"<path d="M5 12h14"/>"#,
    /// The pump: a puck with its catheter.
    Pump = r#"<circle cx="11" cy="10.600" r="7.400"/><circle cx="11" cy="10.600" r="2.400"/><path d="M17.600 14c2.600 1.600 3.200 4.200.6 6.600"/>"#,
    /// A battery.
    Battery = r#"<rect x="3" y="7.600" width="15.600" height="8.800" rx="1.600"/><path d="M21.200 10.600v2.800M6.200 10.600v2.800M9.600 10.600v2.800"/>"#,
    /// A shield.
    Shield = r#"<path d="M12 3 4.600 5.800v5.600c0 4.600 3 8 7.400 9.600 4.400-1.600 7.400-5 7.400-9.600V5.800z"/>"#,
    /// Two sliders.
    Settings = r#"<path d="M4 8h7M17 8h3M4 16h3M13 16h7"/><circle cx="14" cy="8" r="2.600"/><circle cx="10" cy="16" r="2.600"/>"#,
    /// A magnet.
    Magnet = r#"<path d="M5 4v8a7 7 0 0 0 14 0V4h-4.400v8a2.600 2.600 0 0 1-5.200 0V4zM5 8h4.400M14.600 8H19"/>"#,
    /// A syringe.
    Refill = r#"<path d="m14.400 3.600 6 6M17.400 6.600l-2.600 2.600M7.400 12l6.400-6.400 4.600 4.600L12 16.600l-4.600-4.600zM9.600 14.400 3.600 20.400M9.800 9.600l2 2"/>"#,
    /// Two arrows in a circle: again.
    Again = r#"<path d="M19.600 9A8 8 0 0 0 5 8M4.400 15A8 8 0 0 0 19 16M4.600 3.600V8H9M19.400 20.400V16H15"/>"#,
    /// A loudspeaker.
    Sound = r#"<path d="M4 9.400h3.600L12.400 5v14l-4.800-4.400H4zM15.800 9c1.600 1.800 1.600 4.200 0 6M18.400 6.400c3 3.200 3 8 0 11.200"/>"#,
}

/// The drawing, as big as the text beside it.
pub fn icon(icon: Icon) -> Markup {
    let mirrored = matches!(icon, Icon::Onward | Icon::Back | Icon::Message | Icon::Phone | Icon::Sound);
    html! {
        svg.icon.mirrored[mirrored] viewBox="0 0 24 24" aria-hidden="true" focusable="false" { (PreEscaped(icon.shapes())) }
    }
}

/// The project's mark: a drop held in a ring from which a line leads on.
pub fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 32 32" aria-hidden="true" focusable="false" {
            circle.mark-ring cx="15" cy="15" r="12" {}
            path.mark-line d="M24.6 22.2c2.600 2 3.200 4.600 1.800 7.800" {}
            path.mark-drop d="M15 7.600c3 3.800 4.800 6.200 4.800 8.800a4.800 4.800 0 0 1-9.600 0c0-2.600 1.800-5 4.800-8.800z" {}
        }
    }
}
