//! The demo clinic: what `nepenthe` with no arguments opens.
//!
//! Real are the implant, its protocol, the clinic and its database; simulated are the plant around each pump and the person
//! it lies in. The past of each patient is lived through when the demo begins, by the same code as everything after, so that
//! nothing on the pages was ever written there by hand but what people write: names, notes, bookings, medicines.
//!
//! - [`cast`]: who lives there; [`bedside`]: one pump in one person; [`world`]: time

mod bedside;
mod cast;
mod world;

use std::path::Path;
use std::sync::mpsc;

use clinic::auth::{Role, password};
use clinic::clock::{Clock, wall_ms};
use clinic::config::Config;
use clinic::db::Db;
use clinic::devices::{self, Entry};
use clinic::record::entries::{self, NewPatient};
use clinic::serve::Service;
use clinic::staff::{self, NewAccount};
use clinic::{App, Clinic, DemoSignIn, secret, values};

use bedside::Bedside;
use cast::{Person, WithPump};

/// An hour and a day, ms.
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// The past is lived through in steps of this, so that nurses answer in between.
const STEP: i64 = 12 * HOUR;

/// What the command line says.
pub struct Asked {
    /// The set-up.
    pub config: Config,
    /// Whether a browser is to be opened.
    pub opens_browser: bool,
}

/// Runs the demo until it is stopped.
///
/// # Errors
/// In words.
pub fn run(mut asked: Asked) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|why| why.to_string())?;
    clinic::journal::set_reader(crate::journal::read);
    clinic::serve::log();
    // Each demo is a world of its own, in a folder of its own; the newest stays to be looked at.
    let folder = asked.config.data.join("demo");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    asked.config.data.clone_from(&folder);
    asked.config.name = "the demo clinic".into();
    println!("Nepenthe: a demo clinic with simulated pumps in made-up patients.");
    println!("This is not a medical device. No regulator has reviewed it and it has never been in a person.\n");
    let began = std::time::Instant::now();
    let (app, beds, service) = runtime.block_on(open(&asked.config))?;
    let address = service.address()?;
    println!("The past of {} pumps was lived through in {:.1} s.\n", beds.len(), began.elapsed().as_secs_f64());
    println!("  clinic      http://{address}/");
    for bed in &beds {
        let (telemetry, card) = bed.door();
        println!("  pump        {telemetry}   card {card}");
    }
    println!("\nSign in with the password {}:\n", cast::PASSWORD);
    for (name, _, role, _, can) in cast::STAFF {
        println!("  {name:<14} {role:<14} {can}");
    }
    println!("\nA pump's port takes the devices of this command, for example:");
    if let Some((telemetry, card)) = beds.first().map(Bedside::door) {
        println!(
            "  nepenthe pair {telemetry} --card {card} --role monitor --keys {}",
            folder.join("my-monitor").display()
        );
    }
    println!("\nData are in {}. Ctrl-C stops it.", folder.display());
    if asked.opens_browser {
        open_browser(&format!("http://{address}/"));
    }
    let (ended, stopped) = mpsc::channel();
    let (stop, handle, world_app) = (service.stopper(), runtime.handle().clone(), app);
    let world = std::thread::spawn(move || world::go_on(&world_app, beds, &stopped, &handle, &stop));
    let served = runtime.block_on(service.run());
    // The world may have ended before.
    let _ = ended.send(());
    let lived = world.join().unwrap_or_else(|_| Err("the world ended by a bug".into()));
    served.and(lived)
}

/// Puts the clinic together and lives through its past; listens, and does not yet answer.
async fn open(config: &Config) -> Result<(App, Vec<Bedside>, Service), String> {
    let db = Db::open(None, &config.database_file()).await.map_err(|why| why.to_string())?;
    let people = cast::people();
    let now_ms = wall_ms() / 60_000 * 60_000;
    let begins_ms = now_ms - people.iter().filter_map(|one| one.pump.as_ref()).map(|of| of.days).max().map_or(0, days);
    let demo = cast::STAFF.iter().map(|(name, _, role, _, can)| DemoSignIn {
        sign_in: (*name).into(),
        password: cast::PASSWORD.into(),
        role: format!("{role}: {can}"),
    });
    let app = Clinic::new(db, Clock::world(begins_ms), config.clone(), demo.collect())?;
    let service = Service::listen(app.clone()).await?;
    let team = staff_of(&app, begins_ms).await?;
    let mut patients = Vec::new();
    for (number, person) in people.iter().enumerate() {
        patients.push(enter(&app, person, number, &team, begins_ms).await?);
    }
    let beds = live_the_past(&app, people, &patients, &team, begins_ms, now_ms).await?;
    Ok((app, beds, service))
}

fn days(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(0) * DAY
}

/// Makes the accounts; ids by sign-in name.
async fn staff_of(app: &App, at_ms: i64) -> Result<Vec<(String, String)>, String> {
    let kept = password::keep(cast::PASSWORD).await?;
    let mut tx = app.db.begin().await.map_err(|why| why.to_string())?;
    let mut all = Vec::new();
    for (sign_in, name, role, on_call, _) in cast::STAFF {
        let role = Role::of(role).ok_or("an unknown role")?;
        let email = format!("{sign_in}@demo.invalid");
        let account = NewAccount {
            sign_in,
            name,
            role,
            email: &email,
            password: Some(kept.clone()),
            single_sign_on: None,
            on_call: *on_call,
        };
        let id = staff::make(&mut tx, at_ms, &account).await.map_err(|why| why.to_string())?;
        all.push(((*sign_in).to_owned(), id));
    }
    tx.commit_by_machine().await.map_err(|why| why.to_string())?;
    Ok(all)
}

fn id_of<'t>(team: &'t [(String, String)], name: &str) -> &'t str {
    team.iter().find(|(sign_in, _)| sign_in == name).map_or("", |(_, id)| id)
}

/// Enters a patient and what people wrote about them.
async fn enter(
    app: &App,
    person: &Person,
    number: usize,
    team: &[(String, String)],
    at_ms: i64,
) -> Result<String, String> {
    let said = |why: clinic::db::DbError| why.to_string();
    let mut tx = app.db.begin().await.map_err(said)?;
    let new = NewPatient {
        record_number: format!("DEMO-{:03}", number + 1),
        name: person.name.into(),
        born: person.born.into(),
        sex: person.sex.into(),
        phone: format!("+00 000 555 01{number:02}"),
        stage: person.stage.into(),
        indication: person.indication.into(),
        goal: person.goal.into(),
        allergies: "none known".into(),
        tip_level: person.tip.into(),
        pump_site: person.site.into(),
        withdrawal_before: person.marks.0,
        lives_alone: person.marks.1,
        home_refill: person.marks.2,
        baseline_pain_tenths: Some(76),
    };
    let id = entries::enter(&mut tx, at_ms, &new, id_of(team, "physician")).await.map_err(said)?;
    // The reader is of no team: opening a record takes breaking the glass.
    for member in ["nurse", "colleague", "pharmacist"] {
        tx.run(
            "INSERT INTO care_team (patient_id, staff_id, since_ms) VALUES ($1, $2, $3)",
            values![&id, id_of(team, member), at_ms],
        )
        .await
        .map_err(said)?;
    }
    for (drug, mcg) in person.medicines {
        tx.run(
            "INSERT INTO medication (id, patient_id, drug, mcg_per_day, since_ms, made_by) VALUES ($1, $2, $3, $4, $5, $6)",
            values![secret::id(), &id, *drug, *mcg, at_ms, id_of(team, "physician")],
        )
        .await
        .map_err(said)?;
    }
    tx.commit_by_machine().await.map_err(said)?;
    Ok(id)
}

/// Implants each pump at its time and lives through everything up to now.
async fn live_the_past(
    app: &App,
    people: Vec<Person>,
    patients: &[String],
    team: &[(String, String)],
    begins_ms: i64,
    now_ms: i64,
) -> Result<Vec<Bedside>, String> {
    let said = |why: clinic::db::DbError| why.to_string();
    let runtime = tokio::runtime::Handle::current();
    let mut waiting: Vec<(i64, usize, WithPump)> = Vec::new();
    let mut notes = Vec::new();
    for (number, person) in people.into_iter().enumerate() {
        notes.push(person.note);
        if let Some(of) = person.pump {
            waiting.push((now_ms - days(of.days), number, of));
        }
    }
    let mut beds: Vec<Bedside> = Vec::new();
    // What befalls whom, and when.
    let mut fates: Vec<(i64, usize, Fate)> = Vec::new();
    let mut at_ms = begins_ms;
    while at_ms < now_ms {
        let due: Vec<usize> = (0..waiting.len()).filter(|place| waiting[*place].0 <= at_ms).collect();
        for place in due.into_iter().rev() {
            let (born_ms, number, of) = waiting.swap_remove(place);
            let bed = implant(app, &of, number, &patients[number], born_ms).await?;
            let place = beds.len();
            fates.extend(of.befalls.iter().map(|fate| {
                (now_ms - i64::try_from(fate.hours_before).unwrap_or(0) * HOUR, place, Fate::Befalls(fate.what))
            }));
            fates.extend(
                of.unplugged_hours
                    .map(|hours| (now_ms - i64::try_from(hours).unwrap_or(0) * HOUR, place, Fate::Unplugged)),
            );
            beds.push(bed);
            if let Some(days) = of.booked_in_days {
                book(app, &patients[number], id_of(team, "nurse"), born_ms, now_ms, days).await?;
            }
        }
        let next = (at_ms + STEP).min(now_ms);
        let next = fates
            .iter()
            .map(|(at, ..)| *at)
            .chain(waiting.iter().map(|(at, ..)| *at))
            .filter(|at| *at > at_ms)
            .min()
            .map_or(next, |at| at.min(next));
        beds = {
            let (app, runtime) = (app.clone(), runtime.clone());
            let lived = tokio::task::spawn_blocking(move || {
                let lived = world::live(&app, &mut beds, next, true, &runtime);
                lived.map(|()| beds)
            });
            lived.await.map_err(|why| why.to_string())??
        };
        app.clock.move_to(next);
        for (_, place, fate) in fates.iter().filter(|(at, ..)| *at == next) {
            match fate {
                Fate::Befalls(what) => beds[*place].befalls(what)?,
                Fate::Unplugged => beds[*place].plug(false),
            }
        }
        if next < now_ms - 2 * DAY {
            answer_all(app, id_of(team, "nurse"), next).await?;
        }
        at_ms = next;
    }
    for (note, patient) in notes.iter().zip(patients).filter(|(note, _)| !note.is_empty()) {
        let mut tx = app.db.begin().await.map_err(said)?;
        let values = values![secret::id(), patient, now_ms - DAY, id_of(team, "nurse"), *note];
        tx.run("INSERT INTO note (id, patient_id, at_ms, staff_id, text) VALUES ($1, $2, $3, $4, $5)", values)
            .await
            .map_err(said)?;
        tx.commit_by_machine().await.map_err(said)?;
    }
    // Everybody who is plugged in tells once more, so that the board begins with today's word.
    let offset_min = i16::try_from((app.local(now_ms).0 - now_ms) / 60_000).unwrap_or(0);
    let told = tokio::task::spawn_blocking(move || {
        let mut documents = Vec::new();
        for bed in beds.iter_mut().filter(|bed| bed.is_plugged()) {
            documents.push(bed.interrogates(offset_min)?);
        }
        Ok::<_, String>((beds, documents))
    });
    let (beds, documents) = told.await.map_err(|why| why.to_string())??;
    for document in documents {
        clinic::told::take(app, &document).await.map_err(|why| why.words().1)?;
    }
    Ok(beds)
}

enum Fate {
    Befalls(&'static str),
    Unplugged,
}

/// Implants a pump and enrols it with its devices.
async fn implant(app: &App, of: &WithPump, number: usize, patient: &str, born_ms: i64) -> Result<Bedside, String> {
    let said = |why: clinic::web::Problem| why.words().1;
    let folder = app.config.data.join("devices");
    let bed = {
        let local_ms = app.local(born_ms).0;
        let number = u64::try_from(number).unwrap_or(0) + 1;
        tokio::task::block_in_place(|| Bedside::implant(Path::new(&folder), number, of, born_ms, local_ms))?
    };
    let enrolled = bed.enrolment();
    let serial = enrolled.serial.to_string();
    let lot = format!("D{:04}", born_ms / DAY % 10_000);
    let mut tx = app.db.begin().await.map_err(|why| why.to_string())?;
    let udi = |kind: &str| format!("(01)00000000000000(10){lot}(21){kind}{serial}");
    let [monitor, handset] = enrolled.public;
    let all = [
        ("pump", enrolled.model.as_str(), None, Some(enrolled.journal_key.to_vec())),
        ("catheter", "Reference catheter 80 cm", None, None),
        ("monitor", "Bedside monitor", Some(monitor.to_vec()), None),
        ("handset", "Patient controller", Some(handset.to_vec()), None),
    ];
    for (kind, model, public_key, journal_key) in all {
        let entry = Entry {
            kind,
            model,
            serial: &serial,
            lot: &lot,
            udi: &udi(&kind[..1]),
            public_key,
            journal_key,
            patient: Some(patient),
        };
        devices::enter(&mut tx, born_ms, &entry).await.map_err(said)?;
    }
    if number == 0 {
        let entry = Entry {
            kind: "programmer",
            model: "Clinician programmer",
            serial: "P-1",
            lot: &lot,
            udi: "(01)00000000000000(21)P1",
            ..Entry::default()
        };
        devices::enter(&mut tx, born_ms, &entry).await.map_err(said)?;
    }
    tx.commit_by_machine().await.map_err(|why| why.to_string())?;
    Ok(bed)
}

/// The visits of a patient: two weeks after the operation, and the next refill.
async fn book(app: &App, patient: &str, nurse: &str, born_ms: i64, now_ms: i64, in_days: i64) -> Result<(), String> {
    let said = |why: clinic::db::DbError| why.to_string();
    let mut tx = app.db.begin().await.map_err(said)?;
    let review = born_ms + 14 * DAY;
    let state = if review < now_ms { "done" } else { "booked" };
    for (kind, at, state, place) in
        [("wound and pump review", review, state, "clinic"), ("refill", now_ms + in_days * DAY, "booked", "clinic")]
    {
        tx.run(
            "INSERT INTO appointment (id, patient_id, kind, at_ms, place, state, made_by, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![secret::id(), patient, kind, at, place, state, nurse, born_ms],
        )
        .await
        .map_err(said)?;
    }
    tx.commit_by_machine().await.map_err(said)
}

/// In the past the nurse answered what came up.
async fn answer_all(app: &App, nurse: &str, now_ms: i64) -> Result<(), String> {
    let said = |why: clinic::db::DbError| why.to_string();
    let mut tx = app.db.begin().await.map_err(said)?;
    let sql = "UPDATE alarm SET acknowledged_by = $1, acknowledged_ms = $2, owner_id = $1, next_rung_ms = NULL WHERE acknowledged_ms IS NULL RETURNING id";
    for row in tx.all(sql, values![nurse, now_ms]).await.map_err(said)? {
        let alarm = row.text(0).map_err(said)?;
        clinic::alarms::step(&mut tx, now_ms, &alarm, "acknowledged", Some(nurse), "by Nora Nutmeg (demo)")
            .await
            .map_err(said)?;
    }
    tx.commit_by_machine().await.map_err(said)
}

/// Opens the page where a browser is at hand; that there is none is no failure.
fn open_browser(address: &str) {
    let programs: &[&str] = if cfg!(target_os = "macos") {
        &["open"]
    } else if cfg!(windows) {
        &["explorer"]
    } else {
        &["xdg-open", "sensible-browser"]
    };
    if !cfg!(target_os = "macos")
        && !cfg!(windows)
        && std::env::var_os("DISPLAY").is_none()
        && std::env::var_os("WAYLAND_DISPLAY").is_none()
    {
        return;
    }
    for program in programs {
        let started = std::process::Command::new(program)
            .arg(address)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn();
        if started.is_ok() {
            return;
        }
    }
}
