//! Who lives in the demo: patients who are clearly made up, at different points of their way, and staff.

/// An order file, embedded so that the command needs no folder of ours.
pub struct OrderText {
    /// Its name, for words.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// What is filled for it.
    pub mixture: &'static str,
}

macro_rules! orders {
    ($($name:ident = $file:literal, $mixture:literal;)*) => { $(
        const $name: OrderText = OrderText {
            name: $file,
            text: include_str!(concat!("../../../bench/sim/orders/", $file)),
            mixture: $mixture,
        };
    )* };
}

orders! {
    MORPHINE = "morphine.toml", "4 mg/mL morphine";
    MIXED = "morphine-bupivacaine.toml", "16 mg/mL morphine, 16 mg/mL bupivacaine";
    BACLOFEN = "baclofen-night.toml", "2000 mcg/mL baclofen";
    HYDROMORPHONE = "hydromorphone-clonidine.toml", "2 mg/mL hydromorphone, 200 mcg/mL clonidine";
    ZICONOTIDE = "ziconotide-titration.toml", "25 mcg/mL ziconotide";
}

/// The profile of every pump of the demo.
pub const PROFILE: &str = include_str!("../../../bench/sim/devices/reference-20.toml");

/// What befalls somebody, so many hours before the demo begins.
pub struct Befalls {
    /// How long before.
    pub hours_before: u64,
    /// In the words of the second port.
    pub what: &'static str,
}

/// A pump in somebody.
pub struct WithPump {
    /// What runs.
    pub order: OrderText,
    /// What was filled in, mL.
    pub filled_ml: u64,
    /// For how many days it has run.
    pub days: u64,
    /// What befalls.
    pub befalls: &'static [Befalls],
    /// So many hours before the demo the bedside monitor was unplugged.
    pub unplugged_hours: Option<u64>,
    /// The refill is booked so many days after the demo begins.
    pub booked_in_days: Option<i64>,
}

/// A patient.
pub struct Person {
    /// Name.
    pub name: &'static str,
    /// Born.
    pub born: &'static str,
    /// Sex.
    pub sex: &'static str,
    /// Stage.
    pub stage: &'static str,
    /// Indication.
    pub indication: &'static str,
    /// Goal.
    pub goal: &'static str,
    /// Level of the tip.
    pub tip: &'static str,
    /// Place of the pump.
    pub site: &'static str,
    /// Had a withdrawal before, lives alone, refilled at home.
    pub marks: (bool, bool, bool),
    /// Beside the pump: medicine and mcg a day.
    pub medicines: &'static [(&'static str, i64)],
    /// A note of the team.
    pub note: &'static str,
    /// The pump, if there is one.
    pub pump: Option<WithPump>,
}

const NOTHING: &[Befalls] = &[];

/// Everybody.
pub fn people() -> Vec<Person> {
    let person = |name, born, sex, stage, indication, goal, tip, site| Person {
        name,
        born,
        sex,
        stage,
        indication,
        goal,
        tip,
        site,
        marks: (false, false, false),
        medicines: &[],
        note: "",
        pump: None,
    };
    let pump = |order, filled_ml, days| WithPump {
        order,
        filled_ml,
        days,
        befalls: NOTHING,
        unplugged_hours: None,
        booked_in_days: None,
    };
    vec![
        Person {
            medicines: &[("oxycodone, oral", 20_000), ("gabapentin", 900_000)],
            note: "Walks the dog again since the second month. Content with the handset.",
            pump: Some(WithPump { booked_in_days: Some(6), ..pump(MORPHINE, 18, 42) }),
            ..person(
                "Anna Alder (demo)",
                "1961-03-14",
                "female",
                "followed",
                "failed back surgery",
                "walk the dog for half an hour",
                "T10",
                "abdomen-right",
            )
        },
        Person {
            medicines: &[("morphine, oral", 60_000)],
            note: "Asks for most of the boluses in the evening; the schedule could follow.",
            pump: Some(WithPump { booked_in_days: Some(13), ..pump(MIXED, 18, 28) }),
            ..person(
                "Bruno Birch (demo)",
                "1955-11-02",
                "male",
                "followed",
                "cancer pain",
                "sit through his granddaughter's recital",
                "T8",
                "abdomen-left",
            )
        },
        Person {
            marks: (true, false, false),
            note: "Had a withdrawal two years ago when a refill was missed. Carries oral baclofen.",
            pump: Some(WithPump { booked_in_days: Some(9), ..pump(BACLOFEN, 14, 30) }),
            ..person(
                "Clara Cedar (demo)",
                "1983-07-21",
                "female",
                "followed",
                "spasticity, spinal",
                "sit in the wheelchair for a whole concert",
                "T6",
                "abdomen-right",
            )
        },
        Person {
            marks: (false, true, true),
            medicines: &[("hydromorphone, oral", 4_000)],
            note: "Refilled at home by the visiting nurse; the port is easy to find at two o'clock.",
            pump: Some(WithPump { booked_in_days: Some(6), ..pump(HYDROMORPHONE, 18, 35) }),
            ..person(
                "David Dogwood (demo)",
                "1949-01-30",
                "male",
                "followed",
                "mixed pain",
                "work in the garden",
                "T9",
                "flank-left",
            )
        },
        Person {
            note: "Slow titration of ziconotide; each step waits for a call.",
            pump: Some(WithPump { booked_in_days: Some(8), ..pump(ZICONOTIDE, 18, 10) }),
            ..person(
                "Edith Elm (demo)",
                "1970-09-09",
                "female",
                "followed",
                "complex regional pain syndrome",
                "wear a sleeve on the left arm",
                "C7",
                "abdomen-right",
            )
        },
        Person {
            note: "Missed the last appointment; the daughter will drive.",
            pump: Some(pump(MORPHINE, 11, 26)),
            ..person(
                "Farid Fir (demo)",
                "1966-05-17",
                "male",
                "followed",
                "neuropathic pain",
                "sleep through the night",
                "T11",
                "abdomen-left",
            )
        },
        Person {
            note: "Works near strong magnets; asked to keep away from them.",
            pump: Some(WithPump {
                befalls: &[Befalls { hours_before: 1, what: r#"{"drive": "stalls", "for": "6 h"}"# }],
                booked_in_days: Some(16),
                ..pump(MORPHINE, 18, 24)
            }),
            ..person(
                "Greta Ginkgo (demo)",
                "1978-12-05",
                "female",
                "followed",
                "failed back surgery",
                "go back to the choir",
                "T10",
                "abdomen-right",
            )
        },
        Person {
            marks: (false, true, false),
            note: "Moved house; the bedside monitor is still in a box.",
            pump: Some(WithPump { unplugged_hours: Some(60), booked_in_days: Some(13), ..pump(MORPHINE, 18, 30) }),
            ..person(
                "Henrik Hazel (demo)",
                "1958-08-23",
                "male",
                "followed",
                "peripheral neuropathy",
                "ride the bicycle to the lake",
                "T10",
                "abdomen-left",
            )
        },
        Person {
            marks: (true, false, false),
            note: "On holiday until the end of the month: booked late on purpose? Call.",
            pump: Some(WithPump { booked_in_days: Some(60), ..pump(BACLOFEN, 12, 34) }),
            ..person(
                "Ines Ivy (demo)",
                "1990-02-11",
                "female",
                "followed",
                "spasticity, cerebral",
                "swim twice a week",
                "T8",
                "abdomen-right",
            )
        },
        Person {
            note: "Good relief until a fall last week; since then the old pain. The pump tells nothing wrong.",
            pump: Some(WithPump {
                befalls: &[Befalls { hours_before: 120, what: r#"{"catheter": "slips", "place": "epidural"}"# }],
                booked_in_days: Some(13),
                ..pump(MORPHINE, 18, 32)
            }),
            ..person(
                "Jonas Juniper (demo)",
                "1963-04-28",
                "male",
                "followed",
                "failed back surgery",
                "stand long enough to cook",
                "T10",
                "abdomen-right",
            )
        },
        Person {
            medicines: &[("oxycodone, oral", 80_000), ("pregabalin", 300_000)],
            note: "Psychological assessment booked. Conservative treatment since 2019 is documented.",
            ..person(
                "Karla Kapok (demo)",
                "1974-10-19",
                "female",
                "assessed",
                "post-herpetic neuralgia",
                "pick up the grandchild",
                "",
                "none",
            )
        },
        Person {
            medicines: &[("morphine, oral", 90_000)],
            note: "Trial with 50 mcg of morphine: relief of 60 % for nine hours. Has held the dummy pump.",
            ..person(
                "Luis Larch (demo)",
                "1969-06-07",
                "male",
                "awaiting implant",
                "cancer pain",
                "drive the tractor once more",
                "",
                "none",
            )
        },
    ]
}

/// An account of the demo: sign-in name, name, role, place in the ladder, what it is for.
pub const STAFF: &[(&str, &str, &str, Option<i64>, &str)] = &[
    ("physician", "Dr. Petra Pine (demo)", "physician", Some(2), "order, check others' orders, answer alarms"),
    ("colleague", "Dr. Otto Oak (demo)", "physician", Some(3), "check the physician's orders"),
    ("nurse", "Nora Nutmeg (demo)", "nurse", Some(1), "refill, answer alarms, write the record"),
    ("pharmacist", "Paula Palm (demo)", "pharmacist", None, "check orders, compound"),
    ("technician", "Theo Thuja (demo)", "technician", None, "look after devices; sees no patient"),
    ("administrator", "Ada Ash (demo)", "administrator", None, "accounts and the audit; sees no patient"),
    ("reader", "Rosa Rowan (demo)", "read-only", None, "look, and change nothing"),
];

/// The password of every account of the demo. It guards nothing: all data are made up.
pub const PASSWORD: &str = "nepenthe-demo";
