//! A patient's record: the page, its time line, and what people write into it.
//!
//! - [`page`]: the page, from who it is to what lies in the catheter
//! - [`course`]: the time line and the charts, from ten years to an hour
//! - [`entries`]: notes, outcomes, events, medication, attachments, and new patients

pub mod course;
pub mod entries;
pub mod page;

/// Systemic opioids and how much oral morphine a milligram a day of each counts as, in hundredths (CDC guideline 2022,
/// as recalled; transdermal fentanyl per mcg/h). A comparison of burdens, never a conversion of doses.
pub const ORAL_MORPHINE: &[(&str, i64)] = &[
    ("morphine, oral", 100),
    ("oxycodone, oral", 150),
    ("hydromorphone, oral", 500),
    ("hydrocodone, oral", 100),
    ("oxymorphone, oral", 300),
    ("tapentadol, oral", 40),
    ("tramadol, oral", 20),
    ("codeine, oral", 15),
    ("methadone, oral", 470),
];

/// Other medicines that matter beside a pump.
pub const OTHER_MEDICINES: &[&str] = &[
    "gabapentin",
    "pregabalin",
    "diazepam",
    "lorazepam",
    "amitriptyline",
    "duloxetine",
    "baclofen, oral",
    "paracetamol",
    "ibuprofen",
];
